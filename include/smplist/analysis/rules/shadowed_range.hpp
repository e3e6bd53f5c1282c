// SPDX-License-Identifier: MIT
/// \file analysis/rules/shadowed_range.hpp
/// Floor 8. Lint rule `shadowed-range`.
#pragma once

#include <smplist/analysis/holdings.hpp>
#include <smplist/analysis/rules/shadowed_list.hpp>

#include <string>
#include <vector>

namespace smplist::detail {

/// A range all of whose addresses are decided by other lists, in part or all together, while its list has others that decide.
/// Ranges of a list that is shadowed whole are not reported once more, nor those that other ranges of their own list cover. [S-44]
[[nodiscard]] inline std::vector<finding> check_shadowed_range(const partition& cut) {
  const policy& p = cut.policy();
  if (!cut.consults_lists()) return {};
  const deciding_ranges decide(cut);
  const asked_by_list asked(cut);
  const winners all[] = {winners(cut, asked, family::ipv4), winners(cut, asked, family::ipv6)};
  std::vector<finding> found;
  for (std::uint32_t i = 0; i < cut.lists(); ++i) {
    const source_list& list = p.content().lists[i];
    if (!decide.has_any(i)) continue;
    for (std::size_t j = 0; j < list.ranges.size(); ++j) {
      if (decide.has(i, j)) continue;
      const address_range& range = list.ranges[j];
      const winners& there = all[static_cast<std::size_t>(range.family())];
      if (there.is_alone(i, range.first(), range.last())) continue;  // `redundant-range`
      const auto names = winners_over(there, p, i, {{range.first(), range.last()}});
      const finding_region size = sized(range.first(), range.last());
      finding one =
          found_at(pointer_to_range(i, j), "the range " + range.to_text() + " of " + in_quotes(list.name) +
                                               " decides nothing: all of its " + counted(size.size) + " go to " + some_of(names));
      one.fix = way_to_win(p.content().on_overlap, "its list", "the range");
      one.list = list.name;
      one.range = range.to_text();
      one.addresses = size.size.to_text();
      one.different_outcome = there.differ_from(i, range.first(), range.last());
      one.example = range.first().to_text();
      found.push_back(std::move(one));
    }
  }
  return found;
}

}  // namespace smplist::detail
