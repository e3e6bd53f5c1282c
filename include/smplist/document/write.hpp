// SPDX-License-Identifier: MIT
/// \file document/write.hpp
/// Side room. Answers as JSON, byte for byte the same from C++, Python and the command line.
#pragma once

#include <smplist/analysis/finding.hpp>
#include <smplist/canonical.hpp>
#include <smplist/failover.hpp>
#include <smplist/plan.hpp>

#include <string>
#include <vector>

namespace smplist {

namespace detail {

inline void write_families(json_writer& json, const std::vector<family>& families) {
  json.begin_array();
  for (const family f : families) json.text(name(f));
  json.end_array();
}

inline void write(json_writer& json, const planned_stage& s) {
  json.begin_object();
  json.key("stage").text(name(s.stage));
  json.key("list").text(s.list);
  json.key("order").text(name(s.order));
  json.key("proxy").text_or_null(s.proxy);
  json.end_object();
}

/// The members of an attempt that say what is asked and how.
inline void write_step(json_writer& json, const attempt& a) {
  json.key("stage").text(name(a.stage));
  json.key("list").text(a.list);
  json.key("source").text(a.source);
  json.key("url").text(a.url);
  json.key("via").text_or_null(a.via);
  write_families(json.key("families"), a.families);
}

inline void write(json_writer& json, const attempt& a) {
  json.begin_object();
  write_step(json, a);
  json.key("notes").begin_array();
  for (const attempt_note note : a.notes) json.text(name(note));
  json.end_array();
  json.end_object();
}

inline void write(json_writer& json, const ignored_source& i) {
  json.begin_object();
  json.key("stage").text(name(i.stage));
  json.key("list").text(i.list);
  json.key("source").text(i.source);
  json.key("reason").text(name(i.reason));
  json.end_object();
}

inline void write(json_writer& json, const trace_step& step) {
  json.begin_object();
  json.key("clause").text(clause(step.why));
  json.key("reason").text(name(step.why));
  write_texts(json.key("about"), step.about);
  json.key("text").text(to_text(step));
  json.end_object();
}

inline void write(json_writer& json, const plan_scope& scope) {
  json.begin_object();
  json.key("first").text(scope.first.to_text());
  json.key("last").text(scope.last.to_text());
  json.key("order_varies").boolean(scope.order_varies);
  json.end_object();
}

inline void write(json_writer& json, const deciding_range& decided) {
  json.begin_object();
  json.key("list").text(decided.list);
  json.key("range").text(decided.range.to_text());
  json.key("address").text(decided.address.to_text());
  json.end_object();
}

template <class T>
void write(json_writer& json, const std::vector<T>& items) {
  json.begin_array();
  for (const T& item : items) write(json, item);
  json.end_array();
}

inline void write_client_of(json_writer& json, const plan& p) {
  json.begin_object();
  json.key("id").text_or_null(p.client_id);
  json.key("addresses").begin_array();
  for (const address a : p.client_addresses) json.text(a.to_text());
  json.end_array();
  write_families(json.key("stack"), std::optional(p.client_stack));
  json.end_object();
}

inline void write(json_writer& json, const plan& p) {
  json.begin_object();
  json.key("revision").text(p.revision);
  json.key("service").text(name(p.service));
  write_client_of(json.key("client"), p);
  json.key("location").text(name(p.location));
  json.key("outcome").text(name(p.outcome));
  write_texts(json.key("lists"), p.lists);
  json.key("decided_by");
  p.decided_by ? write(json, *p.decided_by) : json.null();
  write(json.key("stages"), p.stages);
  write(json.key("attempts"), p.attempts);
  write(json.key("ignored"), p.ignored);
  json.key("exhausted").text(name(p.exhausted));
  json.key("scope");
  p.scope ? write(json, *p.scope) : json.null();
  write(json.key("trace"), p.trace);
  json.end_object();
}

/// A client as a client document; keys with nothing to say are left out.
inline void write(json_writer& json, const client& who) {
  json.begin_object();
  if (!who.id.empty()) json.key("id").text(who.id);
  json.key("addresses").begin_array();
  for (const client_address& a : who.addresses) json.text(a.to_text());
  json.end_array();
  if (who.location) json.key("location").text(name(*who.location));
  if (!who.gateways.empty()) {
    json.key("gateways").begin_array();
    for (const gateway& g : who.gateways) write_gateway(json, g);
    json.end_array();
  }
  if (!who.reached.empty()) {
    json.key("reached").begin_array();
    for (const host_port& h : who.reached) json.text(h.to_text());
    json.end_array();
  }
  if (who.stack) write_families(json.key("stack"), who.stack);
  json.end_object();
}

inline void write(json_writer& json, const problem& p) {
  json.begin_object();
  json.key("code").text(name(p.code));
  json.key("line").number(p.line);
  json.key("column").number(p.column);
  json.key("pointer").text(p.pointer);
  json.key("reason").text(p.reason);
  json.key("advice").text(p.advice);
  json.end_object();
}

inline void write(json_writer& json, const finding_region& r) {
  json.begin_object();
  json.key("first").text(r.first.to_text());
  json.key("last").text(r.last.to_text());
  json.key("addresses").text(r.size.to_text());
  json.key("list").text_or_null(r.list);
  json.end_object();
}

inline void write(json_writer& json, const finding& f) {
  json.begin_object();
  json.key("rule").text(f.rule);
  json.key("severity").text(name(f.severity));
  json.key("pointer").text(f.pointer);
  json.key("text").text(f.text);
  json.key("fix").text(f.fix);
  json.key("list").text_or_null(f.list);
  json.key("range").text_or_null(f.range);
  json.key("addresses").text_or_null(f.addresses);
  json.key("different_outcome");
  f.different_outcome ? json.boolean(*f.different_outcome) : json.null();
  json.key("example").text_or_null(f.example);
  write(json.key("regions"), f.regions);
  json.key("region_count").number(f.region_count);
  json.key("suppressed").text_or_null(f.suppressed);
  json.end_object();
}

inline void write(json_writer& json, const source& s) {
  json.begin_object();
  json.key("name").text(s.name);
  json.key("kind").text(name(s.kind));
  json.key("host").text(s.host.to_text());
  write_families(json.key("families"), s.families);
  write_endpoint(json.key("file_reputation"), s.file_reputation);
  write_endpoint(json.key("web_reputation"), s.web_reputation);
  json.end_object();
}

inline void write(json_writer& json, const failover_record& r) {
  json.begin_object();
  json.key("identity").text(r.identity);
  json.key("via").text_or_null(r.via);
  json.key("tries").raw(std::to_string(r.tries));
  json.key("rests").raw(std::to_string(r.rests));
  json.key("due").raw(std::to_string(r.due));
  json.key("kept").boolean(r.kept);
  json.end_object();
}

inline void write(json_writer& json, const failover& f) {
  const failover_settings s = f.settings();
  json.begin_object();
  json.key("try_timeout").raw(std::to_string(s.try_timeout));
  json.key("retries").raw(std::to_string(s.retries));
  json.key("retry_gap").raw(std::to_string(s.retry_gap));
  json.key("rest").raw(std::to_string(s.rest));
  json.key("rest_max").raw(std::to_string(s.rest_max));
  json.key("location_check").raw(std::to_string(s.location_check));
  write(json.key("records"), f.records());
  json.end_object();
}

}  // namespace detail

/// One line of JSON: keys in a fixed order, `", "` and `": "` between them, as Python's `json.dumps` writes.
template <class T>
[[nodiscard]] std::string to_json(const T& answer) {
  std::string out;
  detail::json_writer json(out, detail::json_writer::spacing::one_blank);
  write(json, answer);  // found where the type of answer is written, in whatever header
  return out;
}

}  // namespace smplist
