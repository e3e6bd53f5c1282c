// SPDX-License-Identifier: MIT
/// \file document/read_expectations.hpp
/// Side room. From a document tree to expectations, or to everything that is wrong with them. [S-80]
#pragma once

#include <smplist/analysis/expectation.hpp>
#include <smplist/document/reader.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace smplist {

namespace detail {

class expectations_reader {
 public:
  [[nodiscard]] result<std::vector<expectation>, problems> read(const document_node& root) {
    const located top{&root, ""};
    std::vector<expectation> out;
    if (!in_.expect(top, node_kind::object) || !is_our_schema(top)) return std::move(in_.found());
    in_.expect_object(top, {"schema", "title", "expectations"});
    if (const auto at = in_.find(top, "title")) static_cast<void>(in_.text(*at));
    if (const auto at = in_.require(top, "expectations")) {
      in_.elements(*at, [&](const located& item) { read_one(item, out); });
      if (at->node->kind == node_kind::array && at->node->members.empty())
        in_.report(*at->node, at->pointer, errc::empty_text, "no expectation is written", "write at least one");
    }
    if (!in_.found().empty()) return in_order();
    return out;
  }

  /// A filter by itself, as `where` has it.
  [[nodiscard]] result<client_filter, problems> read_filter(const document_node& root) {
    client_filter out;
    read_where({&root, ""}, out);
    if (!in_.found().empty()) return in_order();
    return out;
  }

 private:
  [[nodiscard]] problems in_order() {
    std::stable_sort(in_.found().begin(), in_.found().end(),
                     [](const problem& a, const problem& b) { return a.line != b.line ? a.line < b.line : a.column < b.column; });
    return std::move(in_.found());
  }

  [[nodiscard]] bool is_our_schema(const located& top) {
    const auto at = in_.require(top, "schema");
    if (!at) return true;
    if (!in_.expect(*at, node_kind::text)) return false;
    if (at->node->text == "smplist-expectations/1") return true;
    in_.report(*at->node, at->pointer, errc::wrong_schema, "unknown schema " + shown(at->node->text),
               at->node->text == "smplist/1"
                   ? "this is a policy: give the policy first, then the expectations"
                   : "write smplist-expectations/1, or use a version of smplist that knows this schema");
    return false;
  }

  void read_one(const located& at, std::vector<expectation>& out) {
    expectation e;
    e.line = at.node->line;
    if (!in_.expect_object(at, {"name", "where", "always", "never"})) return;
    if (const auto value = in_.require(at, "name")) {
      e.name = in_.text(*value).value_or("");
      if (value->node->kind == node_kind::text && !is_good_name(e.name, ""))
        in_.report(*value->node, value->pointer, errc::bad_name, "not a name: " + shown(e.name),
                   "1 to 255 bytes, no blanks at the ends");
      const auto same = [&](const expectation& other) { return other.name == e.name; };
      if (!e.name.empty() && std::any_of(out.begin(), out.end(), same))
        in_.report(*value->node, value->pointer, errc::duplicate_name, "the name " + shown(e.name) + " is taken");
    }
    if (const auto value = in_.find(at, "where")) read_where(*value, e.where);
    for (const polarity when : {polarity::always, polarity::never}) {
      if (const auto value = in_.find(at, name(when))) read_conditions(*value, when, e.conditions);
    }
    if (!in_.find(at, "always") && !in_.find(at, "never"))
      in_.report(*at.node, at.pointer, errc::missing_key, "it expects nothing", "write 'always', 'never' or both");
    out.push_back(std::move(e));
  }

  void read_where(const located& at, client_filter& out) {
    if (!in_.expect_object(at, {"addresses", "except", "match", "location", "service", "stack", "revision"})) return;
    const auto inside = in_.find(at, "addresses");
    const auto outside = in_.find(at, "except");
    if (inside) out.addresses = addresses(*inside);
    if (outside) {
      const range_set without = addresses(*outside);
      out.addresses = out.addresses ? *out.addresses - without : ~without;
    }
    if (const auto value = in_.find(at, "match")) in_.word(*value, out.match);
    if (const auto value = in_.find(at, "location")) words_of_enum(*value, out.locations);
    if (const auto value = in_.find(at, "service")) words_of_enum(*value, out.services);
    if (const auto value = in_.find(at, "stack")) words_of_enum(*value, out.stacks);
    if (const auto value = in_.find(at, "revision")) read_revision(*value, out);
  }

