// SPDX-License-Identifier: MIT
/// \file detail/quick_scan.hpp
/// Cellar. Texts of addresses in bulk: no branch on the length of an octet, none on what a text holds.
#pragma once

#include <smplist/detail/lanes.hpp>
#include <smplist/detail/u128.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if !defined(SMPLIST_SCALAR) && defined(__SSE2__)
#define SMPLIST_QUICK_SCAN 1
#if defined(__GNUC__)
#include <tmmintrin.h>
#endif
#endif

namespace smplist::detail {

/// Bytes from the start of each text that are read, whatever its size.
inline constexpr std::size_t quick_scan_reads = 48;

/// A text, and what it is called.
struct quick_text {
  const char* at;
  std::size_t size;
  std::uint32_t row;
};

/// Where IPv4 addresses go; one more is written than counted.
struct quick_found {
  std::uint32_t* bits;
  std::uint32_t* rows;
  std::size_t count;
};

#if defined(SMPLIST_QUICK_SCAN)

inline constexpr bool has_quick_scan = true;

/// Where the octets of a text lie.
struct octet_lengths {
  std::array<std::uint32_t, 4> less_one;  // of an octet that is missing: a large number
  bool three_dots;

  /// `dots` has a bit for each of the first 16 bytes.
  octet_lengths(std::uint32_t dots, std::size_t size) noexcept {
    constexpr std::uint32_t none = 0x10000;
    const auto end = static_cast<std::uint32_t>(size < 16 ? size : 16);
    const std::uint32_t first = dots & ((1U << end) - 1);
    const std::uint32_t second = first & (first - 1);
    const std::uint32_t third = second & (second - 1);
    three_dots = third != 0 && (third & (third - 1)) == 0 && size < 16;
    const std::uint32_t a = count_trailing_zeros(first | none);
    const std::uint32_t b = count_trailing_zeros(second | none);
    const std::uint32_t c = count_trailing_zeros(third | none);
    less_one = {a - 1, b - a - 2, c - b - 2, end - c - 2};
  }
};

[[nodiscard]] inline std::uint32_t equal_bytes(__m128i bytes, char what) noexcept {
  return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(what))));
}

/// By the number of an octet's digits less one: the least value without a leading zero; a fourth is too many.
inline constexpr std::array<std::uint32_t, 4> least_octets = {0, 10, 100, 1000};

/// The octet of `less_one + 1` digits at `text`; bits above the lowest eight are set if it is none. Reads four bytes.
[[nodiscard]] inline std::uint32_t quick_octet(const char* text, std::uint32_t less_one) noexcept {
  std::uint32_t digits = 0;
  std::memcpy(&digits, text, 4);
  digits = (digits ^ 0x30303030U) << (8 * (3 - less_one) & 31U);  // the last digit into the highest byte
  const std::uint32_t no_digit = (digits | (digits + 0x76767676U)) & 0x80808080U;
  const std::uint32_t value = (digits >> 8U & 0xFFU) * 100 + (digits >> 16U & 0xFFU) * 10 + (digits >> 24U);
  const std::uint32_t too_small = (value - least_octets[less_one & 3U]) >> 31U << 8U;
  return value | too_small | no_digit << 1U | no_digit >> 1U | (less_one > 2 ? 0x100U : 0U);
}

/// Reads four decimal octets, the whole of `size` bytes, exactly as `scan_ipv4` does. [S-01]
struct quick_ipv4 {
  [[nodiscard]] bool operator()(const char* text, std::size_t size, std::uint32_t& bits) const noexcept {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text));
    const octet_lengths lengths(equal_bytes(bytes, '.'), size);
    if (!lengths.three_dots) return false;
    std::uint32_t all = 0;
    bits = 0;
    for (const std::uint32_t less_one : lengths.less_one) {
      const std::uint32_t octet = quick_octet(text, less_one);
      text += (less_one & 3U) + 2;
      all |= octet;
      bits = bits << 8U | octet;
    }
    return all <= 0xFF;
  }
};

#if defined(__GNUC__)

/// How a text is read whose octets end where `ends` has bits.
struct octet_pattern {
  std::array<std::uint8_t, 16> from{};   // hundreds, tens, ones and nothing of each octet
  std::array<std::uint32_t, 4> least{};  // of each octet
  std::uint32_t ends = 0;                // 0: none
};

