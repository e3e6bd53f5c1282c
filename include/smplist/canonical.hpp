// SPDX-License-Identifier: MIT
/// \file canonical.hpp
/// Floor 5. The canonical form of a policy: the bytes whose SHA-256 is the revision. [S-82]
#pragma once

#include <smplist/detail/json_writer.hpp>
#include <smplist/detail/overload.hpp>
#include <smplist/draft.hpp>

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

namespace smplist::detail {

// Every function writes one value; keys stand in ascending order, as the form demands.

inline void write_families(json_writer& json, const std::optional<family_set>& families) {
  if (!families) return json.null();
  json.begin_array();
  for (const family f : {family::ipv4, family::ipv6}) {
    if (families->contains(f)) json.text(name(f));
  }
  json.end_array();
}

inline void write_texts(json_writer& json, const std::vector<std::string>& texts) {
  json.begin_array();
  for (const std::string& text : texts) json.text(text);
  json.end_array();
}

inline void write_endpoint(json_writer& json, const std::optional<endpoint>& where) {
  if (!where) return json.null();
  json.begin_object();
  json.key("port").number(where->port);
  json.key("scheme").text(name(where->scheme));
  json.end_object();
}

inline void write_proxy(json_writer& json, const std::optional<proxy>& through) {
  if (!through) return json.null();
  json.begin_object();
  json.key("converts").boolean(through->converts);
  write_families(json.key("families"), through->families);
  json.key("host").text(through->host.to_text());
  // only if stated: policies without it keep their revisions
  if (through->leaves_on) write_families(json.key("leaves_on"), through->leaves_on);
  json.key("password").text_or_null(through->password ? through->password->to_text() : "");
  json.key("port").number(through->port);
  json.key("user").text_or_null(through->user.value_or(""));
  json.end_object();
}

inline void write_source(json_writer& json, const source& s) {
  json.begin_object();
  write_families(json.key("families"), s.families);
  write_endpoint(json.key("file_reputation"), s.file_reputation);
  json.key("host").text(s.host.to_text());
  json.key("kind").text(name(s.kind));
  write_endpoint(json.key("web_reputation"), s.web_reputation);
  json.end_object();
}

inline void write_custom_list(json_writer& json, const source_list& list) {
  json.begin_object();
  json.key("name").text(list.name);
  json.key("order").text(name(list.order));
  write_proxy(json.key("proxy"), list.proxy);
  json.key("ranges").begin_array();
  for (const address_range& range : list.ranges) json.text(range.to_text());
  json.end_array();
  write_texts(json.key("sources"), list.sources);
  json.end_object();
}

inline void write_gateway(json_writer& json, const gateway& g) {
  json.begin_object();
  json.key("address").text(g.address.to_text());
  json.key("mac").text_or_null(g.mac ? g.mac->to_text() : "");
  json.end_object();
}

inline void write_server(json_writer& json, const reference_server& server) {
  json.begin_object();
  json.key("host").text(server.host.to_text());
  json.key("ports").begin_array();
  for (const std::uint16_t port : server.ports) json.number(port);
  json.end_array();
  json.end_object();
}

inline void write_location(json_writer& json, const location_criterion& criterion) {
  json.begin_object();
  json.key("criterion").text(name(static_cast<criterion_kind>(criterion.index())));
  std::visit(overload{[&](const gateway_criterion& c) {
                        json.key("gateways").begin_array();
                        for (const gateway& g : c.gateways) write_gateway(json, g);
                        json.end_array();
                      },
                      [&](const connection_criterion& c) {
                        json.key("management_server");
                        c.management_server ? write_server(json, *c.management_server) : json.null();
                        json.key("reference_servers").begin_array();
                        for (const reference_server& server : c.reference_servers) write_server(json, server);
                        json.end_array();
                      }},
             criterion);
  json.end_object();
}

inline void write_internal(json_writer& json, const policy_draft& draft) {
  json.begin_object();
  json.key("custom").begin_object();
  json.key("fallback_to_standard").boolean(draft.fallback_to_standard);
  json.key("lists").begin_array();
  for (const source_list& list : draft.lists) write_custom_list(json, list);
  json.end_array();
  json.key("on_overlap").text(name(draft.on_overlap));
  json.end_object();
  json.key("mode").text(name(draft.mode));
  write_proxy(json.key("proxy"), draft.standard.proxy);
  json.key("standard").begin_object();
  json.key("order").text(name(draft.standard.order));
  write_texts(json.key("sources"), draft.standard.sources);
  json.end_object();
  json.key("web_reputation_to_servers").boolean(draft.web_reputation_to_servers);
  json.end_object();
}

inline void write_sources(json_writer& json, const policy_draft& draft) {
  std::vector<const source*> sorted;
  sorted.reserve(draft.sources.size());
  for (const source& s : draft.sources) sorted.push_back(&s);
  // bytes of UTF-8 sort like code points
  std::sort(sorted.begin(), sorted.end(), [](const source* a, const source* b) { return a->name < b->name; });
  json.begin_object();
  for (const source* s : sorted) write_source(json.key(s->name), *s);
  json.end_object();
}

inline void write_suppression(json_writer& json, const suppression& s) {
  json.begin_object();
  json.key("list").text_or_null(s.list);
  json.key("reason").text(s.reason);
  json.key("rule").text(s.rule);
  json.key("source").text_or_null(s.source);
  json.key("until").text(s.until.to_text());
  json.end_object();
}

/// Written only if there is something to write: policies without suppressions keep their revisions.
inline void write_lint(json_writer& json, const std::vector<suppression>& suppressions) {
  if (suppressions.empty()) return;
  json.key("lint").begin_object();
  json.key("suppress").begin_array();
  for (const suppression& s : suppressions) write_suppression(json, s);
  json.end_array();
  json.end_object();
}

/// The canonical bytes of a checked draft. [S-82]
[[nodiscard]] inline std::string canonical_text(const policy_draft& draft) {
  std::string out;
  json_writer json(out);
  json.begin_object();
  json.key("allow_web_reputation_https").boolean(draft.allow_web_reputation_https);
  write_internal(json.key("internal"), draft);
  json.key("ip_preference").text(name(draft.ip_preference));
  write_lint(json, draft.suppressions);
  write_location(json.key("location"), draft.criterion);
  json.key("network").begin_object();
  json.key("order").text(name(draft.network.order));
  write_proxy(json.key("proxy"), draft.network.proxy);
  write_texts(json.key("sources"), draft.network.sources);
  json.end_object();
  json.key("network_fallback").begin_object();
  json.key("file_reputation").boolean(draft.file_reputation_falls_back);
  json.key("web_reputation").boolean(draft.web_reputation_falls_back);
  json.end_object();
  json.key("profile").text(name(draft.profile));
  json.key("schema").text("smplist/1");
  write_sources(json.key("sources"), draft);
  json.key("title").text(draft.title);
  json.end_object();
  return out;
}

}  // namespace smplist::detail
