// SPDX-License-Identifier: MIT
// Tables: read from files that tests/bench/run made, or generated from a seed.
#pragma once

#include "queries.hpp"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

namespace bench {

template <class Key>
inline constexpr unsigned width = sizeof(Key) * 8;

[[nodiscard]] inline u128 wide(std::uint32_t x) { return {0, x}; }
[[nodiscard]] inline u128 wide(u128 x) { return x; }

template <class Key>
[[nodiscard]] Key narrow(u128 x) {
  if constexpr (sizeof(Key) == 4) return static_cast<std::uint32_t>(x.lo);
  else return x;
}

/// The last address of interval `i`.
template <class Key>
[[nodiscard]] u128 last_of(const table<Key>& t, std::size_t i) {
  if (i + 1 < t.first.size()) return wide(t.first[i + 1]) - u128{0, 1};
  return smplist::detail::low_mask(width<Key>);
}

/// Appends the fewest prefixes that cover `first` to `last`.
inline void cover(u128 first, u128 last, unsigned bits, std::uint32_t value, std::vector<bench_prefix>& out) {
  for (;;) {
    unsigned host = std::min(smplist::detail::trailing_zeros(first), bits);
    while (last - first < smplist::detail::low_mask(host)) --host;
    out.push_back({first.hi, first.lo, bits - host, value});
    const u128 end = first + smplist::detail::low_mask(host);
    if (end == last) return;
    first = end + u128{0, 1};
  }
}

/// Disjoint prefixes with the answers of the intervals.
template <class Key>
[[nodiscard]] std::vector<bench_prefix> cover(const table<Key>& t) {
  std::vector<bench_prefix> out;
  for (std::size_t i = 0; i < t.first.size(); ++i) {
    if (t.value[i] != 0) cover(wide(t.first[i]), last_of(t, i), width<Key>, t.value[i], out);
  }
  return out;
}

template <class Key>
void put(table<Key>& t, Key first, std::uint16_t value) {
  if (!t.first.empty() && t.first.back() == first) {
    t.first.pop_back();
    t.value.pop_back();
  }
  if (!t.first.empty() && t.value.back() == value) return;
  t.first.push_back(first);
  t.value.push_back(value);
}

/// The intervals of nested prefixes, the longest match deciding.
template <class Key>
[[nodiscard]] table<Key> flatten(const std::string& name, std::vector<bench_prefix> prefixes) {
  std::sort(prefixes.begin(), prefixes.end(), [](const bench_prefix& a, const bench_prefix& b) {
    const u128 x{a.hi, a.lo};
    const u128 y{b.hi, b.lo};
    return x == y ? a.length < b.length : x < y;
  });
  table<Key> t{name, {}, {}, {}};
  struct open_prefix {
    u128 last;
    std::uint16_t value;
  };
  std::vector<open_prefix> open;
  const auto close = [&](u128 before) {
    while (!open.empty() && open.back().last < before) {
      const u128 behind = open.back().last + u128{0, 1};
      open.pop_back();
      put(t, narrow<Key>(behind), open.empty() ? std::uint16_t{0} : open.back().value);
    }
  };
  put(t, Key{}, 0);
  for (const bench_prefix& p : prefixes) {
    const u128 first{p.hi, p.lo};
    close(first);
    put(t, narrow<Key>(first), static_cast<std::uint16_t>(p.value));
    open.push_back({first | smplist::detail::low_mask(width<Key> - p.length), static_cast<std::uint16_t>(p.value)});
  }
  close(smplist::detail::low_mask(width<Key>));  // what is open to the very last address has nothing behind it
  t.prefixes = std::move(prefixes);
  return t;
}

/// Random starts: `aligned` of a hundred at blocks of 256 addresses (IPv4) or /48 (IPv6).
template <class Key>
[[nodiscard]] table<Key> generated(const std::string& name, std::size_t n, unsigned aligned) {
  random r(n);
  std::vector<Key> starts;
  for (std::size_t i = 0; i < n; ++i) {
    Key x = any(r, Key{});
    const bool at_block = r() % 100 < aligned;
    if constexpr (sizeof(Key) == 4) {
      if (at_block) x &= ~0xFFU;
    } else {
      x.hi = x.hi >> 3U | std::uint64_t{1} << 61U;
      x = at_block ? u128{x.hi & ~std::uint64_t{0xFFFF}, 0} : x;
    }
    starts.push_back(x);
  }
  std::sort(starts.begin(), starts.end());
  table<Key> t{name, {}, {}, {}};
  put(t, Key{}, 0);
  for (const Key& x : starts) {
    if (t.first.back() < x) put(t, x, static_cast<std::uint16_t>(r() % 32000));
  }
  t.prefixes = cover(t);
  return t;
}

/// Single hosts, or whole /64s, with gaps between them: under `blocks` random /48s in IPv6, anywhere in IPv4.
template <class Key>
[[nodiscard]] table<Key> generated_hosts(const std::string& name, std::size_t n, unsigned length, std::size_t blocks) {
  random r(n + length);
  std::vector<Key> starts;
  std::vector<u128> block;
  for (std::size_t i = 0; i < blocks; ++i) block.push_back({(r() >> 3U | std::uint64_t{1} << 61U) & ~std::uint64_t{0xFFFF}, 0});
  while (starts.size() < n) {
    if constexpr (sizeof(Key) == 4) {
      starts.push_back(any(r, Key{}));
    } else {
      const std::uint64_t subnet = r() & 0xFFFFU;
      starts.push_back(block[r() % blocks] | u128{subnet, length == 128 ? r() : 0});
    }
  }
  std::sort(starts.begin(), starts.end());
  starts.erase(std::unique(starts.begin(), starts.end()), starts.end());
  table<Key> t{name, {}, {}, {}};
  put(t, Key{}, 0);
  for (const Key& x : starts) {
    put(t, x, static_cast<std::uint16_t>(1 + r() % 31999));
    const u128 last = wide(x) | smplist::detail::low_mask(width<Key> - length);
    if (last != smplist::detail::low_mask(width<Key>)) put(t, narrow<Key>(last + u128{0, 1}), 0);
  }
  t.prefixes = cover(t);
  return t;
}

/// How often a prefix of a routing table has a length.
struct length_share {
  unsigned length;
  unsigned share;
};

/// Nested prefixes in the shape of an Internet routing table: holders of address space, and what they announce inside it.
template <class Key>
[[nodiscard]] table<Key> generated_routes(const std::string& name, std::size_t n) {
  constexpr bool v4 = sizeof(Key) == 4;
  const std::vector<length_share> shares =
      v4 ? std::vector<length_share>{{24, 62}, {23, 11}, {22, 12}, {21, 5}, {20, 5}, {19, 3}, {18, 1}, {17, 1}}
         : std::vector<length_share>{{48, 55}, {44, 11}, {40, 10}, {36, 6}, {32, 4}, {46, 6}, {47, 5}, {64, 3}};
  std::vector<unsigned> lengths;
  for (const length_share& s : shares) lengths.insert(lengths.end(), s.share, s.length);
  random r(n);
  std::vector<bench_prefix> found;
  const auto add = [&](u128 at, unsigned length) {
    at = at & ~smplist::detail::low_mask(width<Key> - length);
    found.push_back({at.hi, at.lo, length, static_cast<std::uint32_t>(1 + r() % 31999)});
  };
  const std::size_t holders = n / 12;
  while (found.size() < holders) {
    if (v4) add({0, (1 + r() % 223) << 24U | (r() & 0xFFFFFFU)}, 14 + static_cast<unsigned>(r() % 7));
    else add({(0x2001U + r() % 0xC00U) << 48U | r() >> 16U, 0}, 29 + static_cast<unsigned>(r() % 4));
  }
  while (found.size() < n) {
    const bench_prefix& in = found[r() % holders];
    const unsigned length = lengths[r() % lengths.size()];
    if (length <= in.length) continue;
    const std::uint64_t hi = r();
    add(u128{in.hi, in.lo} | (u128{hi, r()} & smplist::detail::low_mask(width<Key> - in.length)), length);
  }
  const auto same = [](const bench_prefix& a, const bench_prefix& b) {
    return a.hi == b.hi && a.lo == b.lo && a.length == b.length;
  };
  std::sort(found.begin(), found.end(), [](const bench_prefix& a, const bench_prefix& b) {
    const u128 x{a.hi, a.lo};
    const u128 y{b.hi, b.lo};
    return x == y ? a.length < b.length : x < y;
  });
  found.erase(std::unique(found.begin(), found.end(), same), found.end());
  return flatten<Key>(name, std::move(found));
}

/// The prefixes that stand beside a table's file; none if there is no such file.
[[nodiscard]] inline std::vector<bench_prefix> read_prefixes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::vector<bench_prefix> out;
  bench_prefix p{};
  while (in.read(reinterpret_cast<char*>(&p), sizeof p)) out.push_back(p);
  return out;
}

template <class Key>
[[nodiscard]] bool read(const std::string& path, table<Key>& t) {
  std::ifstream in(path, std::ios::binary);
  char head[8];
  if (!in.read(head, 8) || std::memcmp(head, sizeof(Key) == 4 ? "bench4\0\0" : "bench6\0\0", 8) != 0) return false;
  t.name = path.substr(path.rfind('/') + 1);
  t.name = t.name.substr(0, t.name.rfind('.'));
  Key first{};
  std::uint32_t value = 0;
  while (in.read(reinterpret_cast<char*>(&first), sizeof first) && in.read(reinterpret_cast<char*>(&value), 4))
    put(t, first, static_cast<std::uint16_t>(value));
  t.prefixes = read_prefixes(path.substr(0, path.rfind('.')) + ".prefixes");
  if (t.prefixes.empty()) t.prefixes = cover(t);
  return !t.first.empty();
}

}  // namespace bench
