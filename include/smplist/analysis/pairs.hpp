// SPDX-License-Identifier: MIT
/// \file analysis/pairs.hpp
/// Floor 8. What lists clients with two addresses get under two policies: counted over classes, not over pairs of pieces.
#pragma once

#include <smplist/analysis/partition.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace smplist::detail {

/// The addresses that have one list under an old policy and one under a new one.
struct joint_class {
  std::uint32_t before = no_list;
  std::uint32_t after = no_list;
  u128 count;                         // addresses, fewer than 2^128
  std::optional<address> shown = {};  // one of them; none for clients without an address
};

/// Of classes seen so far: addresses by the rank of their new list.
class rank_totals {
 public:
  void add(std::uint32_t rank, const joint_class& c) {
    const auto [at, fresh] = by_rank_.emplace(rank, c);
    if (!fresh) at->second.count = at->second.count + c.count;
    total_ = total_ + c.count;
  }

  /// Which new lists those get who have an address of a class with `rank` and one of these, as `visit(rank, count, one of these)`.
  ///
  /// Ranks that win over the class one by one, the rest together: without a crossing of old and new order that is all.
  template <class Visit>
  void meet(std::uint32_t rank, Visit&& visit) const {
    u128 crossed;
    auto at = by_rank_.begin();
    for (; at != by_rank_.end() && at->first < rank; ++at) {
      visit(at->first, at->second.count, at->second);
      crossed = crossed + at->second.count;
    }
    if (at != by_rank_.end()) visit(rank, total_ - crossed, at->second);
  }

 private:
  std::map<std::uint32_t, joint_class> by_rank_;
  u128 total_;
};

/// What two addresses decide together.
struct pair_outcome {
  std::uint32_t before = no_list;  // the old list that is chosen
  std::uint32_t after = no_list;   // the new one
  u128 ones;                       // `ones * others` pairs
  u128 others;
  std::optional<address> one = {};
  std::optional<address> other = {};

  [[nodiscard]] address_count pairs() const noexcept {
    const bool few_ones = ones.hi == 0 && ones.lo >> 32U == 0;
    return few_ones ? times(others, ones.lo) : times(ones, others.lo);
  }

 private:
  /// In one pass, as there may be millions of outcomes. `few` is a number of usable IPv4 addresses, fewer than 2^32.
  [[nodiscard]] static address_count times(u128 many, std::uint64_t few) noexcept {
    const std::uint64_t limbs[] = {many.lo & 0xFFFFFFFFU, many.lo >> 32U, many.hi & 0xFFFFFFFFU, many.hi >> 32U};
    std::uint64_t product[5] = {};
    for (std::size_t i = 0; i < 4; ++i) {
      const std::uint64_t sum = limbs[i] * few + product[i];
      product[i] = sum & 0xFFFFFFFFU;
      product[i + 1] = sum >> 32U;
    }
    return {product[4], {product[3] << 32U | product[2], product[1] << 32U | product[0]}};
  }
};

/// Sorts classes by the old rank, the ones that lose first.
inline void losers_first(const partition& old, std::vector<joint_class>& classes) {
  std::stable_sort(classes.begin(), classes.end(),
                   [&](const joint_class& a, const joint_class& b) { return old.rank_of(b.before) < old.rank_of(a.before); });
}

/// Every outcome of one address of `as` with one of `bs`, old list by old list; `done(old list)` after each.
///
/// O((n + c) log n) for n classes and c outcomes in which one address decides the old list and the other one the new.
template <class Visit, class Done>
void each_pair_outcome(const partition& old, const partition& next, std::vector<joint_class> as, std::vector<joint_class> bs,
                       Visit&& visit, Done&& done) {
  losers_first(old, as);
  losers_first(old, bs);
  rank_totals seen_as;
  rank_totals seen_bs;
  const auto meet = [&](const joint_class& c, const rank_totals& others) {
    others.meet(next.rank_of(c.after), [&](std::uint32_t rank, u128 count, const joint_class& other) {
      visit(pair_outcome{c.before, next.list_at(rank), c.count, count, c.shown, other.shown});
    });
  };
  auto a = as.begin();
  auto b = bs.begin();
  while (a != as.end() || b != bs.end()) {
    const std::uint32_t rank = std::max(a == as.end() ? 0 : old.rank_of(a->before), b == bs.end() ? 0 : old.rank_of(b->before));
    const auto same = [&](const joint_class& c) { return old.rank_of(c.before) == rank; };
    const auto a_end = std::find_if_not(a, as.end(), same);
    const auto b_end = std::find_if_not(b, bs.end(), same);
    // an address of `as` with this list meets those of `bs` with this one or one that loses; one of `bs`, those that lose
    for (auto c = b; c != b_end; ++c) seen_bs.add(next.rank_of(c->after), *c);
    for (auto c = a; c != a_end; ++c) meet(*c, seen_bs);
    for (auto c = b; c != b_end; ++c) meet(*c, seen_as);
    for (auto c = a; c != a_end; ++c) seen_as.add(next.rank_of(c->after), *c);
    done(old.list_at(rank));
    a = a_end;
    b = b_end;
  }
}

}  // namespace smplist::detail
