// SPDX-License-Identifier: MIT
/// \file analysis/rules/shadowed_list.hpp
/// Floor 8. Lint rule `shadowed-list`.
#pragma once

#include <smplist/analysis/holdings.hpp>

#include <set>
#include <string>
#include <vector>

namespace smplist::detail {

/// Who decides the addresses of a list, ascending by address: names of other lists, each once, at most a few.
[[nodiscard]] inline std::vector<std::string> winners_over(const winners& all, const policy& p, std::uint32_t list,
                                                           const std::vector<lost_region>& lost) {
  constexpr std::size_t enough = 5;
  std::vector<std::string> names;
  std::set<std::uint32_t> seen{list};
  for (const lost_region& region : lost) {
    if (names.size() == enough) break;
    all.each(region.first, region.last, [&](address, address, std::uint32_t winner) {
      if (winner != no_list && seen.insert(winner).second) names.push_back(in_quotes(p.content().lists[winner].name));
      return names.size() < enough;
    });
  }
  return names;
}

/// A custom list all of whose addresses are decided by others, by all of them together. [S-44]
[[nodiscard]] inline std::vector<finding> check_shadowed_list(const partition& cut) {
  const policy& p = cut.policy();
  if (!cut.consults_lists()) return {};
  const deciding_ranges decide(cut);
  std::vector<std::uint32_t> shadowed;
  for (std::uint32_t i = 0; i < cut.lists(); ++i) {
    if (!p.content().lists[i].ranges.empty() && !decide.has_any(i)) shadowed.push_back(i);
  }
  if (shadowed.empty()) return {};
  asked_by_list asked(cut);
  std::vector<finding> found;
  const std::vector<std::vector<lost_region>> lost[] = {lost_by_list(cut, family::ipv4), lost_by_list(cut, family::ipv6)};
  const winners all[] = {winners(cut, asked, family::ipv4), winners(cut, asked, family::ipv6)};
  for (const std::uint32_t i : shadowed) {
    const source_list& list = p.content().lists[i];
    std::vector<std::string> names;
    address_count size;
    asked.learn(i);
    bool differ = false;
    for (const family f : {family::ipv4, family::ipv6}) {
      const auto slot = static_cast<std::size_t>(f);
      for (const lost_region& r : lost[slot][i]) size = size + sized(r.first, r.last).size;
      for (std::string& name : winners_over(all[slot], p, i, lost[slot][i])) {
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
      }
      for (const lost_region& r : lost[slot][i]) differ = differ || all[slot].differ_from(i, r.first, r.last);
    }
    finding one = found_at(pointer_to_list(i), "nobody ever gets the list " + in_quotes(list.name) + ": all of its " +
                                                   counted(size) + " go to " + some_of(names));
    one.fix = way_to_win(p.content().on_overlap, "it", "it");
    one.list = list.name;
    one.addresses = size.to_text();
    one.different_outcome = differ;
    one.example = list.ranges.front().first().to_text();
    found.push_back(std::move(one));
  }
  return found;
}

}  // namespace smplist::detail