  void read_revision(const located& at, client_filter& out) {
    out.revision = in_.text(at).value_or("");
    const bool hex = out.revision.size() == 71 && out.revision.compare(0, 7, "sha256:") == 0 &&
                     out.revision.find_first_not_of("0123456789abcdef", 7) == std::string::npos;
    if (at.node->kind == node_kind::text && !hex)
      in_.report(*at.node, at.pointer, errc::bad_name, "not a revision: " + shown(out.revision),
                 "write sha256: and 64 digits, as `smplist explain` prints them");
  }

  [[nodiscard]] range_set addresses(const located& at) {
    std::vector<address_range> ranges;
    each_of(at, [&](const located& item) {
      if (const auto range = in_.parsed<address_range>(item)) ranges.push_back(*range);
    });
    return range_set(std::move(ranges));
  }

  template <class Enum>
  void words_of_enum(const located& at, std::vector<Enum>& out) {
    out.clear();
    each_of(at, [&](const located& item) {
      const std::size_t before = in_.found().size();
      Enum value{};
      in_.word(item, value);
      if (in_.found().size() == before && std::find(out.begin(), out.end(), value) == out.end()) out.push_back(value);
    });
    std::sort(out.begin(), out.end());
  }

  /// One value, or a list of at least one.
  template <class Each>
  void each_of(const located& at, Each&& each) {
    if (at.node->kind != node_kind::array) return each(at);
    if (at.node->members.empty())
      in_.report(*at.node, at.pointer, errc::empty_text, "the list is empty", "name one, or remove the key");
    in_.elements(at, each);
  }

  void read_conditions(const located& at, polarity when, std::vector<condition>& out) {
    if (!in_.expect_object(
            at, {"first_source", "first_kind", "first_stage", "first_list", "first_https", "first_proxy", "first_varies", "asks",
                 "asks_kind", "asks_stage", "https", "proxy", "at_least", "at_most", "outcome", "same_list"}))
      return;
    if (at.node->members.empty())
      in_.report(*at.node, at.pointer, errc::missing_key, "it expects nothing", "write a condition, or remove the key");
    for (const document_member& m : at.node->members) {
      const auto kind = from_word<condition_kind>(m.key);
      if (!kind) continue;  // reported
      condition c{when, *kind};
      read_value({&m.value, at.pointer + pointer_step(m.key)}, c);
      out.push_back(std::move(c));
    }
  }

  void read_value(const located& at, condition& c) {
    switch (form_of(c.kind)) {
      case condition_form::truth: in_.boolean(at, c.truth); return;
      case condition_form::number: read_number(at, c.number); return;
      case condition_form::names: break;
    }
    each_of(at, [&](const located& item) {
      if (c.kind == condition_kind::first_kind || c.kind == condition_kind::asks_kind) {
        if (const auto word = checked_word<source_kind>(item)) c.names.push_back(*word);
      } else if (c.kind == condition_kind::first_stage || c.kind == condition_kind::asks_stage) {
        if (const auto word = checked_word<stage>(item)) c.names.push_back(*word);
      } else if (c.kind == condition_kind::outcome) {
        if (const auto word = checked_word<outcome>(item)) c.names.push_back(*word);
      } else if (const auto text = in_.text(item)) {
        c.names.push_back(*text);
      }
    });
  }

  template <class Enum>
  [[nodiscard]] std::optional<std::string> checked_word(const located& at) {
    const std::size_t before = in_.found().size();
    Enum value{};
    in_.word(at, value);
    return in_.found().size() == before ? std::optional(std::string(name(value))) : std::nullopt;
  }

  void read_number(const located& at, std::uint32_t& out) {
    if (!in_.expect(at, node_kind::integer)) return;
    const std::string& text = at.node->text;
    const bool plain = !text.empty() && text.size() < 7 && text.find_first_not_of("0123456789") == std::string::npos;
    if (!plain) {
      in_.report(*at.node, at.pointer, errc::wrong_type, "not a number of attempts: " + shown(text),
                 "write a number from 0 to 999999");
      return;
    }
    out = 0;
    for (const char digit : text) out = out * 10 + static_cast<std::uint32_t>(digit - '0');
  }

  document_reader in_;
};

}  // namespace detail

/// Expectations from a document tree.
/// \returns them, or everything that is wrong, in the order of the document
[[nodiscard]] inline result<std::vector<expectation>, problems> read_expectations(const document_node& root) {
  return detail::expectations_reader().read(root);
}

/// What stands under `where`, by itself.
[[nodiscard]] inline result<client_filter, problems> read_client_filter(const document_node& root) {
  return detail::expectations_reader().read_filter(root);
}

}  // namespace smplist
