// SPDX-License-Identifier: MIT
/// \file detail/flatten.hpp
/// Cellar. Overlapping intervals to disjoint ones: along the line, the one of the best rank wins.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <queue>
#include <vector>

namespace smplist::detail {

/// Calls `emit(first, position)` wherever the winner changes, ascending; `position` is that of the winner in `intervals`, or
/// their number where there is none. The first call is for `lowest`, if an interval does not begin there.
///
/// `intervals` ascend by first end; `better(a, b)` compares positions; `behind(last)` is the point after a last end, which
/// exists for all but `highest`. O(n log n).
template <class Point, class Intervals, class Better, class Behind, class Emit>
void flatten(const Intervals& intervals, Point lowest, Point highest, Better better, Behind behind, Emit emit) {
  const std::size_t none = intervals.size();
  const auto worse = [&](std::size_t a, std::size_t b) { return better(b, a); };
  std::priority_queue<std::size_t, std::vector<std::size_t>, decltype(worse)> open(worse);
  std::size_t next = 0;
  Point at = lowest;
  std::size_t winner = none;
  bool begun = false;
  const auto say = [&](std::size_t who) {
    if (begun && who == winner) return;
    emit(at, who);
    winner = who;
    begun = true;
  };
  for (;;) {
    for (; next < none && intervals[next].first == at; ++next) open.push(next);
    while (!open.empty() && intervals[open.top()].last < at) open.pop();
    say(open.empty() ? none : open.top());
    // the winner reigns to its last end, or to the next start if that is earlier
    const bool starts = next < none;
    if (open.empty()) {
      if (!starts) return;
      at = intervals[next].first;
      continue;
    }
    const Point last = intervals[open.top()].last;
    if (starts && intervals[next].first <= last) at = intervals[next].first;
    else if (last == highest) return;
    else at = behind(last);
  }
}

}  // namespace smplist::detail
