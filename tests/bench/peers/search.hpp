// SPDX-License-Identifier: MIT
// Binary searches over the sorted starts: the standard library's, and one that keeps 16 searches going at once.
#pragma once

#include "../peer.hpp"

#include <algorithm>
#include <vector>

namespace bench {

/// The measure of everything: `std::upper_bound`.
template <class Key>
class upper_bound {
 public:
  static constexpr const char* name = "std::upper_bound";

  explicit upper_bound(const table<Key>& t) : first_(t.first), value_(t.value) {}
  [[nodiscard]] std::size_t bytes() const { return first_.size() * sizeof(Key) + value_.size() * 2; }
  [[nodiscard]] std::uint16_t find(Key x) const {
    return value_[static_cast<std::size_t>(std::upper_bound(first_.begin(), first_.end(), x) - first_.begin()) - 1];
  }

 private:
  std::vector<Key> first_;
  std::vector<std::uint16_t> value_;
};

/// The same search, 16 queries in step: their misses overlap.
template <class Key>
class interleaved_search {
 public:
  static constexpr const char* name = "binary search, 16 lanes";

  explicit interleaved_search(const table<Key>& t) : first_(t.first), value_(t.value) {}
  [[nodiscard]] std::size_t bytes() const { return first_.size() * sizeof(Key) + value_.size() * 2; }
  [[nodiscard]] std::uint16_t find(Key x) const {
    std::size_t at = 0;
    for (std::size_t left = first_.size(); left > 1;) {
      const std::size_t half = left / 2;
      at = first_[at + half] <= x ? at + half : at;
      left -= half;
    }
    return value_[at];
  }
  void find_many(const Key* queries, std::size_t n, std::uint16_t* out) const {
    constexpr std::size_t lanes = 16;
    std::size_t from = 0;
    for (; from + lanes <= n; from += lanes) {
      std::size_t at[lanes] = {};
      for (std::size_t left = first_.size(); left > 1;) {
        const std::size_t half = left / 2;
        for (std::size_t i = 0; i < lanes; ++i) at[i] = first_[at[i] + half] <= queries[from + i] ? at[i] + half : at[i];
        left -= half;
      }
      for (std::size_t i = 0; i < lanes; ++i) out[from + i] = value_[at[i]];
    }
    for (; from < n; ++from) out[from] = find(queries[from]);
  }

 private:
  std::vector<Key> first_;
  std::vector<std::uint16_t> value_;
};

}  // namespace bench
