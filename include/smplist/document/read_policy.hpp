// SPDX-License-Identifier: MIT
/// \file document/read_policy.hpp
/// Side room. From a document tree to a policy, or to everything that is wrong with it. [S-80]
#pragma once

#include <smplist/analysis/lint.hpp>
#include <smplist/document/reader.hpp>
#include <smplist/policy.hpp>

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>

namespace smplist {

namespace detail {

class policy_reader {
 public:
  [[nodiscard]] result<policy, problems> read(const document_node& root) {
    const located top{&root, ""};
    const bool readable = in_.expect_object(top, {"schema", "title", "profile", "ip_preference", "allow_web_reputation_https",
                                                  "network_fallback", "location", "sources", "internal", "network", "lint"});
    if (!readable || !is_our_schema(top)) return std::move(in_.found());
    read_settings(top);
    if (const auto at = in_.find(top, "location")) read_location(*at);
    if (const auto at = in_.require(top, "sources")) read_sources(*at);
    if (const auto at = in_.require(top, "internal")) read_internal(*at);
    if (const auto at = in_.find(top, "network")) read_network(*at);
    if (const auto at = in_.find(top, "lint"); at && in_.expect_object(*at, {"suppress"})) read_suppressions(*at);
    auto made = policy::make(draft_);
    if (made && in_.found().empty()) return made;
    return all_problems(root, made ? problems{} : made.error());
  }

 private:
  /// A document of another schema is not judged by the rules of this one; one that names none is.
  [[nodiscard]] bool is_our_schema(const located& top) {
    const auto at = in_.require(top, "schema");
    if (!at) return true;
    if (!in_.expect(*at, node_kind::text)) return false;
    if (at->node->text == "smplist/1") return true;
    in_.report(*at->node, at->pointer, errc::wrong_schema, "unknown schema " + shown(at->node->text),
               "write smplist/1, or use a version of smplist that knows this schema");
    return false;
  }

  void read_settings(const located& top) {
    if (const auto at = in_.find(top, "profile")) in_.word(*at, draft_.profile);
    draft_ = policy_draft::with_defaults(draft_.profile);  // [S-48]
    if (const auto at = in_.find(top, "title")) draft_.title = in_.text(*at).value_or("");
    if (const auto at = in_.find(top, "ip_preference")) in_.word(*at, draft_.ip_preference);
    if (const auto at = in_.find(top, "allow_web_reputation_https")) in_.boolean(*at, draft_.allow_web_reputation_https);
    if (const auto at = in_.find(top, "network_fallback"); at && in_.expect_object(*at, {"file_reputation", "web_reputation"})) {
      if (const auto value = in_.find(*at, "file_reputation")) in_.boolean(*value, draft_.file_reputation_falls_back);
      if (const auto value = in_.find(*at, "web_reputation")) in_.boolean(*value, draft_.web_reputation_falls_back);
    }
  }

  void read_location(const located& at) {
    if (!in_.expect(at, node_kind::object)) return;
    criterion_kind kind = criterion_kind::gateway;
    const std::size_t before = in_.found().size();
    if (const auto value = in_.find(at, "criterion")) in_.word(*value, kind);
    if (in_.found().size() != before) return;  // which keys belong here depends on it
    switch (kind) {
      case criterion_kind::gateway: draft_.criterion = read_gateways(at); return;
      case criterion_kind::connection: draft_.criterion = read_servers(at); return;
    }
  }

  [[nodiscard]] gateway_criterion read_gateways(const located& at) {
    gateway_criterion criterion;
    in_.expect_object(at, {"criterion", "gateways"});
    const auto list = in_.find(at, "gateways");
    if (!list) return criterion;
    in_.elements(*list, [&](const located& item) {
      if (!in_.expect_object(item, {"address", "mac"})) return;
      gateway entry;
      const auto address_at = in_.require(item, "address");
      const auto where = address_at ? in_.parsed<address>(*address_at) : std::nullopt;
      if (const auto mac = in_.find(item, "mac")) entry.mac = in_.parsed<mac_address>(*mac);
      if (!where) return;
      entry.address = *where;
      criterion.gateways.push_back(entry);
    });
    return criterion;
  }

  [[nodiscard]] connection_criterion read_servers(const located& at) {
    connection_criterion criterion;
    in_.expect_object(at, {"criterion", "management_server", "reference_servers"});
    if (const auto value = in_.find(at, "management_server")) criterion.management_server = read_server(*value);
    if (const auto list = in_.find(at, "reference_servers")) {
      in_.elements(*list, [&](const located& item) {
        // a broken server keeps its place: later errors point at the right one
        criterion.reference_servers.push_back(read_server(item));
      });
    }
    return criterion;
  }

  [[nodiscard]] reference_server read_server(const located& at) {
    reference_server server{stand_in(), {1}};
    if (!in_.expect_object(at, {"host", "ports"})) return server;
    if (const auto value = in_.require(at, "host")) server.host = in_.parsed<host>(*value).value_or(server.host);
    const auto ports = in_.require(at, "ports");
    if (!ports || !in_.expect(*ports, node_kind::array)) return server;
    server.ports.clear();
    in_.elements(*ports, [&](const located& item) { server.ports.push_back(in_.port(item).value_or(1)); });
    return server;
  }

