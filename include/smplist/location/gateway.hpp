// SPDX-License-Identifier: MIT
/// \file location/gateway.hpp
/// Floor 5. The criterion `gateway`: internal if the client uses one of these gateways. [S-31]
#pragma once

#include <smplist/client.hpp>
#include <smplist/location/verdict.hpp>

#include <vector>

namespace smplist {

struct gateway_criterion {
  std::vector<gateway> gateways = {};

  /// The first of the client's gateways with the address of an entry, and its MAC if the entry has one.
  [[nodiscard]] location_verdict judge(const client& who) const {
    if (who.gateways.empty()) return {evidence::none, {}};
    for (const gateway& used : who.gateways) {
      for (const gateway& entry : gateways) {
        if (entry.address == used.address && (!entry.mac || entry.mac == used.mac)) {
          return {evidence::matches, used.address.to_text()};
        }
      }
    }
    return {evidence::differs, {}};
  }

  friend bool operator==(const gateway_criterion& a, const gateway_criterion& b) noexcept { return a.gateways == b.gateways; }
};

}  // namespace smplist
