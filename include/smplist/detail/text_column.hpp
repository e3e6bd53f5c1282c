// SPDX-License-Identifier: MIT
/// \file detail/text_column.hpp
/// Cellar. Address text in bulk: bytes become bit masks, masks decide, and no branch hangs on the length of an octet or group.
#pragma once

#include <smplist/detail/lanes.hpp>
#include <smplist/detail/u128.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace smplist::detail {

/// What each of 16 bytes is: bit i for byte i.
struct ipv4_marks {
  std::uint32_t dots = 0;
  std::uint32_t digits = 0;
  std::uint32_t zeros = 0;  // the digit 0
};

/// What each of 48 bytes is: bit i for byte i.
struct ipv6_marks {
  std::uint64_t colons = 0;
  std::uint64_t digits = 0;  // hexadecimal, of either case
};

inline constexpr std::size_t ipv4_reach = 16;  // bytes that are looked at, whatever the size of the text
inline constexpr std::size_t ipv6_reach = 48;

/// The byte `b` in all eight places.
[[nodiscard]] constexpr std::uint64_t eightfold(std::uint8_t b) noexcept { return b * 0x0101010101010101U; }

/// Marks by arithmetic on words of eight bytes.
struct portable_marks {
  [[nodiscard]] static ipv4_marks of_ipv4(const std::byte* text) noexcept {
    ipv4_marks out;
    for (unsigned at = 0; at < ipv4_reach; at += 8) {
      const auto word = load<std::uint64_t>(text + at);
      out.dots |= static_cast<std::uint32_t>(gathered(up_to(word ^ eightfold('.'), 0))) << at;
      out.digits |= static_cast<std::uint32_t>(gathered(up_to(word ^ eightfold('0'), 9))) << at;
      out.zeros |= static_cast<std::uint32_t>(gathered(up_to(word ^ eightfold('0'), 0))) << at;
    }
    return out;
  }

  [[nodiscard]] static ipv6_marks of_ipv6(const std::byte* text) noexcept {
    ipv6_marks out;
    for (unsigned at = 0; at < ipv6_reach; at += 8) {
      const auto word = load<std::uint64_t>(text + at);
      const std::uint64_t letter = (word | eightfold(0x20)) ^ eightfold(0x60);  // 1 to 6
      const std::uint64_t letters = up_to(letter, 6) & ~up_to(letter, 0);
      out.colons |= gathered(up_to(word ^ eightfold(':'), 0)) << at;
      out.digits |= gathered(up_to(word ^ eightfold('0'), 9) | letters) << at;
    }
    return out;
  }

 private:
  /// The highest bit of every byte that is at most `most`; `most` is below 128. No byte carries into its neighbour.
  [[nodiscard]] static constexpr std::uint64_t up_to(std::uint64_t word, std::uint8_t most) noexcept {
    const std::uint64_t sum = (word & eightfold(0x7F)) + eightfold(static_cast<std::uint8_t>(0x7F - most));
    return ~(sum | word) & eightfold(0x80);
  }
  /// The highest bits of the eight bytes, side by side.
  [[nodiscard]] static constexpr std::uint64_t gathered(std::uint64_t highest) noexcept {
    return highest * 0x0002040810204081U >> 56U;
  }
};

#if !defined(SMPLIST_SCALAR) && defined(__SSE2__)

/// Marks by comparing sixteen bytes at once.
struct machine_marks {
  [[nodiscard]] static ipv4_marks of_ipv4(const std::byte* text) noexcept {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text));
    const __m128i above = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
    return {mask(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('.'))), mask(up_to(above, 9)),
            mask(_mm_cmpeq_epi8(above, _mm_setzero_si128()))};
  }

  [[nodiscard]] static ipv6_marks of_ipv6(const std::byte* text) noexcept {
    ipv6_marks out;
    for (unsigned at = 0; at < ipv6_reach; at += 16) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + at));
      const __m128i letter = _mm_sub_epi8(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
      const __m128i digit = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
      out.colons |= std::uint64_t{mask(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(':')))} << at;
      out.digits |= std::uint64_t{mask(_mm_or_si128(up_to(digit, 9), up_to(letter, 5)))} << at;
    }
    return out;
  }

 private:
  [[nodiscard]] static __m128i up_to(__m128i bytes, char most) noexcept {
    return _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(most)), bytes);
  }
  [[nodiscard]] static std::uint32_t mask(__m128i bytes) noexcept { return static_cast<std::uint32_t>(_mm_movemask_epi8(bytes)); }
};

