// SPDX-License-Identifier: MIT
/// \file detail/two_steps.hpp
/// Cellar. A few IPv4 intervals, found in two steps that are the same for every address: nothing to predict.
#pragma once

#include <smplist/detail/index_ipv4.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace smplist::detail {

/// The same answers as an `ipv4_index` of at most `room` intervals. That one's trees end after no, one or two nodes, which takes
/// longer to guess wrong than to compare twice; but they are what lies in a file, so this is made where many addresses are asked.
class two_step_ipv4 {
 public:
  static constexpr std::size_t room = 256;

  /// `is_usable()` says whether the index has few enough intervals.
  explicit two_step_ipv4(const ipv4_index& from) noexcept {
    for (std::size_t i = 0; i < keys_.size() / 4; ++i) store(keys_.data() + 4 * i, no_tree_key);
    usable_ = from.each_small_interval(4 * room, [&](std::uint32_t first, std::uint32_t value) { return add(first, value); });
  }
  [[nodiscard]] bool is_usable() const noexcept { return usable_; }

  [[nodiscard]] std::uint32_t find(std::uint32_t x) const noexcept {
    const std::size_t block = rank(0, x);
    return values_[width * block + rank(block + 1, x)];
  }

 private:
  static constexpr std::size_t width = 16;  // keys of a line, the last of them unused, and answers of a block

  [[nodiscard]] bool add(std::uint32_t first, std::uint32_t value) noexcept {
    if (count_ == room) return false;
    const std::size_t block = count_ / width;
    const std::size_t place = count_ % width;
    values_[count_++] = value;
    if (place != 0) store(keys_.data() + line_size * (block + 1) + 4 * (place - 1), tree_key(first));
    else if (block != 0) store(keys_.data() + 4 * (block - 1), tree_key(first));
    return true;
  }
  [[nodiscard]] std::size_t rank(std::size_t line, std::uint32_t x) const noexcept {
    return count_below<width, width - 1>(keys_.data() + line_size * line, x);
  }

  alignas(line_size) std::array<std::byte, line_size*(width + 1)> keys_;  // where blocks begin, then a line for each block
  std::array<std::uint32_t, room> values_{};
  std::size_t count_ = 0;
  bool usable_ = false;
};

}  // namespace smplist::detail
