// SPDX-License-Identifier: MIT
/// \file order/random.hpp
/// Floor 4. `random`: rendezvous hashing, fixed for ever by docs/reference/random-order.md. [S-21]
#pragma once

#include <smplist/detail/hash.hpp>
#include <smplist/order/as_listed.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace smplist {

namespace detail {

/// What the ranks of all sources for a key and an epoch have in common.
[[nodiscard]] constexpr std::uint64_t rank_base(std::uint64_t key, std::uint64_t epoch) noexcept {
  return mix64(key + epoch * 0x9E3779B97F4A7C15U);
}
/// A source's rank, by the hash of its identity.
[[nodiscard]] constexpr std::uint64_t rank_of(std::uint64_t base, std::uint64_t identity_hash) noexcept {
  return mix64(base ^ identity_hash);
}

}  // namespace detail

/// The rank of an endpoint identity for a client key; the lowest is asked first. [S-21]
[[nodiscard]] constexpr std::uint64_t random_rank(std::uint64_t key, std::uint64_t epoch, std::string_view identity) noexcept {
  return detail::rank_of(detail::rank_base(key, epoch), detail::fnv1a64(identity));
}

namespace detail {

/// Positions by ascending rank, ties by position; empty identities have no rank and come last, as written.
[[nodiscard]] inline std::vector<std::size_t> arrange_at_random(const std::vector<std::string>& identities, std::uint64_t key,
                                                                std::uint64_t epoch) {
  std::vector<std::uint64_t> ranks;
  ranks.reserve(identities.size());
  for (const std::string& identity : identities) ranks.push_back(random_rank(key, epoch, identity));
  std::vector<std::size_t> positions = arrange_as_listed(identities.size());
  std::stable_sort(positions.begin(), positions.end(), [&](std::size_t a, std::size_t b) {
    if (identities[a].empty() || identities[b].empty()) return !identities[a].empty() && identities[b].empty();
    return ranks[a] < ranks[b];
  });
  return positions;
}

}  // namespace detail

}  // namespace smplist
