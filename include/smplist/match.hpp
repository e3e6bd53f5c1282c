// SPDX-License-Identifier: MIT
/// \file match.hpp
/// Floor 6. Which custom lists hold a client, and which of them is chosen. [S-07] [S-44]
#pragma once

#include <smplist/policy.hpp>

#include <algorithm>
#include <optional>
#include <vector>

namespace smplist::detail {

/// A range that holds an address of the client.
struct range_hit {
  labelled_interval held;  // group: the list, member: the range within it
  address by;

  [[nodiscard]] address_range range() const {
    return address_range::try_make(address::from_bits(held.first), address::from_bits(held.last)).value();
  }
};

/// The lists that hold a client, ascending, and what chose among them.
struct list_match {
  std::vector<std::size_t> lists = {};
  std::optional<range_hit> chosen = {};
};

/// Is `a` the better hit for one and the same address? [S-44]
[[nodiscard]] inline bool decides_before(overlap_rule rule, const labelled_interval& a, const labelled_interval& b) noexcept {
  switch (rule) {
    case overlap_rule::first: break;
    case overlap_rule::last:
      if (a.group != b.group) return b.group < a.group;
      break;
    case overlap_rule::most_specific:
      if (a.last - a.first != b.last - b.first) return a.last - a.first < b.last - b.first;
      break;
  }
  return a.group != b.group ? a.group < b.group : a.member < b.member;
}

/// Every matching list, and the choice among them: per address the hit that decides, then among the addresses the
/// earlier list (under `last` the later one), then the first address in canonical order. [S-44]
///
/// `p` is a policy in either form: it has `each_range_holding`.
template <class Policy>
[[nodiscard]] list_match match_lists(const Policy& p, overlap_rule rule, std::vector<address> addresses) {
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  list_match match;
  for (const address a : addresses) {
    std::optional<labelled_interval> winner;
    p.each_range_holding(a, [&](const labelled_interval& held) {
      match.lists.push_back(held.group);
      if (!winner || decides_before(rule, held, *winner)) winner = held;
    });
    if (!winner) continue;
    const bool later_wins = rule == overlap_rule::last;
    const bool better =
        !match.chosen || (later_wins ? match.chosen->held.group < winner->group : winner->group < match.chosen->held.group);
    if (better) match.chosen = range_hit{*winner, a};
  }
  std::sort(match.lists.begin(), match.lists.end());
  match.lists.erase(std::unique(match.lists.begin(), match.lists.end()), match.lists.end());
  return match;
}

}  // namespace smplist::detail
