// SPDX-License-Identifier: MIT
/// \file analysis/rules/redundant_range.hpp
/// Floor 8. Lint rule `redundant-range`.
#pragma once

#include <smplist/analysis/holdings.hpp>
#include <smplist/detail/runner_up.hpp>
#include <smplist/match.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace smplist::detail {

/// Which ranges of a family decide something and can still go, all of them together, because others of their own list take over.
class replaceable_ranges {
 public:
  /// Positions in `policy.ranges(f)`, ascending. `goes` marks those that go already: they take over from nobody.
  [[nodiscard]] static std::vector<std::size_t> find(const partition& cut, family f, std::vector<bool> goes) {
    return replaceable_ranges(cut, f).choose(std::move(goes));
  }

 private:
  replaceable_ranges(const partition& cut, family f) : ranges_(&cut.policy().ranges(f)) {
    if (!lists_overlap_themselves(cut.lists())) return;
    std::vector<std::uint32_t> order(ranges_->size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::uint32_t>(i);
    const overlap_rule rule = cut.policy().content().on_overlap;
    std::sort(order.begin(), order.end(),
              [&](std::uint32_t a, std::uint32_t b) { return decides_before(rule, (*ranges_)[a], (*ranges_)[b]); });
    std::vector<std::uint32_t> ranks(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) ranks[order[i]] = static_cast<std::uint32_t>(i);
    heirs_.resize(order.size());
    keeps_.assign(order.size(), false);
    each_runner_up(
        *ranges_, address::highest(f).bits(), ranks, [](u128 last) { return address::from_bits(last).next()->bits(); },
        [&](std::size_t winner, std::size_t second) {
          const bool own = second != ranges_->size() && (*ranges_)[second].group == (*ranges_)[winner].group;
          if (!own) keeps_[winner] = true;
          else if (heirs_[winner].empty() || heirs_[winner].back() != second) heirs_[winner].push_back(second);
        });
  }

  [[nodiscard]] bool lists_overlap_themselves(std::size_t lists) const {
    std::vector<std::optional<u128>> last(lists);
    for (const labelled_interval& i : *ranges_) {
      std::optional<u128>& end = last[i.group];
      if (end && i.first <= *end) return true;
      end = i.last;
    }
    return false;
  }

  /// Small ones go first; what takes over from one that goes has to stay.
  [[nodiscard]] std::vector<std::size_t> choose(std::vector<bool> goes) const {
    std::vector<std::size_t> candidates;
    for (std::size_t i = 0; i < heirs_.size(); ++i) {
      if (!keeps_[i] && !heirs_[i].empty()) candidates.push_back(i);
    }
    const auto length = [&](std::size_t i) { return (*ranges_)[i].last - (*ranges_)[i].first; };
    std::stable_sort(candidates.begin(), candidates.end(), [&](std::size_t a, std::size_t b) { return length(a) < length(b); });
    std::vector<bool> stays(heirs_.size());
    std::vector<std::size_t> chosen;
    for (const std::size_t i : candidates) {
      const auto& heirs = heirs_[i];
      if (stays[i] || std::any_of(heirs.begin(), heirs.end(), [&](std::size_t h) { return goes[h]; })) continue;
      for (const std::size_t h : heirs) stays[h] = true;
      goes[i] = true;
      chosen.push_back(i);
    }
    std::sort(chosen.begin(), chosen.end());
    return chosen;
  }

  const std::vector<labelled_interval>* ranges_;
  std::vector<std::vector<std::size_t>> heirs_;  // by range: who of its own list takes over from it
  std::vector<bool> keeps_;                      // somewhere nobody of its own list does
};

/// A range that its own list holds without it: all findings of this rule can be followed together, and no answer changes. [S-07]
[[nodiscard]] inline std::vector<finding> check_redundant_range(const partition& cut) {
  const policy& p = cut.policy();
  if (!cut.consults_lists()) return {};
  const deciding_ranges decide(cut);
  const asked_by_list asked(cut);
  std::vector<std::pair<std::uint32_t, std::uint32_t>> redundant;  // list, range
  for (const family f : {family::ipv4, family::ipv6}) {
    const winners there(cut, asked, f);
    const auto& ranges = p.ranges(f);
    std::vector<bool> goes(ranges.size());  // those that decide nothing
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      const bool own = there.is_alone(ranges[i].group, address::from_bits(ranges[i].first), address::from_bits(ranges[i].last));
      goes[i] = own && !decide.has(ranges[i].group, ranges[i].member);
      if (goes[i]) redundant.emplace_back(ranges[i].group, ranges[i].member);
    }
    for (const std::size_t i : replaceable_ranges::find(cut, f, std::move(goes)))
      redundant.emplace_back(ranges[i].group, ranges[i].member);
  }
  std::sort(redundant.begin(), redundant.end());
  std::vector<finding> found;
  for (const auto& [list, member] : redundant) {
    const std::string& name = p.content().lists[list].name;
    const address_range& range = p.content().lists[list].ranges[member];
    finding one =
        found_at(pointer_to_range(list, member), "other ranges of " + in_quotes(name) + " hold all of " + range.to_text());
    one.list = name;
    one.range = range.to_text();
    one.addresses = sized(range.first(), range.last()).size.to_text();
    one.different_outcome = false;
    one.example = range.first().to_text();
    found.push_back(std::move(one));
  }
  return found;
}

}  // namespace smplist::detail
