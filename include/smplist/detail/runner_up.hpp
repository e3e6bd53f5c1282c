// SPDX-License-Identifier: MIT
/// \file detail/runner_up.hpp
/// Cellar. Overlapping intervals along the line: of those that hold a point the one that wins, and the one that would if it were gone.
#pragma once

#include <smplist/detail/rank_set.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace smplist::detail {

/// Calls `emit(winner, second)` for each run of points, positions in `intervals`, or their number where there is none.
/// Arguments as for `flatten`. At most 2n runs for n intervals; O(n) but for the levels of a `rank_set`.
template <class Point, class Intervals, class Behind, class Emit>
void each_runner_up(const Intervals& intervals, Point highest, const std::vector<std::uint32_t>& ranks, Behind behind,
                    Emit emit) {
  const std::size_t none = intervals.size();
  if (none == 0) return;
  std::vector<std::uint32_t> holder(none);  // of a rank
  for (std::size_t i = 0; i < none; ++i) holder[ranks[i]] = static_cast<std::uint32_t>(i);
  rank_set open(none);
  Point at = intervals[0].first;
  const auto lowest_alive = [&] {
    while (!open.empty()) {
      const std::size_t best = open.lowest();
      if (at <= intervals[holder[best]].last) return static_cast<std::size_t>(holder[best]);
      open.erase(best);
    }
    return none;
  };
  for (std::size_t next = 0;;) {
    for (; next < none && intervals[next].first == at; ++next) open.insert(ranks[next]);
    const std::size_t winner = lowest_alive();
    std::size_t second = none;
    if (winner != none) {
      open.erase(ranks[winner]);
      second = lowest_alive();
      open.insert(ranks[winner]);
      emit(winner, second);
    }
    // both stay what they are until one of them ends or another one begins
    if (winner == none) {
      if (next == none) return;
      at = intervals[next].first;
      continue;
    }
    const Point last = second == none ? intervals[winner].last : std::min(intervals[winner].last, intervals[second].last);
    if (next < none && intervals[next].first <= last) at = intervals[next].first;
    else if (last == highest) return;
    else at = behind(last);
  }
}

}  // namespace smplist::detail