#else

using machine_marks = portable_marks;

#endif

/// Where the three dots of an IPv4 text stand.
struct dot_places {
  std::uint32_t first;
  std::uint32_t second;
  std::uint32_t third;
};

/// Whether the first `size` bytes are four runs of one to three digits between three dots, none with a leading zero;
/// `size` is below 16. Octets above 255 pass.
[[nodiscard]] inline bool is_dotted(ipv4_marks marks, std::size_t size, dot_places& places) noexcept {
  const std::uint32_t all = (1U << size) - 1;
  const std::uint32_t dots = marks.dots & all;
  const std::uint32_t digits = marks.digits & all;
  const std::uint32_t starts = dots << 1U | 1U;
  const std::uint32_t pairs = digits & digits >> 1U;
  const std::uint32_t wrong = ((dots | digits) ^ all) | (starts & ~digits) | (pairs & pairs >> 2U) | (starts & pairs & marks.zeros);
  const std::uint32_t behind_first = dots & (dots - 1);
  const std::uint32_t behind_second = behind_first & (behind_first - 1);
  if (wrong != 0 || behind_second == 0 || (behind_second & (behind_second - 1)) != 0) return false;
  places = {count_trailing_zeros(dots), count_trailing_zeros(behind_first), count_trailing_zeros(behind_second)};
  return true;
}

/// The four bytes at `from`, moved up until the first `length` of them end the word; zeros below.
[[nodiscard]] inline std::uint64_t ending_word(const std::byte* from, std::uint32_t length) noexcept {
  return std::uint64_t{load<std::uint32_t>(from)} << (32 - 8 * length) & 0xFFFFFFFFU;
}

/// The values of two runs of digits, each the upper three bytes of its half.
[[nodiscard]] constexpr std::uint64_t two_octets(std::uint64_t text) noexcept {
  constexpr std::uint64_t lowest = 0x000000FF000000FFU;
  const std::uint64_t digits = text & eightfold(0x0F);
  return (digits >> 8U & lowest) * 100 + (digits >> 16U & lowest) * 10 + (digits >> 24U & lowest);
}

/// Reads four decimal octets from memory where `ipv4_reach` bytes may be read.
template <class Marks>
[[nodiscard]] inline bool read_ipv4_within(const std::byte* text, std::size_t size, std::uint32_t& bits) noexcept {
  dot_places dot;
  if (!is_dotted(Marks::of_ipv4(text), size, dot)) return false;
  const auto last = static_cast<std::uint32_t>(size) - dot.third - 1;
  const std::uint64_t upper =
      two_octets(ending_word(text, dot.first) | ending_word(text + dot.first + 1, dot.second - dot.first - 1) << 32U);
  const std::uint64_t lower = two_octets(ending_word(text + dot.second + 1, dot.third - dot.second - 1) |
                                         ending_word(text + dot.third + 1, last) << 32U);
  if (((upper | lower) & 0xFFFFFF00FFFFFF00U) != 0) return false;
  const std::uint64_t crossed = upper << 16U | lower;  // 0 1 . . 2 3 become 02 13
  bits = static_cast<std::uint32_t>(crossed << 8U | crossed >> 32U);
  return true;
}

/// Calls `read(from)` with `Reach` readable bytes that begin with the text: in place, or a copy where the buffer ends earlier.
template <std::size_t Reach, class Read>
[[nodiscard]] inline bool with_reach(const char* text, std::size_t size, const char* buffer_end, Read read) noexcept {
  const auto* const from = reinterpret_cast<const std::byte*>(text);
  if (buffer_end - text >= static_cast<std::ptrdiff_t>(Reach)) return read(from);
  std::array<std::byte, Reach> room{};
  std::memcpy(room.data(), from, size);
  return read(room.data());
}

