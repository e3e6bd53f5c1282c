// SPDX-License-Identifier: MIT
/// \file location/connection.hpp
/// Floor 5. The criterion `connection`: internal if the client reached the management or a reference server. [S-32]
#pragma once

#include <smplist/client.hpp>
#include <smplist/location/verdict.hpp>

#include <algorithm>
#include <optional>
#include <vector>

namespace smplist {

/// A server that clients try, with its ports in the order of trying.
struct reference_server {
  smplist::host host;
  std::vector<std::uint16_t> ports;

  [[nodiscard]] bool is(const host_port& reached) const {
    return host == reached.host && std::find(ports.begin(), ports.end(), reached.port) != ports.end();
  }

  friend bool operator==(const reference_server& a, const reference_server& b) noexcept {
    return a.host == b.host && a.ports == b.ports;
  }
};

struct connection_criterion {
  static constexpr std::size_t max_reference_servers = 320;

  std::optional<reference_server> management_server = {};
  std::vector<reference_server> reference_servers = {};  // at most `max_reference_servers`

  /// The first host and port that the client reached and that is one of the policy's.
  [[nodiscard]] location_verdict judge(const client& who) const {
    if (who.reached.empty()) return {evidence::none, {}};
    for (const host_port& reached : who.reached) {
      const bool counts = (management_server && management_server->is(reached)) ||
                          std::any_of(reference_servers.begin(), reference_servers.end(),
                                      [&](const reference_server& server) { return server.is(reached); });
      if (counts) return {evidence::matches, reached.to_text()};
    }
    return {evidence::differs, {}};
  }

  friend bool operator==(const connection_criterion& a, const connection_criterion& b) noexcept {
    return a.management_server == b.management_server && a.reference_servers == b.reference_servers;
  }
};

}  // namespace smplist
