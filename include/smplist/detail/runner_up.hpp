// SPDX-License-Identifier: MIT
/// \file detail/runner_up.hpp
/// Cellar. Overlapping intervals along the line: of those that hold a point the one that wins, and the one that would if it were gone.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <set>
#include <iterator>
#include <set>
#include <vector>

namespace smplist::detail {

/// Calls `emit(winner, second)` for each run of points, positions in `intervals`, or their number where there is none.
///
/// `intervals` ascend by first end; `ranks` gives each of them a number of its own, below their number, and of those that hold a
/// point the lowest wins; `behind(last)` is the point after a last end, which exists for all but `highest`. At most 2n runs,
/// O(n log n).
template <class Point, class Intervals, class Behind, class Emit>
void each_runner_up(const Intervals& intervals, Point highest, const std::vector<std::uint32_t>& ranks, Behind behind,
                    Emit emit) {
  const std::size_t none = intervals.size();
  if (none == 0) return;
  std::vector<std::uint32_t> holder(none);  // of a rank
  for (std::size_t i = 0; i < none; ++i) holder[ranks[i]] = static_cast<std::uint32_t>(i);
  std::set<std::uint32_t> open;  // ranks; those that have ended are dropped when they come to the front
  Point at = intervals[0].first;
  const auto alive_from = [&](std::set<std::uint32_t>::iterator from) {
    while (from != open.end() && intervals[holder[*from]].last < at) from = open.erase(from);
    return from;
  };
  for (std::size_t next = 0;;) {
    for (; next < none && intervals[next].first == at; ++next) open.insert(ranks[next]);
    const auto first = alive_from(open.begin());
    if (first == open.end()) {
      if (next == none) return;
      at = intervals[next].first;
      continue;
    }
    const std::size_t winner = holder[*first];
    const auto other = alive_from(std::next(first));
    const std::size_t second = other == open.end() ? none : holder[*other];
    emit(winner, second);
    // both stay what they are until one of them ends or another one begins
    const Point last = second == none ? intervals[winner].last : std::min(intervals[winner].last, intervals[second].last);
    if (next < none && intervals[next].first <= last) at = intervals[next].first;
    else if (last == highest) return;
    else at = behind(last);
  }
}

}  // namespace smplist::detail
