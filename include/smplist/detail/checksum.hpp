// SPDX-License-Identifier: MIT
/// \file detail/checksum.hpp
/// Cellar. A fast checksum against accidents. It is no signature: whoever means harm can make one.
#pragma once

#include <smplist/detail/hash.hpp>
#include <smplist/detail/lanes.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace smplist::detail {

inline constexpr std::size_t checksum_lanes = 8;
inline constexpr std::uint64_t checksum_turn = 0x9E3779B97F4A7C15U;
using checksum_words = std::array<std::uint64_t, checksum_lanes>;

/// Adds the blocks of eight words of `from` to `sum`; `salt` counts on. Returns how many bytes that were.
inline std::size_t checksum_blocks(const std::byte* from, std::size_t size, checksum_words& salt, checksum_words& sum) noexcept {
  constexpr std::size_t block = 8 * checksum_lanes;
  std::size_t at = 0;
#if !defined(SMPLIST_SCALAR) && defined(__SSE2__)
  const __m128i turn = _mm_set1_epi64x(static_cast<long long>(checksum_turn));
  __m128i salts[4];
  __m128i sums[4];
  std::memcpy(salts, salt.data(), sizeof salt);
  std::memcpy(sums, sum.data(), sizeof sum);
  for (; at + block <= size; at += block) {
    for (std::size_t i = 0; i < 4; ++i) {
      const __m128i word = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + at) + i);
      salts[i] = _mm_add_epi64(salts[i], turn);
      const __m128i salted = _mm_xor_si128(word, salts[i]);
      const __m128i product = _mm_mul_epu32(salted, _mm_shuffle_epi32(salted, 0xB1));
      sums[i] = _mm_add_epi64(sums[i], _mm_add_epi64(product, word));
    }
  }
  std::memcpy(sum.data(), sums, sizeof sum);
#else
  for (; at + block <= size; at += block) {
    for (std::size_t i = 0; i < checksum_lanes; ++i) {
      const auto word = load<std::uint64_t>(from + at + 8 * i);
      const std::uint64_t salted = word ^ (salt[i] += checksum_turn);
      sum[i] += (salted & 0xFFFFFFFFU) * (salted >> 32U) + word;
    }
  }
#endif
  return at;
}

/// 64 bits over `size` bytes: eight lanes, each a multiplication of two halves of 32 bits, mixed at the end.
[[nodiscard]] inline std::uint64_t checksum(const std::byte* from, std::size_t size) noexcept {
  checksum_words sum{};
  checksum_words salt{};
  for (std::size_t i = 0; i < checksum_lanes; ++i) salt[i] = mix64(i + 1);
  std::size_t at = checksum_blocks(from, size, salt, sum);
  std::uint64_t out = mix64(size);
  for (const std::uint64_t lane : sum) out = mix64(out ^ lane);
  for (; at < size; ++at) out = mix64(out ^ static_cast<std::uint64_t>(from[at]));
  return out;
}

}  // namespace smplist::detail
