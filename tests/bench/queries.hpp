// SPDX-License-Identifier: MIT
// The query mixes: always the same for the same table.
#pragma once

#include "peer.hpp"

#include <cmath>
#include <random>
#include <string>
#include <vector>

namespace bench {

using random = std::mt19937_64;

[[nodiscard]] inline std::uint32_t any(random& r, std::uint32_t) { return static_cast<std::uint32_t>(r()); }
[[nodiscard]] inline u128 any(random& r, u128) {
  const std::uint64_t hi = r();
  return {hi, r()};
}

/// An address from `first` to before `behind`; 0 stands for the end of the family.
[[nodiscard]] inline std::uint32_t between(random& r, std::uint32_t first, std::uint32_t behind) {
  const std::uint64_t size = behind == 0 ? (std::uint64_t{1} << 32U) - first : behind - first;
  return first + static_cast<std::uint32_t>(r() % size);
}
[[nodiscard]] inline u128 between(random& r, u128 first, u128 behind) {
  const u128 size = behind - first;
  if (size.hi != 0) {
    const std::uint64_t hi = r() % size.hi;
    return first + u128{hi, r()};
  }
  return first + u128{0, size.lo == 0 ? r() : r() % size.lo};
}

template <class Key>
[[nodiscard]] Key inside(random& r, const table<Key>& t, std::size_t i) {
  return between(r, t.first[i], i + 1 < t.first.size() ? t.first[i + 1] : Key{});
}

/// uni: uniform over the family. cov: a random interval. zipf: few intervals often, in runs.
template <class Key>
[[nodiscard]] std::vector<Key> make_queries(const table<Key>& t, const std::string& mix, std::size_t n) {
  random r(42);
  std::vector<Key> out(n);
  std::size_t interval = 0;
  for (Key& q : out) {
    if (mix == "uni") {
      q = any(r, Key{});
      continue;
    }
    if (mix == "cov") {
      interval = r() % t.first.size();
    } else if (r() % 4 != 0) {  // three of four stay where the last one was
      const double u = static_cast<double>(r() >> 11U) / 9007199254740992.0;
      const auto rank = static_cast<std::size_t>(std::exp(u * std::log(static_cast<double>(t.first.size()))));
      if (r() % 2 == 0) interval = rank * 0x9E3779B97F4A7C15U % t.first.size();
    }
    q = inside(r, t, interval);
  }
  return out;
}

}  // namespace bench
