// SPDX-License-Identifier: MIT
/// \file detail/cuts.hpp
/// Cellar. Where the answer to "which groups hold this point, and which interval wins" changes along the line.
#pragma once

#include <smplist/detail/stabbing.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

namespace smplist::detail {

/// A sweep over the ends of intervals. O(n log n) in time, O(n) in memory, however deep they nest.
class cut_sweep {
 public:
  /// `intervals` stand in the order of their rank: of those that hold a point, the first wins.
  /// `behind` gives the point after a last end, if there is one.
  template <class Behind>
  [[nodiscard]] static std::vector<u128> run(const std::vector<labelled_interval>& intervals, Behind behind) {
    std::vector<event> events;
    events.reserve(intervals.size() * 2);
    for (std::size_t rank = 0; rank < intervals.size(); ++rank) {
      events.push_back({intervals[rank].first, rank, true});
      if (const std::optional<u128> end = behind(intervals[rank].last)) events.push_back({*end, rank, false});
    }
    std::sort(events.begin(), events.end(), [](const event& a, const event& b) { return a.at < b.at; });
    cut_sweep sweep(intervals);
    for (auto from = events.begin(); from != events.end();) {
      const auto to = std::find_if(from, events.end(), [&](const event& e) { return e.at != from->at; });
      sweep.step(from->at, from, to);
      from = to;
    }
    return std::move(sweep.cuts_);
  }

 private:
  struct event {
    u128 at;
    std::size_t rank;
    bool opens;
  };

  explicit cut_sweep(const std::vector<labelled_interval>& intervals) : intervals_(&intervals) {}

  template <class Iterator>
  void step(u128 at, Iterator from, Iterator to) {
    const std::size_t winner = winner_rank();
    std::vector<std::uint32_t> touched;
    for (auto e = from; e != to; ++e) touched.push_back((*intervals_)[e->rank].group);
    std::sort(touched.begin(), touched.end());
    touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
    std::vector<bool> held;
    held.reserve(touched.size());
    for (const std::uint32_t group : touched) held.push_back(depth_[group] != 0);
    for (auto e = from; e != to; ++e) apply(*e);
    bool changed = winner != winner_rank();
    for (std::size_t i = 0; i < touched.size(); ++i) changed = changed || held[i] != (depth_[touched[i]] != 0);
    if (changed) cuts_.push_back(at);
  }

  void apply(const event& e) {
    std::size_t& depth = depth_[(*intervals_)[e.rank].group];
    if (e.opens) {
      ++depth;
      open_.insert(e.rank);
    } else {
      --depth;
      open_.erase(e.rank);
    }
  }

  [[nodiscard]] std::size_t winner_rank() const { return open_.empty() ? intervals_->size() : *open_.begin(); }

  const std::vector<labelled_interval>* intervals_;
  std::set<std::size_t> open_;                            // ranks of the intervals that hold the current point
  std::unordered_map<std::uint32_t, std::size_t> depth_;  // of each group; never iterated
  std::vector<u128> cuts_;
};

}  // namespace smplist::detail
