// SPDX-License-Identifier: MIT
// What is expected at an address: by the plain engine once for each cell in which it cannot change, and by painting.
#pragma once

#include "tables.hpp"

#include <smplist/compile.hpp>
#include <smplist/match.hpp>

#include <algorithm>
#include <numeric>
#include <vector>

namespace scale {

/// A class record: the list that is chosen, from 1 (0: none), doubled; plus one where the address reaches nothing. [S-50]
using record = std::uint32_t;
inline constexpr record never_asked = 0xFFFFFFFF;

/// The plain engine's decision for a client with this address alone.
inline record plain_record(const policy& p, address a) {
  client who;
  who.addresses.emplace_back(a);
  const detail::list_match match = detail::match_lists(p, p.content().on_overlap, {a});
  const record chain = match.chosen ? match.chosen->held.group + 1 : 0;
  return 2 * chain + (who.families() == family_set() ? 1U : 0U);
}

/// A family cut where any range begins or has ended, and at the blocks that reach nothing: inside of a cell the same ranges
/// hold, so that no decision can change there.
class cells {
 public:
  cells(const policy& p, family f) : policy_(&p), family_(f) {
    using namespace smplist::literals;
    add_end(address::lowest(f));
    add_end(address::highest(f));
    for (const detail::labelled_interval& r : p.ranges(f)) add(r.first, r.last);
    if (f == family::ipv4) {
      add("127.0.0.0"_address.bits(), "127.255.255.255"_address.bits());
      add("169.254.0.0"_address.bits(), "169.254.255.255"_address.bits());
    } else {
      add("::1"_address.bits(), "::1"_address.bits());
      add("fe80::"_address.bits(), "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"_address.bits());
      // no IPv6 address lies in the mapped block [S-03]
      starts_.push_back(detail::mapped_first);
      starts_.push_back(detail::mapped_last + u128{0, 1});
    }
    starts_.push_back(address::lowest(f).bits());
    sort_out(starts_);
    sort_out(ends_);
    expected_.assign(starts_.size(), never_asked);
  }

  [[nodiscard]] std::size_t size() const noexcept { return starts_.size(); }
  [[nodiscard]] smplist::family family() const noexcept { return family_; }
  /// Of every range first - 1, first, last and last + 1, once each.
  [[nodiscard]] const std::vector<u128>& ends() const noexcept { return ends_; }
  [[nodiscard]] record expected(std::size_t cell) const noexcept { return expected_[cell]; }
  [[nodiscard]] std::size_t cell_of(u128 at) const {
    return static_cast<std::size_t>(std::upper_bound(starts_.begin(), starts_.end(), at) - starts_.begin()) - 1;
  }
  [[nodiscard]] bool is_asked(std::size_t cell) const noexcept { return address::from_bits(starts_[cell]).family() == family_; }

  /// An address of the cell: one of its two ends, or any.
  [[nodiscard]] u128 inside(std::size_t cell, std::uint64_t noise) const noexcept {
    const u128 first = starts_[cell];
    const u128 last = cell + 1 < starts_.size() ? starts_[cell + 1] - u128{0, 1} : address::highest(family_).bits();
    const u128 size = last - first;  // less one
    if (size.hi != 0) return first + u128{noise % size.hi, detail::mix64(noise)};
    return first + u128{0, size.lo + 1 == 0 ? noise : noise % (size.lo + 1)};
  }

  /// Asks the plain engine in cells `from`, `from + step` and so on, at one address each.
  void ask_plain(std::size_t from, std::size_t step, std::uint64_t seed) {
    for (std::size_t cell = from; cell < size(); cell += step)
      if (is_asked(cell)) expected_[cell] = plain_record(*policy_, address::from_bits(inside(cell, detail::mix64(seed + cell))));
  }

  /// The third witness: paints the ranges on the cells, the best first, never over paint. How many cells differ.
  [[nodiscard]] std::size_t repaint() const {
    std::vector<record> paint(size(), 0);
    std::vector<std::size_t> bare(size() + 1);  // where the next bare cell may be
    std::iota(bare.begin(), bare.end(), std::size_t{0});
    const auto next_bare = [&](std::size_t cell) {
      while (bare[cell] != cell) cell = bare[cell] = bare[bare[cell]];
      return cell;
    };
    for (const detail::labelled_interval& r : best_first()) {
      const std::size_t behind = cell_of(r.last) + 1;
      for (std::size_t cell = next_bare(cell_of(r.first)); cell < behind; cell = next_bare(cell)) {
        paint[cell] = 2 * (r.group + 1);
        bare[cell] = cell + 1;
      }
    }
    std::size_t wrong = 0;
    for (std::size_t cell = 0; cell < size(); ++cell)
      if (is_asked(cell) && paint[cell] != (expected_[cell] & ~record{1})) ++wrong;
    return wrong;
  }

 private:
  void add_end(address a) {
    ends_.push_back(a.bits());
    if (const auto before = a.previous()) ends_.push_back(before->bits());
    if (const auto behind = a.next()) ends_.push_back(behind->bits());
  }
  void add(u128 first, u128 last) {
    starts_.push_back(first);
    if (const auto behind = address::from_bits(last).next()) starts_.push_back(behind->bits());
    ends_.push_back(first);
    ends_.push_back(last);
    if (const auto before = address::from_bits(first).previous()) ends_.push_back(before->bits());
    if (const auto behind = address::from_bits(last).next()) ends_.push_back(behind->bits());
  }
  static void sort_out(std::vector<u128>& points) {
    std::sort(points.begin(), points.end());
    points.erase(std::unique(points.begin(), points.end()), points.end());
  }

  /// By the rule as its clause has it, over the document and not over the engine's sorted ranges. [S-44]
  [[nodiscard]] std::vector<detail::labelled_interval> best_first() const {
    std::vector<detail::labelled_interval> order;
    const auto& lists = policy_->content().lists;
    const bool backwards = policy_->content().on_overlap == overlap_rule::last;
    for (std::size_t k = 0; k < lists.size(); ++k) {
      const std::size_t i = backwards ? lists.size() - 1 - k : k;
      for (const address_range& r : lists[i].ranges)
        if (r.family() == family_) order.push_back({r.first().bits(), r.last().bits(), static_cast<std::uint32_t>(i), 0});
    }
    if (policy_->content().on_overlap == overlap_rule::most_specific)
      std::stable_sort(order.begin(), order.end(),
                       [](const auto& a, const auto& b) { return a.last - a.first < b.last - b.first; });
    return order;
  }

  const policy* policy_;
  smplist::family family_;
  std::vector<u128> starts_;
  std::vector<record> expected_;
  std::vector<u128> ends_;
};

}  // namespace scale
