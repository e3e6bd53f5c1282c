// SPDX-License-Identifier: MIT
/// \file detail/rank_set.hpp
/// Cellar. A set of small numbers that knows its lowest: bits, and above them bits that say which words have any.
#pragma once

#include <smplist/detail/lanes.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace smplist::detail {

/// Numbers below a bound. Every call is O(log64 bound): six levels hold 2^36.
class rank_set {
 public:
  explicit rank_set(std::size_t bound) {
    do {
      bound = (bound + 63) / 64;
      levels_.emplace_back(bound, 0);
    } while (bound > 1);
  }

  [[nodiscard]] bool empty() const noexcept { return levels_.back().empty() || levels_.back().front() == 0; }

  void insert(std::size_t number) noexcept {
    for (std::vector<std::uint64_t>& level : levels_) {
      std::uint64_t& word = level[number / 64];
      const bool known = word != 0;
      word |= std::uint64_t{1} << (number % 64);
      if (known) return;
      number /= 64;
    }
  }

  void erase(std::size_t number) noexcept {
    for (std::vector<std::uint64_t>& level : levels_) {
      std::uint64_t& word = level[number / 64];
      word &= ~(std::uint64_t{1} << (number % 64));
      if (word != 0) return;
      number /= 64;
    }
  }

  /// Of a set that is not empty.
  [[nodiscard]] std::size_t lowest() const noexcept {
    std::size_t at = 0;
    for (auto level = levels_.rbegin(); level != levels_.rend(); ++level) at = 64 * at + count_trailing_zeros((*level)[at]);
    return at;
  }

 private:
  std::vector<std::vector<std::uint64_t>> levels_;
};

}  // namespace smplist::detail
