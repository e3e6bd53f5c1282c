// SPDX-License-Identifier: MIT
/// \file compile/builder.hpp
/// Floor 7. From a view to a plan that stands by itself: names, trace and scope, as the plain engine gives them. [S-67]
#pragma once

#include <smplist/compile/view.hpp>
#include <smplist/detail/overload.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace smplist {

/// Builds one plan. Allocates; the view itself never does.
class plan_builder {
 public:
  explicit plan_builder(const plan_view& view) : view_(&view), flat_(view.flat_), client_(view.located_.who) {}

  [[nodiscard]] plan run() {
    plan_.revision = view_->revision();
    plan_.service = view_->service();
    plan_.client_id = client_->id;
    for (const client_address& a : client_->addresses) plan_.client_addresses.push_back(a.value);
    plan_.client_stack = client_->families();
    plan_.location = view_->location();
    plan_.outcome = view_->outcome();
    plan_.exhausted = view_->exhausted();
    for (const client_address& a : client_->addresses) {
      if (!a.zone.empty()) say(reason::zone_dropped, {a.value.to_text(), a.zone});
    }
    say_location();
    say_families();
    say_lists();
    add_stages();
    plan_.scope = find_scope();
    return std::move(plan_);
  }

 private:
  void say(reason why, std::vector<std::string> about = {}) { plan_.trace.push_back({why, std::move(about)}); }

  void say_location() {
    const detail::located_client& located = view_->located_;
    switch (located.why) {
      case reason::location_declared: return say(located.why, {std::string(name(located.location))});
      case reason::gateway_matched: return say(located.why, {client_->gateways[located.by].address.to_text()});
      case reason::server_reached: return say(located.why, {client_->reached[located.by].to_text()});
      default: return say(located.why);
    }
  }

  void say_families() {
    const auto families = detail::preferred_families(plan_.client_stack, static_cast<ip_preference>(flat_->settings.preference));
    if (families.empty()) return say(reason::no_usable_address);
    std::vector<std::string> words;
    words.reserve(families.size());
    for (const family f : families) words.emplace_back(name(f));
    say(reason::client_families, std::move(words));
  }

  // [S-40] to [S-47]: the trace of what `compiled_policy::choose_chain` decided
  void say_lists() {
    const detail::flat_settings& s = flat_->settings;
    if (view_->chain_ == flat_->network_chain()) {
      if (view_->location() == location::external) return say(reason::external_client);
      if (view_->service() == service::web_reputation && s.web_to_servers == 0) return say(reason::web_reputation_to_network);
      return say(reason::no_sources_configured);
    }
    if (view_->chain_ == flat_->standard_chain()) {
      say(reason::standard_list_for_all);
    } else {
      consulted_ = true;
      say_custom_list();
      if (s.fallback_to_standard != 0) say(reason::standard_list_as_fallback);
    }
    const bool to_network = view_->service() == service::file_reputation ? s.file_falls_back != 0 : s.web_falls_back != 0;
    if (to_network) say(reason::network_as_fallback);
  }

  [[nodiscard]] overlap_rule rule() const noexcept { return static_cast<overlap_rule>(flat_->settings.on_overlap); }
  [[nodiscard]] std::string list_name(std::size_t i) const { return std::string(flat_->list_name(i)); }

  void say_custom_list() {
    match_ = detail::match_lists(*flat_, rule(), plan_.client_addresses);
    if (!match_.chosen) return say(reason::no_custom_list_matches);
    const std::size_t chosen = match_.chosen->held.group;
    const address_range range = match_.chosen->range();
    plan_.decided_by = deciding_range{list_name(chosen), range, match_.chosen->by};
    plan_.lists.push_back(list_name(chosen));
    for (const std::size_t other : match_.lists) {
      if (other != chosen) plan_.lists.push_back(list_name(other));
    }
    say(reason::custom_list_matched, {list_name(chosen), range.to_text(), match_.chosen->by.to_text()});
    if (plan_.lists.size() == 1) return;
    std::vector<std::string> about = plan_.lists;
    about.front() = name(rule());
    say(reason::overlap_resolved, std::move(about));
  }

  void add_stages() {
    for (std::size_t i = 0; i < flat_->stage_count(view_->chain_, view_->service()); ++i) {
      const auto s = flat_->stage(view_->chain_, view_->service(), view_->stack_, i);
      const std::string list = list_name(s.list);
      plan_.stages.push_back({s.stage, list, flat_->list_order(s.list), std::string(flat_->list_proxy(s.list))});
      const char* const key = !client_->id.empty() ? "id" : client_->addresses.empty() ? "nothing" : "address";
      if (flat_->list_order(s.list) == order::random) say(reason::random_order, {list, key});
      else say(reason::as_written, {list});
    }
    view_->each_source([&](const detail::flat_policy::stage_record& s, std::uint32_t source, std::uint8_t status) {
      add_source(s, source, status);
      return true;
    });
  }

