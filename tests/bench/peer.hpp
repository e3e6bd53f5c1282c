// SPDX-License-Identifier: MIT
// What every structure of the bench gets, and how it is asked.
//
// A structure is a class with a `name`, a constructor from a table, `bytes()`, `find(key)` and, if it has one, a batch call
// `find_many(queries, n, out)`.
#pragma once

#include <smplist/detail/u128.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace bench {

using smplist::detail::u128;

/// A whole family cut into intervals: `first` ascends from the family's first address, neighbours differ in `value`.
template <class Key>
struct table {
  std::string name;
  std::vector<Key> first;
  std::vector<std::uint16_t> value;  // below 2^15; 0 is "no entry"
};

/// A structure behind three ways of asking.
template <class Key>
struct peer {
  std::string name;
  double build_seconds = 0;
  std::size_t bytes = 0;
  // each query waits for the last answer; the sum, so that none is left out
  std::function<std::uint64_t(const std::vector<Key>&)> latency;
  std::function<void(const std::vector<Key>&, std::vector<std::uint16_t>&)> single;
  std::function<void(const std::vector<Key>&, std::vector<std::uint16_t>&)> batch;  // empty: it has none
};

template <class T, class Key, class = void>
struct has_batch : std::false_type {};
template <class T, class Key>
struct has_batch<T, Key,
                 std::void_t<decltype(std::declval<const T&>().find_many(std::declval<const Key*>(), std::size_t{},
                                                                         std::declval<std::uint16_t*>()))>> : std::true_type {};

[[nodiscard]] inline std::uint32_t depend(std::uint32_t x, std::uint32_t on) { return x ^ on; }
[[nodiscard]] inline u128 depend(u128 x, std::uint32_t on) { return {x.hi ^ on, x.lo}; }

template <class T, class Key>
[[nodiscard]] peer<Key> make_peer(std::shared_ptr<const T> built, double seconds) {
  peer<Key> out{T::name, seconds, built->bytes(), {}, {}, {}};
  out.latency = [built](const std::vector<Key>& queries) {
    volatile std::uint32_t hidden = 0;
    const std::uint32_t zero = hidden;  // the compiler does not know that it is zero
    std::uint64_t sum = 0;
    std::uint32_t last = 0;
    for (const Key& q : queries) sum += last = built->find(depend(q, last & zero));
    return sum;
  };
  out.single = [built](const std::vector<Key>& queries, std::vector<std::uint16_t>& answers) {
    for (std::size_t i = 0; i < queries.size(); ++i) answers[i] = built->find(queries[i]);
  };
  if constexpr (has_batch<T, Key>::value) {
    out.batch = [built](const std::vector<Key>& queries, std::vector<std::uint16_t>& answers) {
      built->find_many(queries.data(), queries.size(), answers.data());
    };
  }
  return out;
}

}  // namespace bench
