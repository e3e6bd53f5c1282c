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
#include <immintrin.h>
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

/// Where addresses go, 32 or 128 bits each; one more is written than counted.
template <class Bits>
struct quick_found {
  Bits* bits;
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
__attribute__((target("ssse3"))) inline void quick_scan_ipv4_ssse3(std::size_t n, TextOf text_of,
                                                                   quick_found<std::uint32_t>& found, std::uint32_t* rest,
                                                                   std::size_t& left) noexcept {
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
inline void quick_scan_ipv4(std::size_t n, TextOf text_of, quick_found<std::uint32_t>& found, std::uint32_t* rest,
                            std::size_t& left) noexcept {
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

#if defined(__GNUC__)

/// How the groups of an address are put in place: those behind the gap move to the end. A row holds `u128` as it lies in memory.
struct gap_moves {
  std::array<std::array<std::uint8_t, 16>, 128> rows{};

  [[nodiscard]] static constexpr std::size_t slot(unsigned before_gap, unsigned missing) noexcept {
    return (before_gap & 7U) << 4U | (missing & 15U);  // of eight groups none is missing, so it is the same where the gap is
  }

  constexpr gap_moves() noexcept {
    for (unsigned before = 0; before < 8; ++before) {
      for (unsigned missing = 0; missing <= 8; ++missing) {
        for (unsigned at = 0; at < 16; ++at) {
          const unsigned byte = at < 8 ? 7 - at : 23 - at;  // of the address, in network order
          const unsigned group = byte / 2;
          const bool in_gap = group >= before && group < before + missing;
          rows[slot(before, missing)][at] = static_cast<std::uint8_t>(in_gap ? 0x80 : group < before ? byte : byte - 2 * missing);
        }
      }
    }
  }
};
inline constexpr gap_moves all_gap_moves;

/// Characters of an IPv6 text, a bit for each of its first 48 bytes.
struct ipv6_marks {
  std::uint64_t strange = 0;  // neither hexadecimal digits nor colons
  std::uint64_t colons = 0;

  __attribute__((target("avx2"))) explicit ipv6_marks(const char* text) noexcept {
    const __m256i front = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text));
    const __m128i back = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + 32));
    // by the lower half of a character: 1 if it may follow 3 (digits and the colon), 2 if it may follow 4 and 6 (letters)
    const __m128i lower = _mm_setr_epi8(1, 3, 3, 3, 3, 3, 3, 1, 1, 1, 1, 0, 0, 0, 0, 0);
    const __m128i upper = _mm_setr_epi8(0, 0, 0, 1, 2, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    const __m256i lower_twice = _mm256_broadcastsi128_si256(lower);
    const __m256i upper_twice = _mm256_broadcastsi128_si256(upper);
    const __m256i front_upper = _mm256_and_si256(_mm256_srli_epi16(front, 4), _mm256_set1_epi8(0x0F));
    const __m128i back_upper = _mm_and_si128(_mm_srli_epi16(back, 4), _mm_set1_epi8(0x0F));
    const __m256i front_known =
        _mm256_and_si256(_mm256_shuffle_epi8(lower_twice, front), _mm256_shuffle_epi8(upper_twice, front_upper));
    const __m128i back_known = _mm_and_si128(_mm_shuffle_epi8(lower, back), _mm_shuffle_epi8(upper, back_upper));
    const auto bits = [](int front_bits, int back_bits) {
      return static_cast<std::uint64_t>(static_cast<std::uint32_t>(back_bits)) << 32U | static_cast<std::uint32_t>(front_bits);
    };
    strange = bits(_mm256_movemask_epi8(_mm256_cmpeq_epi8(front_known, _mm256_setzero_si256())),
                   _mm_movemask_epi8(_mm_cmpeq_epi8(back_known, _mm_setzero_si128())));
    colons = bits(_mm256_movemask_epi8(_mm256_cmpeq_epi8(front, _mm256_set1_epi8(':'))),
                  _mm_movemask_epi8(_mm_cmpeq_epi8(back, _mm_set1_epi8(':'))));
  }
};

/// Where the groups of an IPv6 text lie.
struct ipv6_groups_at {
  std::uint64_t ends;  // a bit behind each group
  unsigned before_gap;
  unsigned missing;  // of eight
  bool good;

  __attribute__((target("popcnt"))) ipv6_groups_at(const ipv6_marks& marks, std::size_t size) noexcept {
    const std::uint64_t whole = (std::uint64_t{1} << (size < 40 ? size : 40)) - 1;
    const std::uint64_t colons = marks.colons & whole;
    const std::uint64_t digits = whole & ~colons;
    const std::uint64_t gap = colons & colons >> 1U;  // its first colon; of three colons there are two
    ends = digits << 1U & ~digits;
    const auto count = static_cast<unsigned>(__builtin_popcountll(ends));
    before_gap = static_cast<unsigned>(__builtin_popcountll(ends & (gap | (gap - 1))));
    missing = 8 - count;
    const std::uint64_t last = whole ^ whole >> 1U;
    const std::uint64_t alone = colons & ((1U & ~gap) | (last & ~(gap << 1U)));  // at the begin or end
    const std::uint64_t two_digits = digits & digits >> 1U;
    const std::uint64_t five_digits = two_digits & two_digits >> 2U & digits >> 4U;
    const std::uint64_t wrong = (whole & marks.strange) | (gap & (gap - 1)) | alone | five_digits | whole >> 39U;
    good = (wrong == 0) & ((count == 8) != (gap != 0)) & (count < 9);
  }
};

