// SPDX-License-Identifier: MIT
/// \file evaluation.hpp
/// Floor 6. One evaluation, step by step: everything of a plan but its scope.
#pragma once

#include <smplist/match.hpp>
#include <smplist/plan.hpp>
#include <smplist/route.hpp>

#include <set>
#include <utility>
#include <vector>

namespace smplist {

namespace detail {

/// One evaluation on its way: what has been found so far stands in the plan. Each step is a clause or a few.
class evaluation {
 public:
  evaluation(const policy& p, const client& who, service what, const facts& given)
      : policy_(&p), draft_(&p.content()), client_(&who), given_(&given), key_(random_key(who)) {
    plan_.revision = p.revision();
    plan_.service = what;
    plan_.client_id = who.id;
    for (const client_address& a : who.addresses) plan_.client_addresses.push_back(a.value);
    plan_.client_stack = who.families();
  }

  /// Everything but the scope.
  [[nodiscard]] plan run() {
    for (const client_address& a : client_->addresses) {
      if (!a.zone.empty()) say(reason::zone_dropped, {a.value.to_text(), a.zone});
    }
    locate();
    find_families();
    choose_lists();
    for (const auto& [kind, list] : lists_) walk(kind, *list);
    plan_.outcome = outcome_of_plan();
    plan_.exhausted = plan_.service == service::file_reputation ? exhausted_action::allow_and_rescan  // [S-66]
                                                                : exhausted_action::local_lists_only;
    return std::move(plan_);
  }

  /// Orders by this key and not by the client's own: for a client that has moved. [S-62]
  void keep_key(std::uint64_t key) noexcept { key_ = key; }

 private:
  void say(reason why, std::vector<std::string> about = {}) { plan_.trace.push_back({why, std::move(about)}); }

  // [S-30] [S-31] [S-32] [S-33]
  void locate() {
    if (client_->location) {
      plan_.location = *client_->location;
      return say(reason::location_declared, {std::string(name(plan_.location))});
    }
    const location_verdict verdict = std::visit([&](const auto& c) { return c.judge(*client_); }, draft_->criterion);
    plan_.location = verdict.found == evidence::matches ? location::internal : location::external;
    if (verdict.found == evidence::none) return say(reason::no_location_evidence);
    const bool matches = verdict.found == evidence::matches;
    const reason why = std::visit(
        overload{[&](const gateway_criterion&) { return matches ? reason::gateway_matched : reason::gateway_not_matched; },
                 [&](const connection_criterion&) { return matches ? reason::server_reached : reason::server_not_reached; }},
        draft_->criterion);
    matches ? say(why, {verdict.by}) : say(why);
  }

  // [S-50]
  void find_families() {
    families_ = preferred_families(plan_.client_stack, draft_->ip_preference);
    if (families_.empty()) return say(reason::no_usable_address);
    std::vector<std::string> words;
    for (const family f : families_) words.emplace_back(name(f));
    say(reason::client_families, std::move(words));
  }

  // [S-40] to [S-47]
  void choose_lists() {
    if (plan_.location == location::external) return only_network(reason::external_client);
    if (plan_.service == service::web_reputation && !draft_->web_reputation_to_servers) {
      return only_network(reason::web_reputation_to_network);
    }
    if (draft_->nothing_configured()) return only_network(reason::no_sources_configured);
    if (draft_->mode == list_mode::standard) {
      say(reason::standard_list_for_all);
      add_stage(stage::standard_list, draft_->standard);
    } else {
      choose_custom_list();
      if (draft_->fallback_to_standard) {
        say(reason::standard_list_as_fallback);
        add_stage(stage::fallback_standard, draft_->standard);
      }
    }
    if (draft_->falls_back_to_network(plan_.service)) {
      say(reason::network_as_fallback);
      add_stage(stage::network, draft_->network);
    }
  }

  void only_network(reason why) {
    say(why);
    add_stage(stage::network, draft_->network);
  }

  // [S-43] [S-44] [S-45]
  void choose_custom_list() {
    const list_match match = match_lists(*policy_, draft_->on_overlap, plan_.client_addresses);
    if (!match.chosen) return say(reason::no_custom_list_matches);
    const source_list& list = draft_->lists[match.chosen->held.group];
    const address_range& range = list.ranges[match.chosen->held.member];
    plan_.decided_by = deciding_range{list.name, range, match.chosen->by};
    plan_.lists.push_back(list.name);
    for (const std::size_t other : match.lists) {
      if (other != match.chosen->held.group) plan_.lists.push_back(draft_->lists[other].name);
    }
    say(reason::custom_list_matched, {list.name, range.to_text(), match.chosen->by.to_text()});
    if (plan_.lists.size() > 1) {
      std::vector<std::string> about = plan_.lists;
      about.front() = name(draft_->on_overlap);
      say(reason::overlap_resolved, std::move(about));
    }
    add_stage(stage::custom_list, list);
  }

  void add_stage(stage kind, const source_list& list) {
    lists_.emplace_back(kind, &list);
    plan_.stages.push_back({kind, list.name, list.order, list.proxy ? list.proxy->to_text() : std::string()});
  }

  // [S-20] [S-21] [S-22]: order first, filter after
  void walk(stage kind, const source_list& list) {
    switch (list.order) {
      case order::ordered: say(reason::as_written, {list.name}); break;
      case order::random:
        say(reason::random_order, {list.name, !client_->id.empty() ? "id" : client_->addresses.empty() ? "nothing" : "address"});
        break;
    }
    std::vector<const source*> sources;
    std::vector<std::string> identities;
    for (const std::string& name : list.sources) {
      sources.push_back(policy_->find_source(name));
      identities.push_back(sources.back()->identity(plan_.service));
    }
    for (const std::size_t i : arrange(list.order, identities, key_, given_->epoch))
      try_source(kind, list, *sources[i], identities[i]);
  }

  // [S-53] [S-63]
  void try_source(stage kind, const source_list& list, const source& s, const std::string& identity) {
    const auto ignore = [&](reason why) { plan_.ignored.push_back({kind, list.name, s.name, why}); };
    if (!s.at(plan_.service)) return ignore(reason::service_not_offered);
    route way = find_route(list, s);
    if (way.families.empty()) return ignore(way.why_not);
    std::string via = list.proxy ? list.proxy->to_text() : std::string();
    if (!asked_.emplace(identity, via).second) return ignore(reason::already_listed);
    attempt step{kind, list.name, s.name, identity, s.url(plan_.service), std::move(via), std::move(way.families)};
    if (way.family_unknown) step.notes.push_back(attempt_note::family_unknown);
    plan_.attempts.push_back(std::move(step));
  }

  // [S-23]: the stage's own proxy or none
  [[nodiscard]] route find_route(const source_list& list, const source& s) const {
    const known_families source = families_of(s.families, s.host, *given_);
    if (!list.proxy) return direct_route(families_, source);
    return proxied_route(families_, *list.proxy, source, *given_);
  }

  // [S-64]
  [[nodiscard]] outcome outcome_of_plan() const {
    if (!plan_.attempts.empty()) return static_cast<outcome>(plan_.attempts.front().stage);
    return plan_.stages.empty() ? outcome::no_list : outcome::none_reachable;
  }

  const policy* policy_;
  const policy_draft* draft_;
  const client* client_;
  const facts* given_;
  std::uint64_t key_;
  std::vector<family> families_;                             // preferred first
  std::vector<std::pair<stage, const source_list*>> lists_;  // of the stages
  std::set<std::pair<std::string, std::string>> asked_;      // identity and proxy
  plan plan_;
};

}  // namespace detail

}  // namespace smplist
