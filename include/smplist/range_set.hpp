// SPDX-License-Identifier: MIT
/// \file range_set.hpp
/// Floor 2. Any set of addresses, of one family or both, as ranges.
#pragma once

#include <smplist/range.hpp>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace smplist {

/// A set of addresses: sorted ranges that neither overlap nor touch, so equal sets are equal values.
///
/// The families never mix: IPv4 and IPv6 ranges stand side by side, and the complement is taken in both.
class range_set {
 public:
  range_set() = default;
  /// The union of `ranges`, in any order. O(n log n).
  explicit range_set(std::vector<address_range> ranges) : ranges_(joined(std::move(ranges))) {}

  [[nodiscard]] const std::vector<address_range>& ranges() const& noexcept { return ranges_; }
  [[nodiscard]] std::vector<address_range> ranges() && noexcept { return std::move(ranges_); }
  [[nodiscard]] bool empty() const noexcept { return ranges_.empty(); }

  /// O(log n).
  [[nodiscard]] bool contains(address a) const noexcept {
    const auto after =
        std::upper_bound(ranges_.begin(), ranges_.end(), a, [](address x, const address_range& r) { return x < r.first(); });
    return after != ranges_.begin() && std::prev(after)->contains(a);
  }

  [[nodiscard]] address_count size() const noexcept {
    address_count total;
    for (const address_range& r : ranges_) total = total + r.size();
    return total;
  }

  /// The fewest prefixes that hold the same addresses, ascending.
  [[nodiscard]] std::vector<address_range> prefixes() const {
    std::vector<address_range> out;
    for (const address_range& r : ranges_) {
      const auto part = r.prefixes();
      out.insert(out.end(), part.begin(), part.end());
    }
    return out;
  }

  friend range_set operator|(const range_set& a, const range_set& b) {
    std::vector<address_range> both = a.ranges_;
    both.insert(both.end(), b.ranges_.begin(), b.ranges_.end());
    return range_set(std::move(both));
  }

  /// O(n + m).
  friend range_set operator&(const range_set& a, const range_set& b) {
    range_set out;
    auto x = a.ranges_.begin();
    auto y = b.ranges_.begin();
    while (x != a.ranges_.end() && y != b.ranges_.end()) {
      if (x->overlaps(*y)) {
        out.ranges_.push_back(*address_range::try_make(std::max(x->first(), y->first()), std::min(x->last(), y->last())));
      }
      (x->last() < y->last() ? x : y)++;
    }
    return out;
  }

  /// Every address that is not in `a`, of both families.
  friend range_set operator~(const range_set& a) {
    range_set out;
    for (const family f : {family::ipv4, family::ipv6}) {
      std::optional<address> from = address::lowest(f);
      for (const address_range& r : a.ranges_) {
        if (r.family() != f) continue;
        if (*from < r.first()) out.ranges_.push_back(*address_range::try_make(*from, *r.first().previous()));
        from = r.last().next();
      }
      if (from) out.ranges_.push_back(*address_range::try_make(*from, address::highest(f)));
    }
    return out;
  }

  friend range_set operator-(const range_set& a, const range_set& b) { return a & ~b; }
  friend range_set operator^(const range_set& a, const range_set& b) { return (a | b) - (a & b); }

  friend bool operator==(const range_set& a, const range_set& b) noexcept { return a.ranges_ == b.ranges_; }
  friend bool operator!=(const range_set& a, const range_set& b) noexcept { return !(a == b); }

 private:
  [[nodiscard]] static std::vector<address_range> joined(std::vector<address_range> ranges) {
    std::sort(ranges.begin(), ranges.end());
    std::vector<address_range> out;
    for (const address_range& r : ranges) {
      if (out.empty() || !touches(out.back(), r)) {
        out.push_back(r);
      } else if (out.back().last() < r.last()) {
        out.back() = *address_range::try_make(out.back().first(), r.last());
      }
    }
    return out;
  }

  [[nodiscard]] static bool touches(const address_range& a, const address_range& b) noexcept {
    return a.overlaps(b) || a.last().next() == b.first();
  }

  // INVARIANT: ascending, no two overlap or touch
  std::vector<address_range> ranges_;
};

}  // namespace smplist
