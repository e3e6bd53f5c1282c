// SPDX-License-Identifier: MIT
/// \file detail/scan.hpp
/// Cellar. Characters and cursors for the parsers: ASCII only, no locale, no allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace smplist::detail {

[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
[[nodiscard]] constexpr bool is_alpha(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
[[nodiscard]] constexpr bool is_ascii(char c) noexcept { return static_cast<unsigned char>(c) < 0x80; }
[[nodiscard]] constexpr bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }
[[nodiscard]] constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

/// 0 to 15, or -1.
[[nodiscard]] constexpr int hex_value(char c) noexcept {
  if (is_digit(c)) return c - '0';
  const char l = lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

/// A number of at most `max_digits` digits at the start of `text`; how many bytes it took (0: none there).
struct scanned_number {
  std::uint32_t value = 0;
  std::size_t digits = 0;
};

[[nodiscard]] constexpr scanned_number scan_decimal(std::string_view text) noexcept {
  scanned_number n;
  while (n.digits < text.size() && is_digit(text[n.digits])) {
    // saturates: an octet of 33 digits is too large, not a small number
    n.value = n.value > 99999999U ? n.value : n.value * 10 + static_cast<std::uint32_t>(text[n.digits] - '0');
    ++n.digits;
  }
  return n;
}

[[nodiscard]] constexpr std::size_t count_blanks(std::string_view text) noexcept {
  std::size_t n = 0;
  while (n < text.size() && text[n] == ' ') ++n;
  return n;
}

/// `find` without the library's: usable in constant expressions on every compiler of our list.
[[nodiscard]] constexpr std::size_t find_char(std::string_view text, char wanted) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == wanted) return i;
  }
  return std::string_view::npos;
}

}  // namespace smplist::detail
