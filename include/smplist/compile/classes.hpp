// SPDX-License-Identifier: MIT
/// \file compile/classes.hpp
/// Floor 7. From the ranges of a policy to the classes of its addresses, and the index that finds them.
#pragma once

#include <smplist/detail/flatten.hpp>
#include <smplist/detail/index_ipv4.hpp>
#include <smplist/detail/index_ipv6.hpp>
#include <smplist/policy.hpp>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

namespace smplist::detail {

/// Classes: 0 for addresses without a list, one for each custom list, then those of addresses that reach nothing. [S-50]
class class_writer {
 public:
  explicit class_writer(const policy_draft& draft) : draft_(&draft), first_range_(1) {
    for (const source_list& l : draft.lists)
      first_range_.push_back(first_range_.back() + static_cast<std::uint32_t>(l.ranges.size()));
  }

  /// Of all custom ranges, as they are listed.
  [[nodiscard]] std::uint32_t range_number(const labelled_interval& r) const { return first_range_[r.group] + r.member; }

  /// Of addresses that reach nothing by themselves, by the class that they would have.
  [[nodiscard]] const std::map<std::uint32_t, std::uint32_t>& special() const noexcept { return special_classes_; }

  [[nodiscard]] byte_pieces index(family f, const std::vector<labelled_interval>& ranges, bool nested) {
    const auto mark_unusable = [&](auto& cells) {
      for (const address_range& r : unusable_ranges) {
        if (r.family() == f) mark(cells, r.first(), r.last());
      }
    };
    if (f == family::ipv4) {
      auto cells = cells_of<ipv4_cell>(f, ranges, nested);
      mark_unusable(cells);
      return ipv4_index_writer::pieces(cells, highest_class());
    }
    auto cells = cells_of<ipv6_cell>(f, ranges, nested);
    mark_unusable(cells);
    return ipv6_index_writer::pieces(cells);
  }

 private:
  [[nodiscard]] std::uint32_t highest_class() const noexcept {
    return static_cast<std::uint32_t>(draft_->lists.size() + special_classes_.size());
  }

  /// Calls `use(rank_of)`: of ranges that hold one address, the one of the lowest rank decides, as under `decides_before`. [S-44]
  template <class Use>
  void with_ranks(const std::vector<labelled_interval>& ranges, Use use) const {
    if (draft_->on_overlap == overlap_rule::most_specific) {
      return use([&](std::size_t i) { return std::pair(ranges[i].last - ranges[i].first, range_number(ranges[i])); });
    }
    const bool last = draft_->on_overlap == overlap_rule::last;
    std::vector<std::uint32_t> below;  // the rank of each list's first range
    for (std::size_t l = 0; l + 1 < first_range_.size(); ++l)
      below.push_back(last ? first_range_.back() - first_range_[l + 1] : first_range_[l]);
    use([&](std::size_t i) { return below[ranges[i].group] + ranges[i].member; });
  }

  template <class Cell>
  [[nodiscard]] std::vector<Cell> cells_of(family f, const std::vector<labelled_interval>& ranges, bool nested) const {
    std::vector<Cell> cells;
    cells.reserve(2 * ranges.size() + 8);
    const u128 lowest = address::lowest(f).bits();
    const u128 highest = address::highest(f).bits();
    const auto put = [&](u128 first, std::uint32_t chain) {
      if (cells.empty() || cells.back().value != chain) cells.push_back(Cell::at(first, chain));
    };
    if (nested) {
      const auto behind = [](u128 last) { return last + u128{0, 1}; };
      const auto emit = [&](u128 first, std::size_t i) { put(first, i == ranges.size() ? 0 : ranges[i].group + 1); };
      with_ranks(ranges, [&](auto rank_of) { flatten(ranges, lowest, highest, rank_of, behind, emit); });
      return cells;
    }
    u128 free = lowest;  // where nothing was put yet
    bool full = false;
    for (const labelled_interval& r : ranges) {
      if (r.first != free) put(free, 0);
      put(r.first, r.group + 1);
      full = r.last == highest;
      free = r.last + u128{0, 1};
    }
    if (!full) put(free, 0);
    return cells;
  }

  /// Gives the addresses from `from` to `to`, which reach nothing by themselves, classes of their own. [S-50]
  template <class Cell>
  void mark(std::vector<Cell>& cells, address from, address to) {
    const Cell first = Cell::at(from.bits(), 0);
    const Cell behind = Cell::at(to.bits() + u128{0, 1}, 0);
    split(cells, first);
    split(cells, behind);
    for (auto c = find_cell(cells, first); c != cells.end() && c->first < behind.first; ++c) {
      c->value = special_classes_.try_emplace(c->value, highest_class() + 1).first->second;
    }
  }
  template <class Cell>
  [[nodiscard]] static auto find_cell(std::vector<Cell>& cells, Cell at) {
    return std::lower_bound(cells.begin(), cells.end(), at, [](const Cell& a, const Cell& b) { return a.first < b.first; });
  }
  template <class Cell>
  static void split(std::vector<Cell>& cells, Cell at) {
    const auto next = find_cell(cells, at);
    if (next != cells.end() && next->first == at.first) return;
    at.value = std::prev(next)->value;
    cells.insert(next, at);
  }

  const policy_draft* draft_;
  std::vector<std::uint32_t> first_range_;                  // of each list, and their number
  std::map<std::uint32_t, std::uint32_t> special_classes_;  // by chain
};

}  // namespace smplist::detail
