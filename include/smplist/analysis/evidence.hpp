// SPDX-License-Identifier: MIT
/// \file analysis/evidence.hpp
/// Floor 8. What evidence makes a client internal under one policy and external under another. [S-30]
#pragma once

#include <smplist/policy.hpp>

#include <set>
#include <string>
#include <variant>
#include <vector>

namespace smplist {

/// Evidence that two policies judge differently: a client without a declared location that has nothing else.
///
/// A gateway without MAC address stands for every MAC address that no other row names.
struct changed_evidence {
  client example;  // one gateway, or one server reached
  location before = location::external;
  location after = location::external;

  friend bool operator==(const changed_evidence& a, const changed_evidence& b) noexcept {
    return a.example.gateways == b.example.gateways && a.example.reached == b.example.reached && a.before == b.before &&
           a.after == b.after;
  }
};

namespace detail {

/// Everything that a criterion can tell from the rest: each entry, and each gateway with any other MAC address.
inline void collect_evidence(const location_criterion& criterion, std::vector<client>& out, std::set<std::string>& seen) {
  const auto add_gateway = [&](const gateway& g) {
    if (!seen.insert(g.address.to_text() + "," + (g.mac ? g.mac->to_text() : "")).second) return;
    out.emplace_back().gateways = {g};
  };
  const auto add_server = [&](const reference_server& server) {
    for (const std::uint16_t port : server.ports) {
      const host_port reached{server.host, port};
      if (seen.insert(reached.to_text()).second) out.emplace_back().reached = {reached};
    }
  };
  std::visit(overload{[&](const gateway_criterion& c) {
                        for (const gateway& g : c.gateways) {
                          add_gateway(g);
                          add_gateway(gateway{g.address});
                        }
                      },
                      [&](const connection_criterion& c) {
                        if (c.management_server) add_server(*c.management_server);
                        for (const reference_server& server : c.reference_servers) add_server(server);
                      }},
             criterion);
}

[[nodiscard]] inline location locate(const location_criterion& criterion, const client& who) {
  const auto verdict = std::visit([&](const auto& c) { return c.judge(who); }, criterion);
  return verdict.found == evidence::matches ? location::internal : location::external;
}

}  // namespace detail

/// The evidence that decides differently. A client is internal if any of its evidence matches, so that if no single piece of
/// it decides differently, none together do. [S-31] [S-32]
[[nodiscard]] inline std::vector<changed_evidence> compare_evidence(const policy& before, const policy& after) {
  std::vector<client> all;
  std::set<std::string> seen;
  for (const policy* p : {&before, &after}) detail::collect_evidence(p->content().criterion, all, seen);
  std::vector<changed_evidence> out;
  for (const client& who : all) {
    const location was = detail::locate(before.content().criterion, who);
    const location is = detail::locate(after.content().criterion, who);
    if (was != is) out.push_back({who, was, is});
  }
  return out;
}

}  // namespace smplist
