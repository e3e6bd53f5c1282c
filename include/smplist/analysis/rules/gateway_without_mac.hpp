// SPDX-License-Identifier: MIT
/// \file analysis/rules/gateway_without_mac.hpp
/// Floor 8. Lint rule `gateway-without-mac`.
#pragma once

#include <smplist/analysis/finding.hpp>
#include <smplist/analysis/partition.hpp>

#include <string>
#include <variant>
#include <vector>

namespace smplist::detail {

/// Is an address one that many networks use for themselves? (RFC 1918, RFC 4193, RFC 6598, link-local)
[[nodiscard]] inline bool is_anybodys(address a) noexcept {
  using namespace literals;
  constexpr address_range shared[] = {"10.0.0.0/8"_range,    "172.16.0.0/12"_range,  "192.168.0.0/16"_range,
                                      "100.64.0.0/10"_range, "169.254.0.0/16"_range, "fc00::/7"_range,
                                      "fe80::/10"_range};
  return std::any_of(std::begin(shared), std::end(shared), [&](const address_range& r) { return r.contains(a); });
}

/// Gateways with an address that other networks have as well, and no MAC: a computer in a hotel counts as internal. All in one
/// finding. [S-31]
[[nodiscard]] inline std::vector<finding> check_gateway_without_mac(const partition& cut) {
  const auto* const criterion = std::get_if<gateway_criterion>(&cut.policy().content().criterion);
  if (criterion == nullptr) return {};
  std::vector<std::string> bare;
  std::size_t first = 0;
  for (std::size_t i = 0; i < criterion->gateways.size(); ++i) {
    const gateway& g = criterion->gateways[i];
    if (g.mac || !is_anybodys(g.address)) continue;
    if (bare.empty()) first = i;
    bare.push_back(g.address.to_text());
  }
  if (bare.empty()) return {};
  finding one = found_at("/location/gateways" + pointer_step(first),
                         std::to_string(bare.size()) + " of " + std::to_string(criterion->gateways.size()) +
                             (criterion->gateways.size() == 1 ? " gateway" : " gateways") +
                             " could be anybody's and have no MAC address: " + some_of(bare));
  one.example = bare.front();
  return {one};
}

}  // namespace smplist::detail