/// Tells the 81 patterns apart.
[[nodiscard]] constexpr std::uint32_t octet_slot(std::uint32_t ends) noexcept { return ends * 0x5E83B6AFU >> 24U; }

struct octet_patterns {
  std::array<octet_pattern, 256> slots{};
  bool apart = true;

  constexpr octet_patterns() noexcept {
    for (unsigned lengths = 0; lengths < 81; ++lengths) {
      octet_pattern made;
      unsigned at = 0;
      unsigned left = lengths;
      for (unsigned octet = 0; octet < 4; ++octet) {
        const unsigned digits = left % 3 + 1;
        left /= 3;
        for (unsigned k = 0; k < 4; ++k)
          made.from[4 * octet + k] = static_cast<std::uint8_t>(k == 3 || k + digits < 3 ? 0x80 : at + k + digits - 3);
        made.least[octet] = least_octets[digits - 1];
        at += digits;
        made.ends |= 1U << at++;
      }
      apart = apart && slots[octet_slot(made.ends)].ends == 0;
      slots[octet_slot(made.ends)] = made;
    }
  }
};
inline constexpr octet_patterns all_octet_patterns;
static_assert(all_octet_patterns.apart);

/// The same with the byte shuffles of SSSE3, which this processor has to have.
template <class TextOf>
__attribute__((target("ssse3"))) inline void quick_scan_ipv4_ssse3(std::size_t n, TextOf text_of, quick_found& found,
                                                                   std::uint32_t* rest, std::size_t& left) noexcept {
  const __m128i zero = _mm_setzero_si128();
  const __m128i nine = _mm_set1_epi8(9);
  const __m128i weights = _mm_set1_epi32(0x00010A64);  // 100, 10, 1
  const __m128i ones = _mm_set1_epi16(1);
  const __m128i most = _mm_set1_epi32(255);
  const __m128i big_endian = _mm_set1_epi32(0x0004080C);
  std::size_t count = found.count;
  std::size_t others = left;
  for (std::size_t i = 0; i < n; ++i) {
    const quick_text text = text_of(i);
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.at));
    const std::uint32_t end = 1U << (text.size < 16 ? text.size : 16);
    const std::uint32_t ends = (equal_bytes(bytes, '.') & (end - 1)) | end;
    const octet_pattern& pattern = all_octet_patterns.slots[octet_slot(ends)];
    const __m128i from = _mm_loadu_si128(reinterpret_cast<const __m128i*>(pattern.from.data()));
    const __m128i least = _mm_loadu_si128(reinterpret_cast<const __m128i*>(pattern.least.data()));
    const __m128i digits = _mm_shuffle_epi8(_mm_sub_epi8(bytes, _mm_set1_epi8('0')), from);
    const __m128i values = _mm_madd_epi16(_mm_maddubs_epi16(digits, weights), ones);
    const __m128i outside = _mm_or_si128(_mm_cmpgt_epi32(values, most), _mm_cmpgt_epi32(least, values));
    const __m128i wrong = _mm_or_si128(_mm_subs_epu8(digits, nine), outside);
    const auto wrong_bytes = static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(wrong, zero))) ^ 0xFFFFU;
    const std::size_t bad = (wrong_bytes | (pattern.ends ^ ends)) != 0 ? 1 : 0;
    found.bits[count] = static_cast<std::uint32_t>(_mm_cvtsi128_si32(_mm_shuffle_epi8(values, big_endian)));
    found.rows[count] = text.row;
    count += 1 - bad;
    rest[others] = static_cast<std::uint32_t>(i);
    others += bad;
  }
  found.count = count;
  left = others;
}

#endif

/// Adds the texts that are IPv4 addresses to `found`, and the numbers of the others to `rest`, behind the `left` that are there;
/// one more is written than counted. `text_of(i)` gives the text number `i` of `n`.
template <class TextOf>
inline void quick_scan_ipv4(std::size_t n, TextOf text_of, quick_found& found, std::uint32_t* rest, std::size_t& left) noexcept {
#if defined(__GNUC__)
  if (__builtin_cpu_supports("ssse3")) return quick_scan_ipv4_ssse3(n, text_of, found, rest, left);
#endif
  for (std::size_t i = 0; i < n; ++i) {
    const quick_text text = text_of(i);
    const bool good = quick_ipv4()(text.at, text.size, found.bits[found.count]);
    found.rows[found.count] = text.row;
    rest[left] = static_cast<std::uint32_t>(i);
    found.count += good ? 1U : 0U;
    left += good ? 0U : 1U;
  }
}

