// SPDX-License-Identifier: MIT
/// \file location/verdict.hpp
/// Floor 5. What a location criterion says of a client.
#pragma once

#include <cstdint>
#include <string>

namespace smplist {

enum class evidence : std::uint8_t { none, matches, differs };

struct location_verdict {
  evidence found = evidence::none;
  std::string by = {};  // what matched, in canonical text
};

}  // namespace smplist