/// Reads four decimal octets, the whole of `text`: true exactly where `scan_ipv4` takes it, with its bits. [S-01]
///
/// Nothing at or behind `buffer_end` is read. `bits` is untouched if the answer is false.
template <class Marks = machine_marks>
[[nodiscard]] inline bool read_ipv4_fast(const char* text, std::size_t size, const char* buffer_end, std::uint32_t& bits) noexcept {
  if (size < 7 || size > 15) return false;
  return with_reach<ipv4_reach>(text, size, buffer_end,
                                [&](const std::byte* from) { return read_ipv4_within<Marks>(from, size, bits); });
}

/// The fields between the colons of an IPv6 text.
struct colon_fields {
  std::array<std::uint32_t, 8> end;  // those behind the last field follow it, empty
  std::uint32_t begin = 0;           // of the first field
  std::uint32_t missing = 0;         // how many of eight the gap adds
  std::uint32_t before_gap = 0;      // fields before '::'; 7 if there is none
};

/// Whether the first `size` bytes are groups of one to four digits between colons, eight of them or fewer with one '::';
/// `size` is 2 to 39.
[[nodiscard]] inline bool is_coloned(ipv6_marks marks, std::size_t size, colon_fields& fields) noexcept {
  const std::uint64_t all = (std::uint64_t{1} << size) - 1;
  const std::uint64_t colons = marks.colons & all;
  const std::uint64_t digits = marks.digits & all;
  const std::uint64_t gap = colons & colons >> 1U;  // the first colon of '::'
  const std::uint64_t fours = digits & digits >> 1U & digits >> 2U & digits >> 3U;
  const std::uint64_t at_ends = std::uint64_t{1} | std::uint64_t{1} << (size - 1);
  const std::uint64_t lonely = colons & at_ends & ~(gap | gap << 1U);
  if ((((colons | digits) ^ all) | (gap & (gap - 1)) | (fours & digits >> 4U) | lonely) != 0) return false;

  // a '::' at either end leaves the colon outside to nobody
  const std::uint64_t inner = colons & ~std::uint64_t{1};
  const std::uint64_t last = size - (colons >> (size - 1) & 1U);
  fields.begin = static_cast<std::uint32_t>(colons & 1U);
  std::uint64_t ends = inner | ~std::uint64_t{0} << last;
  for (std::uint32_t& end : fields.end) {
    end = count_trailing_zeros(ends);
    ends &= ends - 1;
  }
  fields.missing = fields.end[7] - static_cast<std::uint32_t>(last);
  fields.before_gap = portable_popcount{}(inner & (gap << 1U) - 1);
  return fields.missing <= (gap != 0 ? 7U : 0U);
}

/// The values of two groups of hexadecimal digits, each the end of its half; the first one's above the second's.
[[nodiscard]] constexpr std::uint64_t two_groups(std::uint64_t text) noexcept {
  const std::uint64_t digits = (text & eightfold(0x0F)) + (text >> 6U & eightfold(1)) * 9;
  const std::uint64_t bytes = (digits << 4U | digits >> 8U) & 0x00FF00FF00FF00FFU;
  const std::uint64_t groups = (bytes << 8U | bytes >> 16U) & 0x0000FFFF0000FFFFU;
  return (groups << 16U | groups >> 32U) & 0xFFFFFFFFU;
}

/// `value` with all behind its first `kept` groups moved `missing` groups down. Both are at most 7.
[[nodiscard]] inline u128 widened(u128 value, std::uint32_t kept, std::uint32_t missing) noexcept {
  constexpr std::uint64_t ones = ~std::uint64_t{0};
  static constexpr std::uint64_t behind[12] = {ones, ones >> 16U, ones >> 32U, ones >> 48U, 0, 0, 0, 0};
  return value;
}

}  // namespace smplist::detail