/// Groups of an IPv6 address, read one behind the other.
struct hextets {
  u128 bits;
  unsigned count = 0;
  bool good = true;

  /// `ends` has a bit behind each group. An empty text has no groups.
  hextets(const char* text, std::size_t from, std::size_t to, std::uint64_t colons) noexcept {
    if (from == to) return;
    std::uint64_t ends = (colons & ((std::uint64_t{1} << to) - 1)) >> from | std::uint64_t{1} << (to - from);
    text += from;
    unsigned at = 0;
    for (; ends != 0; ends &= ends - 1) {
      const unsigned end = count_trailing_zeros(ends);
      const unsigned less_one = end - at - 1;
      std::uint32_t letters = 0;
      std::memcpy(&letters, text + at, 4);
      letters <<= 8 * (3 - less_one) & 31U;  // the last digit into the highest byte
      const std::uint32_t digits = (letters & 0x0F0F0F0FU) + 9 * (letters >> 6U & 0x01010101U);
      const std::uint32_t pairs = digits << 4U | digits >> 8U;
      bits = {bits.hi << 16U | bits.lo >> 48U, bits.lo << 16U | (pairs & 0xFFU) << 8U | (pairs >> 16U & 0xFFU)};
      good = good && less_one < 4;
      ++count;
      at = end + 1;
    }
  }

  /// Moved to the front of an address.
  [[nodiscard]] u128 leading() const noexcept {
    if (count == 0) return {};
    const unsigned behind = 128 - 16 * count;
    if (behind == 0) return bits;
    if (behind >= 64) return {bits.lo << (behind - 64), 0};
    return {bits.hi << behind | bits.lo >> (64 - behind), bits.lo << behind};
  }
};

/// Reads groups of hexadecimal digits, the whole of `size` bytes, as `scan_ipv6` does; a text with dots or without need is left
/// to that. [S-02]
[[nodiscard]] inline bool quick_scan_ipv6(const char* text, std::size_t size, u128& bits) noexcept {
  if (size < 2 || size > 39) return false;
  std::uint64_t known = 0;
  std::uint64_t colons = 0;
  for (unsigned k = 0; k < 3; ++k) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + std::size_t{16} * k));
    const __m128i numbers = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));  // the colon is the tenth
    const __m128i letters = _mm_sub_epi8(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
    const __m128i good = _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(numbers, _mm_set1_epi8(10)), numbers),
                                      _mm_cmpeq_epi8(_mm_min_epu8(letters, _mm_set1_epi8(5)), letters));
    known |= static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm_movemask_epi8(good))) << (16 * k);
    colons |= std::uint64_t{equal_bytes(bytes, ':')} << (16 * k);
  }
  const std::uint64_t whole = (std::uint64_t{1} << size) - 1;
  if ((known & whole) != whole) return false;
  colons &= whole;
  const std::uint64_t gap = colons & colons >> 1U;
  if (gap == 0) {
    const hextets all(text, 0, size, colons);
    bits = all.bits;
    return all.good && all.count == 8;
  }
  if ((gap & (gap - 1)) != 0) return false;
  const unsigned at = count_trailing_zeros(gap);
  const hextets head(text, 0, at, colons);
  const hextets tail(text, at + 2, size, colons);
  if (!head.good || !tail.good || head.count + tail.count > 7) return false;
  bits = head.leading() | tail.bits;
  return true;
}

#else

inline constexpr bool has_quick_scan = false;

template <class TextOf>
inline void quick_scan_ipv4(std::size_t n, TextOf, quick_found&, std::uint32_t* rest, std::size_t& left) noexcept {
  for (std::size_t i = 0; i < n; ++i) rest[left++] = static_cast<std::uint32_t>(i);
}

[[nodiscard]] inline bool quick_scan_ipv6(const char*, std::size_t, u128&) noexcept { return false; }

#endif

}  // namespace smplist::detail
