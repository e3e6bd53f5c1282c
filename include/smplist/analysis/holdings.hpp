// SPDX-License-Identifier: MIT
/// \file analysis/holdings.hpp
/// Floor 8. What lists hold, and what of it others decide: folds over the cells and pieces of a partition.
#pragma once

#include <smplist/analysis/asked.hpp>
#include <smplist/analysis/finding.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace smplist::detail {

[[nodiscard]] inline std::string pointer_to_list(std::size_t list) { return "/internal/custom/lists/" + std::to_string(list); }
[[nodiscard]] inline std::string pointer_to_range(std::size_t list, std::size_t range) {
  return pointer_to_list(list) + "/ranges/" + std::to_string(range);
}

/// What to do with something that decides nothing. [S-44]
[[nodiscard]] inline std::string way_to_win(overlap_rule rule, std::string_view what, std::string_view removed) {
  const std::string otherwise = ", or remove " + std::string(removed);
  switch (rule) {
    case overlap_rule::first: return "move " + std::string(what) + " before the lists that win" + otherwise;
    case overlap_rule::last: return "move " + std::string(what) + " behind the lists that win" + otherwise;
    case overlap_rule::most_specific: break;
  }
  return "smaller ranges win here: cut these addresses out of the others" + otherwise;
}

/// Which ranges decide at least one address. O(cells).
class deciding_ranges {
 public:
  explicit deciding_ranges(const partition& cut) {
    starts_.push_back(0);
    for (const source_list& l : cut.policy().content().lists) starts_.push_back(starts_.back() + l.ranges.size());
    decides_.assign(starts_.back(), false);
    for (const family f : {family::ipv4, family::ipv6}) {
      for (const address_piece& q : cut.cells(f)) {
        if (q.list != no_list) decides_[starts_[q.list] + q.range] = true;
      }
    }
  }

  [[nodiscard]] bool has(std::size_t list, std::size_t range) const { return decides_[starts_[list] + range]; }
  [[nodiscard]] bool has_any(std::size_t list) const {
    for (std::size_t i = starts_[list]; i < starts_[list + 1]; ++i) {
      if (decides_[i]) return true;
    }
    return false;
  }

 private:
  std::vector<std::size_t> starts_;  // of each list, and the end
  std::vector<bool> decides_;
};

/// The pieces of a family, numbered so that neighbours with one list, or with lists between which clients notice nothing, share
/// a number: whether a region has one winner, how many it has, and whether they matter is then a difference.
class winners {
 public:
  winners(const partition& cut, const asked_by_list& asked, family f) : cut_(&cut), asked_(&asked), family_(f) {
    const auto& all = cut.pieces(f);
    for (std::size_t i = 0; i < all.size(); ++i) {
      const std::uint32_t asks = asked.by(all[i].list, f, all[i].usable);
      const bool same_asks = i != 0 && all[i].usable == all[i - 1].usable && asks == asks_.back();
      run_.push_back(i == 0 ? 0 : run_.back() + (all[i].list == all[i - 1].list ? 0 : 1));
      asks_.push_back(asks);
      if (!same_asks) asks_start_.push_back(i);
    }
  }

  /// The position of the piece that holds `a`. O(log n).
  [[nodiscard]] std::size_t at(address a) const noexcept {
    return static_cast<std::size_t>(&cut_->piece_of(a) - cut_->pieces(family_).data());
  }
  /// How many winners follow each other between two addresses. O(log n).
  [[nodiscard]] std::size_t count(address first, address last) const noexcept { return run_[at(last)] - run_[at(first)] + 1; }
  /// Does one list win everywhere between two addresses? O(log n).
  [[nodiscard]] bool is_alone(std::uint32_t list, address first, address last) const noexcept {
    return cut_->pieces(family_)[at(first)].list == list && count(first, last) == 1;
  }

  /// Would anybody with an address from `first` to `last` ask otherwise if `list` decided there? O(log n): of pieces at which
  /// somebody would, the first is enough, and else few follow each other.
  [[nodiscard]] bool differ_from(std::uint32_t list, address first, address last) const noexcept {
    const auto& all = cut_->pieces(family_);
    for (std::size_t i = at(first); i < all.size() && all[i].first <= last; i = behind(i)) {
      if (asks_[i] != asked_->by(list, family_, all[i].usable)) return true;
    }
    return false;
  }

  /// Calls `visit(first, last, list)` for each winner between two addresses, until it returns false.
  template <class Visit>
  void each(address first, address last, Visit&& visit) const {
    const auto& all = cut_->pieces(family_);
    for (std::size_t i = at(first); i < all.size() && all[i].first <= last;) {
      const address from = std::max(first, all[i].first);
      const std::uint32_t list = all[i].list;
      while (i + 1 < all.size() && all[i + 1].list == list) ++i;
      if (!visit(from, std::min(last, all[i].last), list)) return;
      ++i;
    }
  }

 private:
  [[nodiscard]] std::size_t behind(std::size_t piece) const noexcept {
    const auto next = std::upper_bound(asks_start_.begin(), asks_start_.end(), piece);
    return next == asks_start_.end() ? run_.size() : *next;
  }

  const partition* cut_;
  const asked_by_list* asked_;
  family family_;
  std::vector<std::size_t> run_;         // by piece: changes with the list
  std::vector<std::uint32_t> asks_;      // by piece
  std::vector<std::size_t> asks_start_;  // the pieces at which what is asked changes
};

/// Addresses that a list holds and another one decides.
struct lost_region {
  address first;
  address last;
};

/// What each list loses in a family, ascending: its ranges taken together, less the pieces it wins. O(n log n).
[[nodiscard]] inline std::vector<std::vector<lost_region>> lost_by_list(const partition& cut, family f) {
  std::vector<std::vector<lost_region>> held(cut.lists());
  for (const labelled_interval& i : cut.policy().ranges(f)) {  // ascending
    auto& regions = held[i.group];
    const address first = address::from_bits(i.first);
    const address last = address::from_bits(i.last);
    const bool joins = !regions.empty() && (regions.back().last >= first || regions.back().last.next() == first);
    if (joins) regions.back().last = std::max(regions.back().last, last);
    else regions.push_back({first, last});
  }
  std::vector<std::vector<lost_region>> lost(cut.lists());
  std::vector<std::size_t> next(cut.lists());  // the held region not yet passed, whose first end moves on
  const auto lose_before = [&](std::uint32_t list, std::optional<address> stop) {
    for (std::size_t& i = next[list]; i < held[list].size(); ++i) {
      lost_region& region = held[list][i];
      if (stop && *stop <= region.first) return;
      if (stop && *stop <= region.last) {
        lost[list].push_back({region.first, *stop->previous()});
        region.first = *stop;
        return;
      }
      lost[list].push_back(region);
    }
  };
  for (const address_piece& q : cut.pieces(f)) {
    if (q.list == no_list) continue;
    lose_before(q.list, q.first);
    lost_region& region = held[q.list][next[q.list]];  // a winner holds what it wins
    if (region.last == q.last) ++next[q.list];
    else region.first = *q.last.next();
  }
  for (std::uint32_t list = 0; list < cut.lists(); ++list) lose_before(list, {});
  return lost;
}

/// The same region with its size; the IPv4-mapped block is not IPv6. [S-03]
[[nodiscard]] inline finding_region sized(address first, address last, std::string list = {}) {
  return {first, last, address_piece{first, last}.size(), std::move(list)};
}

[[nodiscard]] inline std::string text_of(address first, address last) { return address_range::try_make(first, last)->to_text(); }

}  // namespace smplist::detail
