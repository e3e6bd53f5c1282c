// SPDX-License-Identifier: MIT
/// \file document/read_plan.hpp
/// Side room. A plan from its own JSON, so that plans can be kept, sent and pickled.
#pragma once

#include <smplist/document/reader.hpp>
#include <smplist/plan.hpp>

#include <string>
#include <utility>

namespace smplist {

namespace detail {

/// Every key must be there, in the shape that `to_json` writes.
class plan_reader {
 public:
  [[nodiscard]] result<plan, problems> read(const document_node& root) {
    const located top{&root, ""};
    plan p;
    if (!in_.expect_object(top, {"revision", "service", "client", "location", "outcome", "lists", "decided_by", "stages",
                                 "attempts", "ignored", "exhausted", "scope", "trace"})) {
      return std::move(in_.found());
    }
    p.revision = text_of(top, "revision");
    word_of(top, "service", p.service);
    if (const auto at = in_.require(top, "client")) read_client_of(*at, p);
    word_of(top, "location", p.location);
    word_of(top, "outcome", p.outcome);
    p.lists = texts_of(top, "lists");
    if (const auto at = in_.find(top, "decided_by")) read_decided(*at, p);
    each(top, "stages", [&](const located& at) { p.stages.push_back(read_stage(at)); });
    each(top, "attempts", [&](const located& at) { p.attempts.push_back(read_attempt(at, p.service)); });
    each(top, "ignored", [&](const located& at) { p.ignored.push_back(read_ignored(at)); });
    word_of(top, "exhausted", p.exhausted);
    if (const auto at = in_.find(top, "scope")) read_scope(*at, p);
    each(top, "trace", [&](const located& at) {
      trace_step step;
      word_of(at, "reason", step.why);
      step.about = texts_of(at, "about");
      p.trace.push_back(std::move(step));
    });
    if (!in_.found().empty()) return std::move(in_.found());
    return p;
  }

 private:
  [[nodiscard]] std::string text_of(const located& at, std::string_view key) {
    const auto value = in_.require(at, key);
    return value ? in_.text(*value).value_or("") : "";
  }
  [[nodiscard]] std::string text_or_empty(const located& at, std::string_view key) {
    const auto value = in_.find(at, key);
    return value ? in_.text(*value).value_or("") : "";
  }
  template <class Enum>
  void word_of(const located& at, std::string_view key, Enum& out) {
    if (const auto value = in_.require(at, key)) in_.word(*value, out);
  }
  template <class Each>
  void each(const located& at, std::string_view key, Each&& visit) {
    if (const auto value = in_.require(at, key)) {
      in_.elements(*value, [&](const located& item) {
        if (in_.expect(item, node_kind::object)) visit(item);
      });
    }
  }
  [[nodiscard]] std::vector<std::string> texts_of(const located& at, std::string_view key) {
    std::vector<std::string> out;
    if (const auto value = in_.require(at, key)) {
      in_.elements(*value, [&](const located& item) { out.push_back(in_.text(item).value_or("")); });
    }
    return out;
  }
  [[nodiscard]] address address_of(const located& at, std::string_view key) {
    const auto value = in_.require(at, key);
    return value ? in_.parsed<address>(*value).value_or(address()) : address();
  }

  void read_client_of(const located& at, plan& p) {
    if (!in_.expect_object(at, {"id", "addresses", "stack"})) return;
    p.client_id = text_or_empty(at, "id");
    if (const auto value = in_.require(at, "addresses")) {
      in_.elements(*value,
                   [&](const located& item) { p.client_addresses.push_back(in_.parsed<address>(item).value_or(address())); });
    }
    if (const auto value = in_.require(at, "stack"); value && !value->node->members.empty()) {
      p.client_stack = in_.families(*value).value_or(family_set());
    }
  }

  void read_decided(const located& at, plan& p) {
    if (!in_.expect_object(at, {"list", "range", "address"})) return;
    const auto value = in_.require(at, "range");
    const auto range = value ? in_.parsed<address_range>(*value) : std::nullopt;
    if (range) p.decided_by = deciding_range{text_of(at, "list"), *range, address_of(at, "address")};
  }

  [[nodiscard]] planned_stage read_stage(const located& at) {
    planned_stage s;
    word_of(at, "stage", s.stage);
    s.list = text_of(at, "list");
    word_of(at, "order", s.order);
    s.proxy = text_or_empty(at, "proxy");
    return s;
  }

  [[nodiscard]] attempt read_attempt(const located& at, service what) {
    attempt a;
    word_of(at, "stage", a.stage);
    a.list = text_of(at, "list");
    a.source = text_of(at, "source");
    a.url = text_of(at, "url");
    a.identity = what == service::file_reputation ? a.url.substr(0, a.url.rfind('/')) : a.url;  // [S-14]
    a.via = text_or_empty(at, "via");
    if (const auto value = in_.require(at, "families")) {
      in_.elements(*value, [&](const located& item) {
        family f = family::ipv4;
        in_.word(item, f);
        a.families.push_back(f);
      });
    }
    if (const auto value = in_.require(at, "notes")) {
      in_.elements(*value, [&](const located& item) {
        attempt_note note = attempt_note::family_unknown;
        in_.word(item, note);
        a.notes.push_back(note);
      });
    }
    return a;
  }

  [[nodiscard]] ignored_source read_ignored(const located& at) {
    ignored_source i;
    word_of(at, "stage", i.stage);
    i.list = text_of(at, "list");
    i.source = text_of(at, "source");
    word_of(at, "reason", i.reason);
    return i;
  }

  void read_scope(const located& at, plan& p) {
    if (!in_.expect_object(at, {"first", "last", "order_varies"})) return;
    plan_scope scope{address_of(at, "first"), address_of(at, "last")};
    if (const auto value = in_.require(at, "order_varies")) in_.boolean(*value, scope.order_varies);
    p.scope = scope;
  }

  document_reader in_;
};

}  // namespace detail

/// A plan from the tree of its JSON: `read_plan(tree of to_json(p)) == p`.
[[nodiscard]] inline result<plan, problems> read_plan(const document_node& root) { return detail::plan_reader().read(root); }

}  // namespace smplist
