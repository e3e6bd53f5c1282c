// SPDX-License-Identifier: MIT
/// \file analysis/rules/cloud_only_ipv6.hpp
/// Floor 8. Lint rule `cloud-only-ipv6`.
#pragma once

#include <smplist/analysis/placed_list.hpp>

#include <string>
#include <vector>

namespace smplist::detail {

/// External clients with IPv6 only reach nobody, while those with IPv4 do: the network answers on IPv4 alone. [S-40] [S-51]
[[nodiscard]] inline std::vector<finding> check_cloud_only_ipv6(const partition& cut) {
  std::vector<std::string> services;
  for (const service what : all_services) {
    const answer* const ipv4 = answer_for(cut, {location::external, family::ipv4, no_list}, what);
    const answer* const ipv6 = answer_for(cut, {location::external, family::ipv6, no_list}, what);
    if (ipv4 != nullptr && ipv6 != nullptr && !ipv4->reaches_nothing() && ipv6->reaches_nothing())
      services.emplace_back(words_for(what));
  }
  if (services.empty()) return {};
  finding one = found_at("/network/sources", "outside, clients with IPv6 only reach nobody for " + some_of(services) +
                                                 ": the network answers on IPv4 alone");
  one.different_outcome = true;
  return {one};
}

}  // namespace smplist::detail