  void read_sources(const located& at) {
    if (!in_.expect(at, node_kind::object)) return;
    std::unordered_set<std::string_view> seen;
    for (const document_member& m : at.node->members) {
      if (!seen.insert(m.key).second) {
        in_.report_at(m.line, m.column, at.pointer + pointer_step(m.key), errc::duplicate_key,
                      "the source " + shown(m.key) + " stands twice", "rename or remove one of them");
        continue;
      }
      draft_.sources.push_back(read_source(m.key, {&m.value, at.pointer + pointer_step(m.key)}));
    }
  }

  [[nodiscard]] source read_source(const std::string& name, const located& at) {
    source s{name, source_kind::standalone, stand_in()};
    const std::size_t before = in_.found().size();
    if (in_.expect_object(at, {"kind", "host", "families", "file_reputation", "web_reputation"})) {
      if (const auto value = in_.find(at, "kind")) in_.word(*value, s.kind);
      if (const auto value = in_.require(at, "host")) s.host = in_.parsed<host>(*value).value_or(s.host);
      if (const auto value = in_.find(at, "families")) s.families = in_.families(*value);
      if (const auto value = in_.find(at, "file_reputation")) s.file_reputation = read_endpoint(*value, scheme::https);
      if (const auto value = in_.find(at, "web_reputation")) s.web_reputation = read_endpoint(*value, scheme::http);
    }
    // it may offer a service that could not be read: that it offers none would be one error too many
    const bool broken = in_.found().size() != before;
    if (broken && !s.file_reputation && !s.web_reputation) s.file_reputation = endpoint{};
    return s;
  }

  [[nodiscard]] std::optional<endpoint> read_endpoint(const located& at, scheme usual) {
    if (!in_.expect_object(at, {"scheme", "port"})) return std::nullopt;
    endpoint where{usual, 0};
    if (const auto value = in_.find(at, "scheme")) in_.word(*value, where.scheme);
    const auto port_at = in_.require(at, "port");
    const auto port = port_at ? in_.port(*port_at) : std::nullopt;
    where.port = port.value_or(stand_in_port_++);
    return where;
  }

  void read_internal(const located& at) {
    if (!in_.expect_object(at, {"mode", "web_reputation_to_servers", "proxy", "standard", "custom"})) return;
    if (const auto value = in_.require(at, "mode")) in_.word(*value, draft_.mode);
    if (const auto value = in_.find(at, "web_reputation_to_servers")) in_.boolean(*value, draft_.web_reputation_to_servers);
    if (const auto value = in_.find(at, "proxy")) draft_.standard.proxy = read_proxy(*value);
    if (const auto value = in_.find(at, "standard"); value && in_.expect_object(*value, {"order", "sources"})) {
      read_choice(*value, draft_.standard);
    }
    const auto custom = in_.find(at, "custom");
    if (!custom || !in_.expect_object(*custom, {"fallback_to_standard", "on_overlap", "lists"})) return;
    if (const auto value = in_.find(*custom, "fallback_to_standard")) in_.boolean(*value, draft_.fallback_to_standard);
    if (const auto value = in_.find(*custom, "on_overlap")) in_.word(*value, draft_.on_overlap);
    if (const auto lists = in_.find(*custom, "lists")) {
      in_.elements(*lists, [&](const located& item) { draft_.lists.push_back(read_list(item)); });
    }
  }

  void read_network(const located& at) {
    if (!in_.expect_object(at, {"order", "sources", "proxy"})) return;
    read_choice(at, draft_.network);
    if (const auto value = in_.find(at, "proxy")) draft_.network.proxy = read_proxy(*value);
  }

  void read_suppressions(const located& at) {
    const auto list = in_.find(at, "suppress");
    if (!list) return;
    in_.elements(*list, [&](const located& item) {
      const std::size_t before = in_.found().size();
      if (!in_.expect_object(item, {"rule", "list", "source", "reason", "until"})) return;
      suppression s{read_rule(item), {}, {}, {}, *date::try_parse("0001-01-01")};
      if (const auto value = in_.find(item, "list")) s.list = in_.text(*value).value_or("");
      if (const auto value = in_.find(item, "source")) s.source = in_.text(*value).value_or("");
      if (const auto value = in_.require(item, "reason")) {
        s.reason = in_.text(*value).value_or("");
        const bool blank = value->node->kind == node_kind::text && s.reason.find_first_not_of(' ') == std::string::npos;
        if (blank)
          in_.report(*value->node, value->pointer, errc::empty_text, "no reason is given", "say why nobody has to mend it");
      }
      if (const auto value = in_.require(item, "until")) s.until = in_.parsed<date>(*value).value_or(s.until);
      if (in_.found().size() == before) draft_.suppressions.push_back(std::move(s));
    });
  }

