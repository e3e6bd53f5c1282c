// SPDX-License-Identifier: MIT
/// \file detail/u128.hpp
/// Cellar. An unsigned 128-bit integer from two words: the same on every compiler, usable in constant expressions.
#pragma once

#include <cstdint>
#include <string>

namespace smplist::detail {

struct u128 {
  std::uint64_t hi = 0;
  std::uint64_t lo = 0;

  friend constexpr bool operator==(u128 a, u128 b) noexcept { return a.hi == b.hi && a.lo == b.lo; }
  friend constexpr bool operator!=(u128 a, u128 b) noexcept { return !(a == b); }
  friend constexpr bool operator<(u128 a, u128 b) noexcept { return a.hi != b.hi ? a.hi < b.hi : a.lo < b.lo; }
  friend constexpr bool operator>(u128 a, u128 b) noexcept { return b < a; }
  friend constexpr bool operator<=(u128 a, u128 b) noexcept { return !(b < a); }
  friend constexpr bool operator>=(u128 a, u128 b) noexcept { return !(a < b); }

  friend constexpr u128 operator&(u128 a, u128 b) noexcept { return {a.hi & b.hi, a.lo & b.lo}; }
  friend constexpr u128 operator|(u128 a, u128 b) noexcept { return {a.hi | b.hi, a.lo | b.lo}; }
  friend constexpr u128 operator~(u128 a) noexcept { return {~a.hi, ~a.lo}; }

  /// Modulo 2^128, as for every unsigned type; callers that must not wrap compare first.
  friend constexpr u128 operator+(u128 a, u128 b) noexcept {
    const std::uint64_t sum = a.lo + b.lo;
    return {a.hi + b.hi + (sum < a.lo ? 1U : 0U), sum};
  }
  friend constexpr u128 operator-(u128 a, u128 b) noexcept { return {a.hi - b.hi - (a.lo < b.lo ? 1U : 0U), a.lo - b.lo}; }
};

inline constexpr u128 u128_max{~std::uint64_t{0}, ~std::uint64_t{0}};

/// The low `bits` bits set; `bits` is 0 to 128. No shift by a full width happens.
[[nodiscard]] constexpr u128 low_mask(unsigned bits) noexcept {
  if (bits >= 128) return u128_max;
  if (bits >= 64) return {bits == 64 ? 0 : ~std::uint64_t{0} >> (128 - bits), ~std::uint64_t{0}};
  return {0, bits == 0 ? 0 : ~std::uint64_t{0} >> (64 - bits)};
}

/// The number of zero bits below the lowest set bit; 128 for zero.
[[nodiscard]] constexpr unsigned trailing_zeros(u128 value) noexcept {
  unsigned count = 0;
  std::uint64_t word = value.lo;
  if (word == 0) {
    if (value.hi == 0) return 128;
    word = value.hi;
    count = 64;
  }
  for (; (word & 1U) == 0; word >>= 1U) ++count;
  return count;
}

/// `top * 2^128 + low` in decimal: counts of addresses go up to 2^128 and beyond.
[[nodiscard]] inline std::string decimal(std::uint64_t top, u128 low) {
  std::uint64_t words[6] = {top >> 32U,           top & 0xFFFFFFFFU, low.hi >> 32U,
                            low.hi & 0xFFFFFFFFU, low.lo >> 32U,     low.lo & 0xFFFFFFFFU};
  std::string digits;
  for (bool more = true; more;) {
    std::uint64_t rest = 0;
    more = false;
    for (std::uint64_t& word : words) {  // long division by ten in base 2^32
      const std::uint64_t part = rest << 32U | word;
      word = part / 10;
      rest = part % 10;
      more = more || word != 0;
    }
    digits.insert(digits.begin(), static_cast<char>('0' + rest));
  }
  return digits;
}

/// `1234567` as `1,234,567`.
[[nodiscard]] inline std::string grouped(std::string digits) {
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

}  // namespace smplist::detail
