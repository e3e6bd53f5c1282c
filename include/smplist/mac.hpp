// SPDX-License-Identifier: MIT
/// \file mac.hpp
/// Floor 1. A MAC address, by which a gateway is told from another with the same IP address.
#pragma once

#include <smplist/detail/scan.hpp>
#include <smplist/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace smplist {

/// 48 bits, compared by value. [S-31]
class mac_address {
 public:
  /// Reads `00:11:22:33:44:55`, `00-11-22-33-44-55`, `0011.2233.4455` or `001122334455`.
  /// \returns the address, or `errc::bad_mac`
  [[nodiscard]] static constexpr result<mac_address> try_parse(std::string_view text) noexcept {
    const std::size_t every = text.size() == 17 ? 2 : text.size() == 14 ? 4 : 12;  // digits between separators
    const char separator = text.size() == 17 ? text[2] : '.';
    const bool sized = text.size() == 17 ? separator == ':' || separator == '-' : text.size() == 14 || text.size() == 12;
    if (!sized) return error_at(errc::bad_mac, 0, text.size());
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const bool between = i % (every + 1) == every;
      const int digit = detail::hex_value(text[i]);
      if (between ? text[i] != separator : digit < 0) return error_at(errc::bad_mac, i, 1);
      if (!between) bits = bits << 4U | static_cast<std::uint64_t>(digit);
    }
    return mac_address(bits);
  }

#if defined(__cpp_exceptions)
  /// \throws parse_exception
  [[nodiscard]] static mac_address parse(std::string_view text) { return detail::parse_or_throw<mac_address>(text); }
#endif

  [[nodiscard]] constexpr std::uint64_t bits() const noexcept { return bits_; }

  /// `00:11:22:33:44:55`, lower case.
  [[nodiscard]] std::string to_text() const {
    std::string out;
    for (unsigned shift = 48; shift != 0; shift -= 4) {
      if (shift % 8 == 0 && shift != 48) out += ':';
      out += "0123456789abcdef"[bits_ >> (shift - 4) & 15U];
    }
    return out;
  }

  friend constexpr bool operator==(mac_address a, mac_address b) noexcept { return a.bits_ == b.bits_; }
  friend constexpr bool operator!=(mac_address a, mac_address b) noexcept { return !(a == b); }

 private:
  constexpr explicit mac_address(std::uint64_t bits) noexcept : bits_(bits) {}

  std::uint64_t bits_ = 0;
};

}  // namespace smplist
