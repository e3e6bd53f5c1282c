// SPDX-License-Identifier: MIT
/// \file detail/lanes.hpp
/// Cellar. Many small keys compared at once: SSE2, NEON, or a loop with the same answers.
#pragma once

#include <smplist/detail/bytes.hpp>

#if !defined(SMPLIST_SCALAR) && defined(__SSE2__)
#include <emmintrin.h>
#elif !defined(SMPLIST_SCALAR) && defined(__aarch64__) && defined(__ARM_NEON)
#include <arm_neon.h>
#endif

namespace smplist::detail {

[[nodiscard]] inline unsigned count_trailing_zeros(std::uint32_t bits) noexcept {
#if defined(__GNUC__)
  return static_cast<unsigned>(__builtin_ctz(bits));
#else
  unsigned n = 0;
  for (; (bits & 1U) == 0; bits >>= 1U) ++n;
  return n;
#endif
}

[[nodiscard]] inline unsigned count_trailing_zeros(std::uint64_t bits) noexcept {
#if defined(__GNUC__)
  return static_cast<unsigned>(__builtin_ctzll(bits));
#else
  const auto low = static_cast<std::uint32_t>(bits);
  return low != 0 ? count_trailing_zeros(low) : 32 + count_trailing_zeros(static_cast<std::uint32_t>(bits >> 32U));
#endif
}

/// Set bits without a special instruction.
struct portable_popcount {
  [[nodiscard]] unsigned operator()(std::uint64_t bits) const noexcept {
    bits -= bits >> 1U & 0x5555555555555555U;
    bits = (bits & 0x3333333333333333U) + (bits >> 2U & 0x3333333333333333U);
    bits = (bits + (bits >> 4U)) & 0x0F0F0F0F0F0F0F0FU;
    return static_cast<unsigned>(bits * 0x0101010101010101U >> 56U);
  }
};

#if !defined(SMPLIST_SCALAR) && defined(__x86_64__) && defined(__GNUC__)
/// Set bits by the instruction that x86-64 got after its first processors. Call it only if `has_popcount()`.
struct machine_popcount {
  [[nodiscard]] unsigned operator()(std::uint64_t bits) const noexcept {
    std::uint64_t count = 0;
    // the builtin would be a call to a table unless the whole product is built for newer processors
    __asm__("popcntq %1, %0" : "=r"(count) : "r"(bits) : "cc");
    return static_cast<unsigned>(count);
  }
};
[[nodiscard]] inline bool has_popcount() noexcept { return __builtin_cpu_supports("popcnt") != 0; }
#elif !defined(SMPLIST_SCALAR) && defined(__aarch64__) && defined(__GNUC__)
struct machine_popcount {
  [[nodiscard]] unsigned operator()(std::uint64_t bits) const noexcept {
    return static_cast<unsigned>(__builtin_popcountll(bits));
  }
};
[[nodiscard]] inline bool has_popcount() noexcept { return true; }
#else
using machine_popcount = portable_popcount;
[[nodiscard]] inline bool has_popcount() noexcept { return false; }
#endif

/// Brings the line of `from` near; nothing happens if there is none.
inline void prefetch(const std::byte* from) noexcept {
#if defined(__GNUC__)
  __builtin_prefetch(from);
#else
  static_cast<void>(from);
#endif
}

/// How many of the ascending 16-bit keys at `keys` are at most `x`; fewer than `Room` are, and a key above all ends them.
/// Reads `2 * Room` bytes. Keys and `x` are below 2^15.
template <unsigned Room>
[[nodiscard]] inline unsigned count_up_to(const std::byte* keys, std::uint16_t x) noexcept {
  static_assert(Room == 16 || Room == 32);
#if !defined(SMPLIST_SCALAR) && defined(__SSE2__)
  const __m128i wanted = _mm_set1_epi16(static_cast<short>(x));
  const auto* const from = reinterpret_cast<const __m128i*>(keys);
  const auto above = [&](unsigned i) {
    const __m128i low = _mm_cmpgt_epi16(_mm_loadu_si128(from + i), wanted);
    const __m128i high = _mm_cmpgt_epi16(_mm_loadu_si128(from + i + 1), wanted);
    return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_packs_epi16(low, high)));
  };
  return count_trailing_zeros(Room == 16 ? above(0) : above(0) | above(2) << 16U);
#else
  unsigned count = 0;
  while (load<std::uint16_t>(keys + 2 * count) <= x) ++count;
  return count;
#endif
}

/// How many of the ascending `Lanes` keys at `keys` are below `x`; keys have their highest bit turned, and lanes behind the
/// first `Limit` hold something else. Reads whole vectors of 16 bytes.
template <unsigned Lanes, unsigned Limit>
[[nodiscard]] inline unsigned count_below(const std::byte* keys, std::uint32_t x) noexcept {
  static_assert(Lanes % 4 == 0 && Lanes <= 16 && Limit <= Lanes);
#if !defined(SMPLIST_SCALAR) && defined(__SSE2__)
  const __m128i wanted = _mm_set1_epi32(static_cast<int>(x ^ 0x80000000U));
  const auto* const from = reinterpret_cast<const __m128i*>(keys);
  const auto part = [&](unsigned i) {
    return i * 4 < Lanes ? _mm_cmpgt_epi32(wanted, _mm_loadu_si128(from + i)) : _mm_setzero_si128();
  };
  const __m128i low = _mm_packs_epi32(part(0), part(1));
  const __m128i high = _mm_packs_epi32(part(2), part(3));
  const auto mask = static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_packs_epi16(low, high)));
  return count_trailing_zeros(~mask | 1U << Limit);
#elif !defined(SMPLIST_SCALAR) && defined(__aarch64__) && defined(__ARM_NEON)
  const int32x4_t wanted = vdupq_n_s32(static_cast<std::int32_t>(x ^ 0x80000000U));
  static constexpr std::int32_t place[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  int32x4_t sum = vdupq_n_s32(0);
  for (unsigned i = 0; i < Lanes; i += 4) {
    const int32x4_t key = vreinterpretq_s32_u8(vld1q_u8(reinterpret_cast<const std::uint8_t*>(keys + 4 * i)));
    const uint32x4_t inside = vcltq_s32(vld1q_s32(place + i), vdupq_n_s32(static_cast<std::int32_t>(Limit)));
    sum = vaddq_s32(sum, vreinterpretq_s32_u32(vandq_u32(vcgtq_s32(wanted, key), inside)));
  }
  return static_cast<unsigned>(-vaddvq_s32(sum));
#else
  unsigned count = 0;
  for (unsigned i = 0; i < Limit; ++i) count += (load<std::uint32_t>(keys + 4 * i) ^ 0x80000000U) < x ? 1U : 0U;
  return count;
#endif
}

}  // namespace smplist::detail
