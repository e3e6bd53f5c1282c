// SPDX-License-Identifier: MIT
// Ambiguity by brute force: at every toy address, what the plain engine says under each reading.
#pragma once

#include "universe.hpp"

#include <smplist/analysis/ambiguity.hpp>

#include <array>
#include <string>
#include <vector>

namespace universe {

using readings = std::vector<answer>;

/// The region of a rule and service that holds an address, if there is one.
inline const ambiguous_region* region_at(const ambiguity& found, unstated_rule rule, service what, address a) {
  for (const ambiguous_region& r : found.regions) {
    if (r.rule == rule && r.service == what && r.first.family() == a.family() && r.first <= a && a <= r.last) return &r;
  }
  return nullptr;
}

/// Empty if a region says what the readings say, or there is none and they agree.
inline std::string compare_readings(const ambiguity& found, unstated_rule rule, service what, address a, const readings& said) {
  bool differ = false;
  for (const answer& one : said) differ = differ || one != said.front();
  const ambiguous_region* const region = region_at(found, rule, what, a);
  const std::string where = std::string(name(rule)) + " " + std::string(name(what)) + " at " + a.to_text();
  if ((region != nullptr) != differ) return where + (differ ? ": not found" : ": a false alarm");
  if (!differ) return {};
  for (std::size_t i = 0; i < said.size(); ++i) {
    if (found.answers[region->readings[i]] != said[i]) return where + ": another answer";
  }
  return {};
}

inline policy_draft with_rule(policy_draft draft, overlap_rule rule) {
  draft.on_overlap = rule;
  return draft;
}
inline policy_draft with_fallback(policy_draft draft, bool standard) {
  draft.fallback_to_standard = standard;
  return draft;
}

/// A random policy; the first difference, or nothing.
inline std::string check_ambiguity(generate::dice& d) {
  const policy_draft draft = generate::draft(d);
  const policy p = policy::make(draft).value();
  const ambiguity found = find_ambiguity(p);
  std::vector<policy> rules;
  for (const overlap_rule rule : {overlap_rule::first, overlap_rule::last, overlap_rule::most_specific})
    rules.push_back(policy::make(with_rule(p.content(), rule)).value());
  const policy fallbacks[] = {policy::make(with_fallback(p.content(), true)).value(),
                              policy::make(with_fallback(p.content(), false)).value()};
  for (const family f : {family::ipv4, family::ipv6}) {
    for (const address a : addresses(f)) {
      for (const service what : all_services) {
        const client who = at({a}, location::internal);
        readings by_rule;
        for (const policy& one : rules) by_rule.push_back(ask(one, who, what));
        std::string wrong = compare_readings(found, unstated_rule::overlap, what, a, by_rule);
        const bool held = !detail::match_lists(p, draft.on_overlap, {a}).lists.empty();
        readings by_match = {ask(fallbacks[0], who, what)};
        if (!held) by_match.push_back(ask(fallbacks[1], who, what));
        if (wrong.empty()) wrong = compare_readings(found, unstated_rule::no_match, what, a, by_match);
        if (!wrong.empty()) return wrong + "\n" + p.canonical();
      }
    }
  }
  return {};
}

}  // namespace universe
