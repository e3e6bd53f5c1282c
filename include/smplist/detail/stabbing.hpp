// SPDX-License-Identifier: MIT
/// \file detail/stabbing.hpp
/// Cellar. Which of many intervals hold a point: a static interval tree laid out in one sorted array.
#pragma once

#include <smplist/detail/u128.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace smplist::detail {

/// A closed interval and what it belongs to.
struct labelled_interval {
  u128 first;
  u128 last;
  std::uint32_t group = 0;   // the list
  std::uint32_t member = 0;  // the range within it
};

/// Built once in O(n log n); answers in O(log n + matches).
class stabbing_index {
 public:
  stabbing_index() = default;
  explicit stabbing_index(std::vector<labelled_interval> intervals) : sorted_(std::move(intervals)), highest_(sorted_.size()) {
    std::sort(sorted_.begin(), sorted_.end(), [](const labelled_interval& a, const labelled_interval& b) {
      if (a.first != b.first) return a.first < b.first;
      return a.group != b.group ? a.group < b.group : a.member < b.member;
    });
    build(0, sorted_.size());
  }

  /// The intervals by ascending first end, then group, then member.
  [[nodiscard]] const std::vector<labelled_interval>& sorted() const noexcept { return sorted_; }

  /// Calls `visit(const labelled_interval&)` for every interval that holds `point`, by ascending first end.
  template <class Visit>
  void each(u128 point, Visit&& visit) const {
    descend(0, sorted_.size(), point, visit);
  }

 private:
  // The middle of each half-open run is the root of its subtree; highest_[middle] is the greatest last end in the run.
  u128 build(std::size_t begin, std::size_t end) {
    if (begin == end) return {};
    const std::size_t middle = begin + (end - begin) / 2;
    highest_[middle] = std::max({sorted_[middle].last, build(begin, middle), build(middle + 1, end)});
    return highest_[middle];
  }

  template <class Visit>
  void descend(std::size_t begin, std::size_t end, u128 point, Visit& visit) const {
    while (begin != end) {
      const std::size_t middle = begin + (end - begin) / 2;
      if (highest_[middle] < point) return;
      descend(begin, middle, point, visit);
      if (point < sorted_[middle].first) return;
      if (point <= sorted_[middle].last) visit(sorted_[middle]);
      begin = middle + 1;
    }
  }

  std::vector<labelled_interval> sorted_;
  std::vector<u128> highest_;
};

}  // namespace smplist::detail
