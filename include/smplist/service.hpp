// SPDX-License-Identifier: MIT
/// \file service.hpp
/// Floor 3. What clients ask for, and over what.
#pragma once

#include <smplist/detail/words.hpp>

#include <array>
#include <cstdint>

namespace smplist {

/// The two queries: is this file known to be bad, is this website. [S-13]
enum class service : std::uint8_t { file_reputation, web_reputation };

inline constexpr std::array<service, 2> all_services = {service::file_reputation, service::web_reputation};

template <>
struct detail::words<service> {
  static constexpr std::string_view table[] = {"file_reputation", "web_reputation"};
};

enum class scheme : std::uint8_t { http, https };

template <>
struct detail::words<scheme> {
  static constexpr std::string_view table[] = {"http", "https"};
};

/// Where a source listens for one service. [S-13]
struct endpoint {
  smplist::scheme scheme = smplist::scheme::https;
  std::uint16_t port = 443;  // 1 to 65535

  friend constexpr bool operator==(endpoint a, endpoint b) noexcept { return a.scheme == b.scheme && a.port == b.port; }
  friend constexpr bool operator!=(endpoint a, endpoint b) noexcept { return !(a == b); }
};

}  // namespace smplist
