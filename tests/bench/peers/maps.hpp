// SPDX-License-Identifier: MIT
// Ordered maps: the standard library's, and those of Abseil and Boost where they are installed.
#pragma once

#include "../tables.hpp"

#include <cstdint>
#include <map>
#include <type_traits>

#if __has_include(<absl/container/btree_map.h>) && defined(BENCH_ABSL)
#include <absl/container/btree_map.h>
#endif
#if __has_include(<boost/icl/interval_map.hpp>)
#define BENCH_BOOST 1
#include <boost/icl/interval_map.hpp>
#endif

namespace bench {

/// Counts what a container of nodes takes from the heap.
template <class T>
struct counting {
  using value_type = T;
  std::size_t* sum;

  explicit counting(std::size_t* s) : sum(s) {}
  template <class U>
  counting(const counting<U>& o) : sum(o.sum) {}  // NOLINT(google-explicit-constructor): an allocator must convert
  [[nodiscard]] T* allocate(std::size_t n) {
    *sum += n * sizeof(T);
    return std::allocator<T>().allocate(n);
  }
  void deallocate(T* at, std::size_t n) {
    *sum -= n * sizeof(T);
    std::allocator<T>().deallocate(at, n);
  }
  template <class U>
  bool operator==(const counting<U>& o) const {
    return sum == o.sum;
  }
  template <class U>
  bool operator!=(const counting<U>& o) const {
    return sum != o.sum;
  }
};

/// The start of every interval in a map; `upper_bound` finds the one behind.
template <class Map, class Key>
class starts_in_map {
 public:
  explicit starts_in_map(const table<Key>& t) : map_(typename Map::allocator_type(&bytes_)) {
    for (std::size_t i = 0; i < t.first.size(); ++i) map_.emplace_hint(map_.end(), t.first[i], t.value[i]);
  }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] std::uint16_t find(Key x) const { return std::prev(map_.upper_bound(x))->second; }

 private:
  std::size_t bytes_ = 0;
  Map map_;
};

template <class Key>
using counted = counting<std::pair<const Key, std::uint16_t>>;

template <class Key>
struct standard_map : starts_in_map<std::map<Key, std::uint16_t, std::less<Key>, counted<Key>>, Key> {
  static constexpr const char* name = "std::map";
  using starts_in_map<std::map<Key, std::uint16_t, std::less<Key>, counted<Key>>, Key>::starts_in_map;
};

#ifdef BENCH_ABSL
template <class Key>
struct absl_btree : starts_in_map<absl::btree_map<Key, std::uint16_t, std::less<Key>, counted<Key>>, Key> {
  static constexpr const char* name = "absl::btree_map";
  using starts_in_map<absl::btree_map<Key, std::uint16_t, std::less<Key>, counted<Key>>, Key>::starts_in_map;
};
#endif

#ifdef BENCH_BOOST
__extension__ using icl_wide = unsigned __int128;

template <class Key>
class boost_icl {
 public:
  static constexpr const char* name = "boost::icl::interval_map";

  explicit boost_icl(const table<Key>& t) {
    for (std::size_t i = 0; i < t.first.size(); ++i) {
      if (t.value[i] == 0) continue;
      const u128 last = last_of(t, i);
      // in IPv6 there is no number behind the last address: it is left out
      const bool at_end = last == smplist::detail::u128_max;
      map_.insert(map_.end(), {interval::right_open(number(wide(t.first[i])), number(last) + (at_end ? 0 : 1)), t.value[i]});
    }
  }
  [[nodiscard]] std::size_t bytes() const {
    // a node of a red-black tree: three pointers and a color
    return map_.iterative_size() * (sizeof(typename map::value_type) + 4 * sizeof(void*));
  }
  [[nodiscard]] std::uint16_t find(Key x) const {
    const auto found = map_.find(number(wide(x)));
    return found == map_.end() ? std::uint16_t{0} : found->second;
  }

 private:
  using number_type = std::conditional_t<sizeof(Key) == 4, std::uint64_t, icl_wide>;
  using map =
      boost::icl::interval_map<number_type, std::uint16_t, boost::icl::partial_absorber, std::less, boost::icl::inplace_plus,
                               boost::icl::inter_section, boost::icl::right_open_interval<number_type>>;
  struct interval {
    static boost::icl::right_open_interval<number_type> right_open(number_type from, number_type to) { return {from, to}; }
  };
  [[nodiscard]] static number_type number(u128 x) {
    if constexpr (sizeof(Key) == 4) return x.lo;
    else return static_cast<icl_wide>(x.hi) << 64U | x.lo;
  }
  map map_;
};
#endif

}  // namespace bench
