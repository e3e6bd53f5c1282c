// SPDX-License-Identifier: MIT
// A toy universe for the analysis: every address near which a range of `generate.hpp` can begin or end, and one between.
#pragma once

#include "generate.hpp"

#include <smplist/analysis/partition.hpp>

#include <vector>

namespace universe {

using namespace smplist;

/// All toy addresses of a family, block by block, and one that no range can be near.
inline std::vector<address> addresses(family f) {
  std::vector<address> all;
  for (const char* base : generate::bases) {
    const address first = address::parse(base);
    if (first.family() != f) continue;
    for (std::uint64_t i = 0; i < generate::block; ++i) {
      const detail::u128 bits = first.bits() + detail::u128{0, i};
      all.push_back(address::from_bits(bits));
    }
  }
  all.push_back(address::parse(f == family::ipv4 ? "192.0.2.1" : "2001:db8:ffff::1"));
  return all;
}

inline client at(std::vector<address> where, location l, std::optional<family_set> stack = {}) {
  client who;
  for (const address a : where) who.addresses.emplace_back(a);
  who.location = l;
  who.stack = stack;
  return who;
}

/// The stacks that a client may state, and none.
inline const std::optional<family_set> stacks[] = {std::nullopt, family_set(family::ipv4), family_set(family::ipv6),
                                                   family_set::both()};

/// The plain engine's plan without its scope, which takes longer than all the rest.
inline plan plan_of(const policy& p, const client& who, service what) { return detail::evaluation(p, who, what, {}).run(); }

/// What a client gets, asked of the plain engine.
inline answer ask(const policy& p, const client& who, service what) { return answer_of(plan_of(p, who, what)); }

}  // namespace universe
