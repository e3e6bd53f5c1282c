// SPDX-License-Identifier: MIT
/// \file location.hpp
/// Floor 5. The location criteria: one alternative and one file in location/ for each.
#pragma once

#include <smplist/location/connection.hpp>
#include <smplist/location/gateway.hpp>

#include <variant>

namespace smplist {

/// A policy has exactly one. [S-30]
using location_criterion = std::variant<gateway_criterion, connection_criterion>;

/// The alternatives of `location_criterion`, in their order, as documents name them.
enum class criterion_kind : std::uint8_t { gateway, connection };

template <>
struct detail::words<criterion_kind> {
  static constexpr std::string_view table[] = {"gateway", "connection"};
};
static_assert(detail::count_of<criterion_kind> == std::variant_size_v<location_criterion>);

}  // namespace smplist
