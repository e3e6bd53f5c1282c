// SPDX-License-Identifier: MIT
// DXR-18 after Zec, Rizzo and Mikuc (2012): a root over 18 bits, and behind it a binary search in 16-bit ends of a chunk.
#pragma once

#include "../peer.hpp"

#include <cstdint>
#include <vector>

namespace bench {

class dxr18 {
 public:
  static constexpr const char* name = "DXR-18 (ours, from the paper)";

  explicit dxr18(const table<std::uint32_t>& t) : root_(std::size_t{1} << 18U) {
    std::size_t next = 0;
    std::uint16_t value = 0;
    for (std::size_t chunk = 0; chunk < root_.size(); ++chunk) {
      const auto start = static_cast<std::uint32_t>(chunk << 14U);
      const std::uint64_t behind = (std::uint64_t{chunk} + 1) << 14U;
      if (next < t.first.size() && t.first[next] == start) value = t.value[next++];
      root_[chunk] = {static_cast<std::uint32_t>(starts_.size()), 0};
      put(0, value);
      for (; next < t.first.size() && t.first[next] < behind; ++next) {
        value = t.value[next];
        put(static_cast<std::uint16_t>(t.first[next] & 0x3FFFU), value);
      }
      root_[chunk].count = static_cast<std::uint32_t>(starts_.size()) - root_[chunk].from;
    }
  }
  [[nodiscard]] std::size_t bytes() const { return root_.size() * sizeof(range_of_starts) + starts_.size() * 4; }
  [[nodiscard]] std::uint16_t find(std::uint32_t x) const {
    const range_of_starts r = root_[x >> 14U];
    const auto wanted = static_cast<std::uint16_t>(x & 0x3FFFU);
    std::uint32_t at = r.from;
    for (std::uint32_t left = r.count; left > 1;) {
      const std::uint32_t half = left / 2;
      if (starts_[at + half] <= wanted) at += half;
      left -= half;
    }
    return values_[at];
  }

 private:
  struct range_of_starts {
    std::uint32_t from;
    std::uint32_t count;
  };
  void put(std::uint16_t start, std::uint16_t value) {
    starts_.push_back(start);
    values_.push_back(value);
  }

  std::vector<range_of_starts> root_;
  std::vector<std::uint16_t> starts_;
  std::vector<std::uint16_t> values_;
};

}  // namespace bench
