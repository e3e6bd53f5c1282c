// SPDX-License-Identifier: MIT
/// \file analysis/rules/sliver.hpp
/// Floor 8. Lint rule `sliver`.
#pragma once

#include <smplist/analysis/holdings.hpp>

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace smplist::detail {

inline constexpr std::uint64_t sliver_limit = 16;  // addresses; fewer are a sliver

/// Where ranges begin, and for each place the longest one and the longest one of another list.
class range_starts {
 public:
  explicit range_starts(const std::vector<labelled_interval>& ranges) {
    for (const labelled_interval& r : ranges) {
      if (starts_.empty() || starts_.back()[0]->first != r.first) starts_.push_back({&r, nullptr});
      auto& [longest, other] = starts_.back();
      if (longest->group == r.group) {
        if (longest->last < r.last) longest = &r;
      } else if (longest->last < r.last) {
        other = std::exchange(longest, &r);
      } else if (other == nullptr || other->last < r.last) {
        other = &r;
      }
    }
  }

  /// The range of another list that begins last within `a`, in its last few addresses, and ends behind it; null if none does.
  [[nodiscard]] const labelled_interval* crossing(const labelled_interval& a) const {
    auto at = std::upper_bound(starts_.begin(), starts_.end(), a.last, [](u128 x, const auto& s) { return x < s[0]->first; });
    while (at != starts_.begin()) {
      --at;
      const u128 first = (*at)[0]->first;
      if (first <= a.first || u128{0, sliver_limit - 2} < a.last - first) return nullptr;
      for (const labelled_interval* b : *at) {
        if (b != nullptr && b->group != a.group && a.last < b->last) return b;
      }
    }
    return nullptr;
  }

 private:
  std::vector<std::array<const labelled_interval*, 2>> starts_;  // ascending
};

/// Gaps that no list holds between two that do, and overlaps of the ends of two ranges, if they have fewer than 16 addresses: by
/// their size they are slips, such as .255 for .0 of the next block. [S-05]
[[nodiscard]] inline std::vector<finding> check_sliver(const partition& cut) {
  const policy& p = cut.policy();
  if (!cut.consults_lists()) return {};
  const asked_by_list asked(cut);
  std::vector<finding> found;
  const auto add = [&](finding one, address first, address last, std::uint32_t list, std::uint32_t other, bool usable) {
    one.list = p.content().lists[list].name;
    one.range = text_of(first, last);
    one.addresses = sized(first, last).size.to_text();
    one.different_outcome = asked.by(list, first.family(), usable) != asked.by(other, first.family(), usable);
    one.example = first.to_text();
    one.regions = {sized(first, last, other == no_list ? "" : p.content().lists[cut.piece_of(first).list].name)};
    one.region_count = 1;
    found.push_back(std::move(one));
  };
  const auto named = [&](std::uint32_t list) { return in_quotes(p.content().lists[list].name); };
  for (const family f : {family::ipv4, family::ipv6}) {
    const auto& cells = cut.cells(f);
    for (std::size_t i = 1; i + 1 < cells.size(); ++i) {
      const address_piece& below = cells[i - 1];
      if (cells[i].list != no_list || below.list == no_list) continue;
      address_piece gap = cells[i];  // it may hold link-local or loopback addresses, too
      while (i + 2 < cells.size() && cells[i + 1].list == no_list) {
        gap.last = cells[++i].last;
        gap.usable = gap.usable || cells[i].usable;
      }
      const std::uint32_t above = cells[i + 1].list;
      if (above == no_list || !(gap.size() < address_count{0, {0, sliver_limit}})) continue;
      const std::string between =
          below.list == above ? "within " + named(above) : "between " + named(below.list) + " and " + named(above);
      add(found_at(pointer_to_range(below.list, below.range),
                   "a gap of " + counted(gap.size()) + " " + between + " that no list holds: " + text_of(gap.first, gap.last),
                   "close it, if it is not meant: the ranges on both sides should touch"),
          gap.first, gap.last, below.list, no_list, gap.usable);
    }
    const range_starts starts(p.ranges(f));
    for (const labelled_interval& a : p.ranges(f)) {
      const labelled_interval* const b = starts.crossing(a);
      if (b == nullptr) continue;
      const address first = address::from_bits(b->first);
      const address last = address::from_bits(a.last);
      add(found_at(pointer_to_range(a.group, a.member),
                   "the end of a range of " + named(a.group) + " and the beginning of one of " + named(b->group) +
                       " overlap in " + counted(sized(first, last).size) + ": " + text_of(first, last),
                   "end the one where the other begins"),
          first, last, a.group, b->group, cut.piece_of(first).usable);
    }
  }
  return found;
}

}  // namespace smplist::detail