  void add_source(const detail::flat_policy::stage_record& s, std::uint32_t source, std::uint8_t status) {
    const std::string who(flat_->source_name(source));
    if ((status & detail::status_attempt) == 0) {
      plan_.ignored.push_back({s.stage, list_name(s.list), who, detail::ignored_reason(status)});
      return;
    }
    const service what = view_->service();
    const detail::hop_families hops = detail::hops_of(status);
    attempt step{s.stage,
                 list_name(s.list),
                 who,
                 std::string(flat_->identity(source, what)),
                 std::string(flat_->url(source, what)),
                 std::string(flat_->list_proxy(s.list)),
                 {hops.value.begin(), hops.value.begin() + static_cast<std::ptrdiff_t>(hops.count)}};
    if ((status & detail::status_unknown) != 0) step.notes.push_back(attempt_note::family_unknown);
    plan_.attempts.push_back(std::move(step));
  }

  // -- the scope [S-62]
  [[nodiscard]] std::optional<plan_scope> find_scope() const {
    const std::optional<address> first = client_->first_address();
    if (!first) return std::nullopt;
    const address deciding = plan_.decided_by ? plan_.decided_by->address : *first;
    detail::plan_cell cell = cell_of(deciding);
    const address_pair found{grow_down(deciding, cell.first), grow_up(deciding, cell.last)};
    return plan_scope{found.first, found.second, order_varies()};
  }
  using address_pair = std::pair<address, address>;

  [[nodiscard]] address grow_down(address deciding, address low) const {
    while (const auto below = low.previous()) {
      if (!same_at(deciding, *below)) break;
      low = cell_of(*below).first;
    }
    return low;
  }
  [[nodiscard]] address grow_up(address deciding, address high) const {
    while (const auto above = high.next()) {
      if (!same_at(deciding, *above)) break;
      high = cell_of(*above).last;
    }
    return high;
  }

  /// The addresses around `a` between which nothing can change.
  [[nodiscard]] detail::plan_cell cell_of(address a) const {
    detail::plan_cell cell{address::lowest(a.family()), address::highest(a.family())};
    if (!client_->stack) detail::narrow_to_special(cell, a);
    if (consulted_) flat_->narrow_to_cell(cell, a);
    return cell;
  }

  /// Would the client with `a` in place of the deciding address get the same plan?
  [[nodiscard]] bool same_at(address deciding, address a) const {
    client moved;
    moved.stack = client_->stack;
    std::vector<address> addresses;
    for (const client_address& had : client_->addresses) {
      const address now = had.value == deciding ? a : had.value;
      addresses.push_back(now);
      moved.addresses.emplace_back(now);
    }
    if (consulted_) {
      const detail::list_match match = detail::match_lists(*flat_, rule(), addresses);
      if (match.lists != match_.lists || match.chosen.has_value() != match_.chosen.has_value()) return false;
      if (match.chosen &&
          (match.chosen->held.group != match_.chosen->held.group || match.chosen->held.member != match_.chosen->held.member))
        return false;
    }
    return flat_->same_answers(view_->chain_, view_->service(), view_->stack_, detail::stack_number(moved.families()));
  }

  [[nodiscard]] bool order_varies() const {
    if (!client_->id.empty()) return false;
    for (std::size_t i = 0; i < flat_->stage_count(view_->chain_, view_->service()); ++i) {
      const auto s = flat_->stage(view_->chain_, view_->service(), view_->stack_, i);
      if (flat_->list_order(s.list) != order::random) continue;
      const auto ranked = std::count_if(s.statuses, s.statuses + flat_->source_count(s.list), [](std::byte b) {
        const auto status = static_cast<std::uint8_t>(b);
        return (status & detail::status_attempt) != 0 || detail::ignored_reason(status) != reason::service_not_offered;
      });
      if (ranked >= 2) return true;
    }
    return false;
  }

  const plan_view* view_;
  const detail::flat_policy* flat_;
  const client* client_;
  detail::list_match match_;
  bool consulted_ = false;
  plan plan_;
};

inline plan plan_view::to_plan() const { return plan_builder(*this).run(); }

}  // namespace smplist
