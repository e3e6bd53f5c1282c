// SPDX-License-Identifier: MIT
/// \file detail/checksum.hpp
/// Cellar. A fast checksum against accidents. It is no signature: whoever means harm can make one.
#pragma once

#include <smplist/detail/bytes.hpp>
#include <smplist/detail/hash.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace smplist::detail {

/// 64 bits over `size` bytes: eight lanes, each a multiplication of two halves of 32 bits, mixed at the end.
[[nodiscard]] inline std::uint64_t checksum(const std::byte* from, std::size_t size) noexcept {
  constexpr std::size_t lanes = 8;
  std::array<std::uint64_t, lanes> sum{};
  std::array<std::uint64_t, lanes> salt{};
  for (std::size_t i = 0; i < lanes; ++i) salt[i] = mix64(i + 1);
  std::size_t at = 0;
  std::uint64_t turn = 0;
  for (; at + 8 * lanes <= size; at += 8 * lanes) {
    turn += 0x9E3779B97F4A7C15U;
    for (std::size_t i = 0; i < lanes; ++i) {
      const auto word = load<std::uint64_t>(from + at + 8 * i);
      const std::uint64_t salted = word ^ (salt[i] + turn);
      sum[i] += (salted & 0xFFFFFFFFU) * (salted >> 32U) + word;
    }
  }
  std::uint64_t out = mix64(size);
  for (std::size_t i = 0; i < lanes; ++i) out = mix64(out ^ sum[i]);
  for (; at < size; ++at) out = mix64(out ^ static_cast<std::uint64_t>(from[at]));
  return out;
}

}  // namespace smplist::detail