  /// The code of a lint rule; an unknown one is reported.
  [[nodiscard]] std::string read_rule(const located& item) {
    const auto at = in_.require(item, "rule");
    std::string code = at ? in_.text(*at).value_or("") : std::string();
    if (!at || at->node->kind != node_kind::text || find_rule(code) != nullptr) return code;
    const std::string near = closest_rule(code);
    in_.report(*at->node, at->pointer, errc::unknown_word, "there is no lint rule " + shown(code),
               near.empty() ? "write the code of a rule, as `smplist check` prints it" : "did you mean " + in_quotes(near) + "?");
    return code;
  }

  [[nodiscard]] source_list read_list(const located& at) {
    source_list list{"list " + std::to_string(draft_.lists.size() + 1) + " without a name"};
    if (!in_.expect_object(at, {"name", "ranges", "order", "sources", "proxy"})) return list;
    if (const auto value = in_.require(at, "name")) list.name = in_.text(*value).value_or(list.name);
    if (const auto value = in_.find(at, "ranges")) {
      in_.elements(*value, [&](const located& item) {
        if (const auto range = in_.parsed<address_range>(item)) list.ranges.push_back(*range);
      });
    }
    read_choice(at, list);
    if (const auto value = in_.find(at, "proxy")) list.proxy = read_proxy(*value);
    return list;
  }

  void read_choice(const located& at, source_list& list) {
    if (const auto value = in_.find(at, "order")) in_.word(*value, list.order);
    const auto sources = in_.find(at, "sources");
    if (!sources) return;
    in_.elements(*sources, [&](const located& item) {
      // an unreadable name is an error already: a stand-in keeps its place, so that later errors point at the right one
      list.sources.push_back(in_.text(item).value_or(""));
      if (!list.sources.back().empty()) return;
      if (item.node->kind == node_kind::text) in_.report(*item.node, item.pointer, errc::bad_name, "a source without a name");
      const host nobody = stand_in();
      list.sources.back() = nobody.to_text();
      draft_.sources.push_back({nobody.to_text(), source_kind::standalone, nobody, {}, endpoint{}});
    });
  }

  [[nodiscard]] std::optional<proxy> read_proxy(const located& at) {
    if (!in_.expect_object(at, {"host", "port", "families", "leaves_on", "converts", "user", "password"})) return std::nullopt;
    proxy p{stand_in(), 1};
    if (const auto value = in_.require(at, "host")) p.host = in_.parsed<host>(*value).value_or(p.host);
    if (const auto value = in_.require(at, "port")) p.port = in_.port(*value).value_or(1);
    if (const auto value = in_.find(at, "families")) p.families = in_.families(*value);
    if (const auto value = in_.find(at, "leaves_on")) p.leaves_on = in_.families(*value);
    if (const auto value = in_.find(at, "converts")) in_.boolean(*value, p.converts);
    if (const auto value = in_.find(at, "user")) p.user = in_.text(*value);
    if (p.user && p.user->empty()) p.user.reset();
    if (const auto value = in_.find(at, "password")) {
      const bool has_user_key = in_.find(at, "user").has_value();
      p.password = in_.parsed<password_reference>(*value);
      if (p.password && !p.user && has_user_key) p.password.reset();  // the user is the error
    }
    return p;
  }

  /// A host for a part that could not be read, unlike any other, so that it causes no error of its own.
  [[nodiscard]] host stand_in() { return *host::try_parse("unreadable-" + std::to_string(stand_ins_++) + ".invalid"); }

  /// What the reader found and what the policy as a whole has wrong, in the order of the document.
  [[nodiscard]] problems all_problems(const document_node& root, const problems& of_policy) {
    problems all = std::move(in_.found());
    for (problem p : of_policy) {
      const document_node& at = find_pointer(root, p.pointer);
      p.line = at.line;
      p.column = at.column;
      all.push_back(std::move(p));
    }
    std::stable_sort(all.begin(), all.end(),
                     [](const problem& a, const problem& b) { return a.line != b.line ? a.line < b.line : a.column < b.column; });
    return all;
  }

  document_reader in_;
  policy_draft draft_;
  std::size_t stand_ins_ = 0;
  std::uint16_t stand_in_port_ = 1;

 public:
  /// The value that a JSON Pointer leads to, or the nearest one above it.
  [[nodiscard]] static const document_node& find_pointer(const document_node& root, std::string_view pointer) {
    const document_node* node = &root;
    while (!pointer.empty()) {
      const std::size_t end = pointer.find('/', 1);
      const std::string_view step = pointer.substr(0, end);
      pointer = end == std::string_view::npos ? std::string_view() : pointer.substr(end);
      const auto& members = node->members;
      const std::size_t index = scan_decimal(step.substr(1)).value;
      const auto is_step = [&](const document_member& m) { return pointer_step(m.key) == step; };
      const auto found = node->kind == node_kind::array
                             ? members.begin() + static_cast<std::ptrdiff_t>(std::min(index, members.size()))
                             : std::find_if(members.begin(), members.end(), is_step);
      if (found == members.end()) break;
      node = &found->value;
    }
    return *node;
  }
};

}  // namespace detail

/// A policy from a document tree.
/// \returns the policy, or everything that is wrong, in the order of the document
[[nodiscard]] inline result<policy, problems> read_policy(const document_node& root) {
  return detail::policy_reader().read(root);
}

}  // namespace smplist
