// SPDX-License-Identifier: MIT
/// \file detail/quick_scan.hpp
/// Cellar. IPv4 text in bulk: no branch on the length of an octet.
#pragma once

#include <smplist/detail/lanes.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace smplist::detail {

inline constexpr std::size_t longest_ipv4 = 15;
inline constexpr std::size_t quick_scan_reads = 20;  // bytes from the start of a text

#if !defined(SMPLIST_SCALAR) && defined(__SSE2__)

/// By the number of an octet's digits: the least value without a leading zero; none is possible but 1 to 3.
inline constexpr std::array<std::uint32_t, 16> least_octets = {1000, 0,    10,   100,  1000, 1000, 1000, 1000,
                                                               1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000};

/// The octet of `length` digits at `text`; bits above the lowest eight are set if it is none. Reads four bytes.
[[nodiscard]] inline std::uint32_t quick_octet(const char* text, std::uint32_t length) noexcept {
  std::uint32_t digits = 0;
  std::memcpy(&digits, text, 4);
  digits = (digits ^ 0x30303030U) << (8 * (4 - length) & 31U);  // the last digit into the highest byte
  const std::uint32_t no_digit = (digits | (digits + 0x76767676U)) & 0x80808080U;
  const std::uint32_t value = (digits >> 8U & 0xFFU) * 100 + (digits >> 16U & 0xFFU) * 10 + (digits >> 24U);
  const std::uint32_t too_small = (value - least_octets[length]) >> 31U << 8U;
  return value | too_small | no_digit << 1U | no_digit >> 1U;
}

/// Reads four decimal octets, the whole of `size` bytes, exactly as `scan_ipv4` does. [S-01]
/// Reads `quick_scan_reads` bytes from `text`, whatever `size` is.
[[nodiscard]] inline bool quick_scan_ipv4(const char* text, std::size_t size, std::uint32_t& bits) noexcept {
  if (size > longest_ipv4) return false;
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text));
  const auto all = static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('.'))));
  const std::uint32_t first = all & ((1U << size) - 1);
  const std::uint32_t second = first & (first - 1);
  const std::uint32_t third = second & (second - 1);
  if (third == 0 || (third & (third - 1)) != 0) return false;  // not three dots
  const std::uint32_t a = count_trailing_zeros(first);
  const std::uint32_t b = count_trailing_zeros(second);
  const std::uint32_t c = count_trailing_zeros(third);
  const std::uint32_t octets[4] = {quick_octet(text, a), quick_octet(text + a + 1, b - a - 1),
                                   quick_octet(text + b + 1, c - b - 1),
                                   quick_octet(text + c + 1, static_cast<std::uint32_t>(size) - c - 1)};
  bits = octets[0] << 24U | octets[1] << 16U | octets[2] << 8U | octets[3];
  return (octets[0] | octets[1] | octets[2] | octets[3]) <= 0xFF;
}

inline constexpr bool has_quick_scan = true;

#else

[[nodiscard]] inline bool quick_scan_ipv4(const char*, std::size_t, std::uint32_t&) noexcept { return false; }

inline constexpr bool has_quick_scan = false;

#endif

/// The same where only `readable` bytes may be read; false where there is no quick way, too.
[[nodiscard]] inline bool quick_scan_ipv4(const char* text, std::size_t size, std::size_t readable,
                                          std::uint32_t& bits) noexcept {
  if (!has_quick_scan || size > longest_ipv4) return false;
  if (readable >= quick_scan_reads) return quick_scan_ipv4(text, size, bits);
  std::array<char, quick_scan_reads> room{};
  if (size != 0) std::memcpy(room.data(), text, size);
  return quick_scan_ipv4(room.data(), size, bits);
}

}  // namespace smplist::detail
