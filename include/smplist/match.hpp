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
  std::size_t list = 0;
  std::size_t range = 0;
  address by;

  friend bool operator==(const range_hit& a, const range_hit& b) noexcept {
    return a.list == b.list && a.range == b.range && a.by == b.by;
  }
};

/// The lists that hold a client, ascending, and what chose among them.
struct list_match {
  std::vector<std::size_t> lists = {};
  std::optional<range_hit> chosen = {};
};

/// The ranges of the custom lists that hold one of `addresses`, in canonical order of the addresses.
[[nodiscard]] inline std::vector<range_hit> ranges_holding(const policy& p, std::vector<address> addresses) {
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  std::vector<range_hit> hits;
  for (const address a : addresses) {
    p.each_range_holding(a, [&](const labelled_interval& held) { hits.push_back({held.group, held.member, a}); });
  }
  return hits;
}

/// Is `a` the better hit for one and the same address under this rule? [S-44]
[[nodiscard]] inline bool decides_before(const policy& p, const range_hit& a, const range_hit& b) {
  const auto length = [&](const range_hit& hit) {
    const address_range& range = p.content().lists[hit.list].ranges[hit.range];
    return range.last().bits() - range.first().bits();
  };
  switch (p.content().on_overlap) {
    case overlap_rule::first: break;
    case overlap_rule::last:
      if (a.list != b.list) return b.list < a.list;
      break;
    case overlap_rule::most_specific:
      if (length(a) != length(b)) return length(a) < length(b);
      break;
  }
  return a.list != b.list ? a.list < b.list : a.range < b.range;
}

/// Every matching list, and the choice among them: per address the hit that decides, then among the addresses the
/// earlier list (under `last` the later one), then the first address in canonical order. [S-44]
[[nodiscard]] inline list_match match_lists(const policy& p, const std::vector<address>& addresses) {
  list_match match;
  std::vector<range_hit> winners;  // one per address that any list holds
  for (const range_hit& hit : ranges_holding(p, addresses)) {
    match.lists.push_back(hit.list);
    if (winners.empty() || winners.back().by != hit.by) winners.push_back(hit);
    else if (decides_before(p, hit, winners.back())) winners.back() = hit;
  }
  std::sort(match.lists.begin(), match.lists.end());
  match.lists.erase(std::unique(match.lists.begin(), match.lists.end()), match.lists.end());
  const bool later_wins = p.content().on_overlap == overlap_rule::last;
  for (const range_hit& hit : winners) {
    const bool better = !match.chosen || (later_wins ? match.chosen->list < hit.list : hit.list < match.chosen->list);
    if (better) match.chosen = hit;
  }
  return match;
}

}  // namespace smplist::detail