/// Four characters that end behind each of the lowest two bits of `ends`, which are taken away.
struct group_pair {
  std::uint32_t first = 0;
  std::uint32_t second = 0;

  /// `near_start`: there may be fewer than four characters in front of them; zeros are in their place.
  group_pair(const char* text, std::uint64_t& ends, bool near_start) noexcept
      : first(next(text, ends, near_start)), second(next(text, ends, near_start)) {}

  [[nodiscard]] static std::uint32_t next(const char* text, std::uint64_t& ends, bool near_start) noexcept {
    const std::size_t end = count_trailing_zeros(ends);
    ends &= ends - 1;
    std::uint32_t letters = 0;
    if (!near_start) {
      std::memcpy(&letters, text + end - 4, 4);
      return letters;
    }
    const std::size_t inside = end < 4 ? end : 4;
    std::memcpy(&letters, text + end - inside, 4);
    return letters << ((32 - 8 * inside) & 31U);
  }
};

/// Adds the texts that are IPv6 addresses with the instructions that processors have since 2013: call it only if `has_quick_ipv6()`.
__attribute__((target("avx2,popcnt,bmi,bmi2"))) inline void quick_scan_ipv6_avx2(const quick_text* texts, std::size_t n,
                                                                                 quick_found<u128>& found, std::uint32_t* rest,
                                                                                 std::size_t& left) noexcept {
  constexpr std::uint64_t none = std::uint64_t{0xFF} << 40U;  // where groups end that are not there
  const __m256i weights = _mm256_set1_epi16(0x0110);          // 16, 1
  const __m128i mapped = _mm_set_epi32(0xFFFF, 0, 0, 0);
  std::size_t count = found.count;
  std::size_t others = left;
  for (std::size_t i = 0; i < n; ++i) {
    const quick_text& text = texts[i];
    const ipv6_groups_at at(ipv6_marks(text.at), text.size);
    std::uint64_t ends = at.ends | none;
    const group_pair a(text.at, ends, true);
    const group_pair b(text.at, ends, false);
    const group_pair c(text.at, ends, false);
    const group_pair d(text.at, ends, false);
    const auto four = [](group_pair x, group_pair y) {
      return _mm_setr_epi32(static_cast<int>(x.first), static_cast<int>(x.second), static_cast<int>(y.first),
                            static_cast<int>(y.second));
    };
    const __m256i letters = _mm256_set_m128i(four(c, d), four(a, b));
    // a colon and what stands before it belongs to no group
    __m256i outside = _mm256_cmpeq_epi8(letters, _mm256_set1_epi8(':'));
    outside = _mm256_or_si256(outside, _mm256_srli_epi32(outside, 8));
    outside = _mm256_or_si256(outside, _mm256_srli_epi32(outside, 16));
    const __m256i nine_more = _mm256_and_si256(_mm256_cmpgt_epi8(letters, _mm256_set1_epi8('9')), _mm256_set1_epi8(9));
    const __m256i low_bits = _mm256_add_epi8(_mm256_and_si256(letters, _mm256_set1_epi8(0x0F)), nine_more);
    const __m256i digits = _mm256_andnot_si256(outside, low_bits);
    const __m256i pairs = _mm256_maddubs_epi16(digits, weights);
    const __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256(pairs, 1));
    const std::uint8_t* const moves = all_gap_moves.rows[gap_moves::slot(at.before_gap, at.missing)].data();
    const __m128i bits = _mm_shuffle_epi8(bytes, _mm_loadu_si128(reinterpret_cast<const __m128i*>(moves)));
    const bool is_mapped = (_mm_movemask_epi8(_mm_cmpeq_epi8(bits, mapped)) & 0xF0FF) == 0xF0FF;
    const std::size_t good = (at.good & !is_mapped) ? 1 : 0;
    _mm_storeu_si128(reinterpret_cast<__m128i*>(&found.bits[count]), bits);
    found.rows[count] = text.row;
    count += good;
    rest[others] = static_cast<std::uint32_t>(i);
    others += 1 - good;
  }
  found.count = count;
  left = others;
}

[[nodiscard]] inline bool has_quick_ipv6() noexcept {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("bmi") &&
         __builtin_cpu_supports("bmi2");
}

#endif

#else

inline constexpr bool has_quick_scan = false;

template <class TextOf>
inline void quick_scan_ipv4(std::size_t n, TextOf, quick_found<std::uint32_t>&, std::uint32_t* rest, std::size_t& left) noexcept {
  for (std::size_t i = 0; i < n; ++i) rest[left++] = static_cast<std::uint32_t>(i);
}

#endif

/// Adds the texts that are IPv6 addresses in hexadecimal groups to `found`, and the numbers of the others to `rest`, as
/// `quick_scan_ipv4` does. Mapped addresses are among the others, and so is all that this processor cannot read in bulk. [S-01]
inline void quick_scan_ipv6(const quick_text* texts, std::size_t n, quick_found<u128>& found, std::uint32_t* rest,
                            std::size_t& left) noexcept {
#if defined(SMPLIST_QUICK_SCAN) && defined(__GNUC__)
  if (has_quick_ipv6()) return quick_scan_ipv6_avx2(texts, n, found, rest, left);
#endif
  static_cast<void>(texts);
  static_cast<void>(found);
  for (std::size_t i = 0; i < n; ++i) rest[left++] = static_cast<std::uint32_t>(i);
}

}  // namespace smplist::detail
