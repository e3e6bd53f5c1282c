// SPDX-License-Identifier: MIT
/// \file detail/two_steps.hpp
/// Cellar. A few intervals, found in steps that are the same for every address: nothing to predict.
#pragma once

#include <smplist/detail/index_ipv4.hpp>
#include <smplist/detail/index_ipv6.hpp>

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

/// The same for an `ipv6_index`: the upper halves of addresses are halved into place. Where the lower half decides, as beside
/// `::1`, the index is asked, which is not often.
class halving_ipv6 {
 public:
  static constexpr std::size_t room = 256;

  explicit halving_ipv6(const ipv6_index& from) : index_(from) {
    keys_.fill(~std::uint64_t{0});
    usable_ = from.each_small_interval(4 * room, [&](u128 first, std::uint32_t value) { return add(first, value); }) && leave();
  }
  [[nodiscard]] bool is_usable() const noexcept { return usable_; }

  [[nodiscard]] std::uint32_t find(u128 x) const noexcept {
    const std::uint32_t value = values_[rank(x.hi)];
    return value == ask_index ? index_.find(x) : value;
  }

 private:
  static constexpr std::uint32_t ask_index = ~std::uint32_t{0};

  [[nodiscard]] bool add(u128 first, std::uint32_t value) noexcept {
    if (first.hi != inside_ && !leave()) return false;
    if (first.lo != 0 && !has_inside_ && !put(first.hi, ask_index)) return false;
    has_inside_ = has_inside_ || first.lo != 0;
    inside_ = first.hi;
    last_ = value;
    return has_inside_ || put(first.hi, value);
  }
  /// Behind an upper half in which there were bounds, what was found last goes on.
  [[nodiscard]] bool leave() noexcept {
    const bool goes_on = has_inside_ && inside_ != ~std::uint64_t{0};
    has_inside_ = false;
    return !goes_on || put(inside_ + 1, last_);
  }
  /// The interval from `start` on, in the place of one that starts there, too.
  [[nodiscard]] bool put(std::uint64_t start, std::uint32_t value) noexcept {
    if (count_ != 0 && start == start_) --count_;
    if (count_ == room) return false;
    if (count_ != 0) keys_[count_ - 1] = start - 1;
    values_[count_++] = value;
    start_ = start;
    return true;
  }
  /// How many keys are below `x`; a key is the start of an interval less one, and the greatest is none.
  [[nodiscard]] std::size_t rank(std::uint64_t x) const noexcept {
    std::size_t count = 0;
    for (std::size_t half = room / 2; half != 0; half /= 2) count += half * static_cast<std::size_t>(keys_[count + half - 1] < x);
    return count;
  }

  ipv6_index index_;
  std::array<std::uint64_t, room> keys_;  // of the intervals behind the first
  std::array<std::uint32_t, room> values_{};
  std::size_t count_ = 0;
  std::uint64_t start_ = 0;   // of the last interval
  std::uint64_t inside_ = 0;  // the upper half of the last bound
  std::uint32_t last_ = 0;    // what follows that bound
  bool has_inside_ = false;   // has it bounds behind its first address?
  bool usable_ = false;
};

}  // namespace smplist::detail
