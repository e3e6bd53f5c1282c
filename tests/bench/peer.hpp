// SPDX-License-Identifier: MIT
// What every structure of the bench gets, and how it is asked.
//
// A structure is a class with a `name`, a constructor from a table (it throws `left_out` where it has no place), `bytes()`,
// `find(key)` and, if it has one, a batch call `find_many(queries, n, out)`.
#pragma once

#include "plugin.h"

#include <smplist/detail/u128.hpp>

#include <time.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
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
  std::vector<std::uint16_t> value;    // below 2^15; 0 is "no entry"
  std::vector<bench_prefix> prefixes;  // the same by longest prefix match, without those of value 0 where that is the same
  bool for_all = true;                 // false: only for the searches and the product
};

/// Why a structure does not take part.
struct left_out : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A structure behind three ways of asking.
template <class Key>
struct peer {
  std::string name;
  double build_seconds = 0;
  std::size_t bytes = 0;  // 0: it does not say
  // each query waits for the last answer; the sum, so that none is left out
  std::function<std::uint64_t(const Key*, std::size_t)> latency;
  std::function<void(const Key*, std::size_t, std::uint16_t*)> single;
  std::function<void(const Key*, std::size_t, std::uint16_t*)> batch;  // empty: it has none
  // of a replay, which has no answers to check: takes in the queries that follow; false if it cannot follow them
  std::function<bool(const Key*, std::size_t)> learn;
};

/// A name and how to build it: nothing is built before its turn.
template <class Key>
struct candidate {
  std::string name;
  std::function<peer<Key>(const table<Key>&)> build;
  bool for_all = false;  // takes part in tables that only searches and the product get
};

/// Of this thread: what another program takes of the core in the meantime is not counted.
[[nodiscard]] inline double thread_nanoseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

template <class Work>
[[nodiscard]] double nanoseconds(std::size_t n, Work work) {
  const double start = thread_nanoseconds();
  work();
  return (thread_nanoseconds() - start) / static_cast<double>(n);
}

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
  peer<Key> out{T::name, seconds, built->bytes(), {}, {}, {}, {}};
  out.latency = [built](const Key* queries, std::size_t n) {
    volatile std::uint32_t hidden = 0;
    const std::uint32_t zero = hidden;  // the compiler does not know that it is zero
    std::uint64_t sum = 0;
    std::uint32_t last = 0;
    for (std::size_t i = 0; i < n; ++i) sum += last = built->find(depend(queries[i], last & zero));
    return sum;
  };
  out.single = [built](const Key* queries, std::size_t n, std::uint16_t* answers) {
    for (std::size_t i = 0; i < n; ++i) answers[i] = built->find(queries[i]);
  };
  if constexpr (has_batch<T, Key>::value) {
    out.batch = [built](const Key* queries, std::size_t n, std::uint16_t* answers) { built->find_many(queries, n, answers); };
  }
  return out;
}

template <class T, class Key>
[[nodiscard]] candidate<Key> of(bool for_all = false) {
  return {T::name,
          [](const table<Key>& t) {
            std::shared_ptr<const T> built;
            const double ns = nanoseconds(1, [&] { built = std::make_shared<const T>(t); });
            return make_peer<T, Key>(built, ns / 1e9);
          },
          for_all};
}

}  // namespace bench
