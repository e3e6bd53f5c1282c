// SPDX-License-Identifier: MIT
/// \file order/as_listed.hpp
/// Floor 4. `ordered`: sources are tried as written. [S-20]
#pragma once

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

namespace smplist::detail {

/// Positions 0 to n-1.
[[nodiscard]] inline std::vector<std::size_t> arrange_as_listed(std::size_t n) {
  std::vector<std::size_t> positions(n);
  std::iota(positions.begin(), positions.end(), std::size_t{0});
  return positions;
}

}  // namespace smplist::detail
