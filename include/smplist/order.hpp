// SPDX-License-Identifier: MIT
/// \file order.hpp
/// Floor 4. The selection orders: one row, one file in order/ and one case below for each.
#pragma once

#include <smplist/detail/words.hpp>
#include <smplist/order/as_listed.hpp>
#include <smplist/order/random.hpp>

namespace smplist {

enum class order : std::uint8_t { ordered, random };

template <>
struct detail::words<order> {
  static constexpr std::string_view table[] = {"ordered", "random"};
};

/// The positions 0 to n-1 in the order in which a client tries them. `identities` are those of the sources for the service
/// asked, empty where a source does not offer it.
[[nodiscard]] inline std::vector<std::size_t> arrange(order how, const std::vector<std::string>& identities, std::uint64_t key,
                                                      std::uint64_t epoch) {
  switch (how) {
    case order::ordered: return detail::arrange_as_listed(identities.size());
    case order::random: return detail::arrange_at_random(identities, key, epoch);
  }
  return {};
}

}  // namespace smplist
