// SPDX-License-Identifier: MIT
/// \file analysis/rules/mapped_address.hpp
/// Floor 8. Lint rule `mapped-address`.
#pragma once

#include <smplist/analysis/holdings.hpp>

#include <string>
#include <vector>

namespace smplist::detail {

/// An IPv6 range across the block of IPv4-mapped addresses: it holds no IPv4 address, however it looks. How an address was written
/// is not in a policy any more; `written_findings` reports that. [S-03]
[[nodiscard]] inline std::vector<finding> check_mapped_address(const partition& cut) {
  const policy& p = cut.policy();
  std::vector<finding> found;
  for (std::size_t i = 0; i < p.content().lists.size(); ++i) {
    const source_list& list = p.content().lists[i];
    for (std::size_t j = 0; j < list.ranges.size(); ++j) {
      const address_range& range = list.ranges[j];
      if (range.family() == family::ipv4 || mapped_first < range.first().bits() || range.last().bits() < mapped_last) continue;
      finding one = found_at(pointer_to_range(i, j),
                             "the range " + range.to_text() + " of " + in_quotes(list.name) +
                                 " spans the IPv4-mapped addresses and holds no IPv4 address",
                             "add the IPv4 range, such as 0.0.0.0/0, if IPv4 clients are meant too");
      one.list = list.name;
      one.range = range.to_text();
      one.example = "0.0.0.0";
      found.push_back(std::move(one));
    }
  }
  return found;
}

}  // namespace smplist::detail
