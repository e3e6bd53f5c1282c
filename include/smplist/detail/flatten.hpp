// SPDX-License-Identifier: MIT
/// \file detail/flatten.hpp
/// Cellar. Overlapping intervals to disjoint ones: along the line, the one of the best rank wins.
#pragma once

#include <smplist/detail/rank_set.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace smplist::detail {

/// Calls `emit(first, position)` wherever the winner changes, ascending; `position` is that of the winner in `intervals`, or
/// their number where there is none. The first call is for `lowest`, if an interval does not begin there.
///
/// `intervals` ascend by first end; `ranks` gives each of them a number of its own, below their number, and of those that hold a
/// point the lowest wins; `behind(last)` is the point after a last end, which exists for all but `highest`. O(n) but for the
/// levels of a `rank_set`.
template <class Point, class Intervals, class Behind, class Emit>
void flatten(const Intervals& intervals, Point lowest, Point highest, const std::vector<std::uint32_t>& ranks, Behind behind,
             Emit emit) {
  const std::size_t none = intervals.size();
  std::vector<std::uint32_t> holder(none);  // of a rank
  for (std::size_t i = 0; i < none; ++i) holder[ranks[i]] = static_cast<std::uint32_t>(i);
  rank_set open(none);
  std::size_t next = 0;
  Point at = lowest;
  std::size_t winner = none;
  bool begun = false;
  for (;;) {
    for (; next < none && intervals[next].first == at; ++next) open.insert(ranks[next]);
    std::size_t now = none;
    while (!open.empty()) {
      const std::size_t best = open.lowest();
      now = holder[best];
      if (at <= intervals[now].last) break;
      open.erase(best);
      now = none;
    }
    if (!begun || now != winner) emit(at, now);
    winner = now;
    begun = true;
    // the winner reigns to its last end, or to the next start if that is earlier
    if (next < none && (now == none || intervals[next].first <= intervals[now].last)) at = intervals[next].first;
    else if (now == none || intervals[now].last == highest) return;
    else at = behind(intervals[now].last);
  }
}

}  // namespace smplist::detail
