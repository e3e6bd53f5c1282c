// SPDX-License-Identifier: MIT
/// \file detail/flatten.hpp
/// Cellar. Overlapping intervals to disjoint ones: along the line, the one of the best rank wins.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace smplist::detail {

/// The intervals that may still win, the lowest rank on top. All that is asked of one stands in the heap itself: looking it up
/// among millions would leave the caches.
template <class Point, class Rank>
class open_intervals {
 public:
  struct entry {
    Point last;
    Rank rank;
    std::size_t position;
  };

  [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }
  /// Of the lowest rank.
  [[nodiscard]] const entry& best() const noexcept { return heap_.front(); }

  /// Adds one that begins at the current point or behind the ones that are there.
  void add(const entry& e) {
    if (!heap_.empty() && heap_.front().rank < e.rank && e.last <= heap_.front().last) return;  // it never wins
    heap_.push_back(e);
    std::push_heap(heap_.begin(), heap_.end(), is_worse);
  }
  /// Drops those on top that end before `at`.
  void drop_before(Point at) {
    while (!heap_.empty() && heap_.front().last < at) {
      std::pop_heap(heap_.begin(), heap_.end(), is_worse);
      heap_.pop_back();
    }
  }

 private:
  static bool is_worse(const entry& a, const entry& b) noexcept { return b.rank < a.rank; }

  std::vector<entry> heap_;
};

/// Calls `emit(first, position)` wherever the winner changes, ascending; `position` is that of the winner in `intervals`, or
/// their number where there is none. The first call is for `lowest`, if an interval does not begin there.
///
/// `intervals` ascend by first end; `rank_of(position)` differs from one to the other, and of those that hold a point the lowest
/// wins; `behind(last)` is the point after a last end, which exists for all but `highest`. O(n log n), and hardly more than O(n)
/// where few intervals outlast a better one.
template <class Point, class Intervals, class RankOf, class Behind, class Emit>
void flatten(const Intervals& intervals, Point lowest, Point highest, RankOf rank_of, Behind behind, Emit emit) {
  const std::size_t none = intervals.size();
  open_intervals<Point, decltype(rank_of(std::size_t{}))> open;
  std::size_t next = 0;
  Point at = lowest;
  std::size_t winner = none;
  bool begun = false;
  for (;;) {
    for (; next < none && intervals[next].first == at; ++next) open.add({intervals[next].last, rank_of(next), next});
    open.drop_before(at);
    const bool held = !open.empty();
    const std::size_t now = held ? open.best().position : none;
    if (!begun || now != winner) emit(at, now);
    winner = now;
    begun = true;
    // the winner reigns to its last end, or to the next start if that is earlier
    if (next < none && (!held || intervals[next].first <= open.best().last)) at = intervals[next].first;
    else if (!held || open.best().last == highest) return;
    else at = behind(open.best().last);
  }
}

}  // namespace smplist::detail
