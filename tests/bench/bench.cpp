// SPDX-License-Identifier: MIT
// Look-ups of addresses in tables of intervals, every structure beside std::upper_bound in the same rounds.
//
// bench [--json FILE] [--quick] TABLE...   a TABLE is made by tests/bench/run; without one, tables are generated
#include "peers/dxr.hpp"
#include "peers/search.hpp"
#include "peers/smplist.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <vector>

namespace bench {

namespace {

struct settings {
  std::size_t queries = std::size_t{1} << 20U;
  int rounds = 7;
  std::FILE* json = nullptr;
  bool first_row = true;
};

using random = std::mt19937_64;

[[nodiscard]] std::uint32_t any(random& r, std::uint32_t) { return static_cast<std::uint32_t>(r()); }
[[nodiscard]] u128 any(random& r, u128) { return {r(), r()}; }

/// An address from `first` to before `behind`; 0 stands for the end of the family.
[[nodiscard]] std::uint32_t between(random& r, std::uint32_t first, std::uint32_t behind) {
  const std::uint64_t size = behind == 0 ? (std::uint64_t{1} << 32U) - first : behind - first;
  return first + static_cast<std::uint32_t>(r() % size);
}
[[nodiscard]] u128 between(random& r, u128 first, u128 behind) {
  const u128 size = behind - first;
  if (size.hi != 0) return first + u128{r() % size.hi, r()};
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

[[nodiscard]] double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

template <class Work>
[[nodiscard]] double nanoseconds(std::size_t n, Work work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count() / static_cast<double>(n);
}

template <class T, class Key>
[[nodiscard]] peer<Key> build(const table<Key>& t) {
  std::shared_ptr<const T> built;
  const double ns = nanoseconds(1, [&] { built = std::make_shared<const T>(t); });
  return make_peer<T, Key>(built, ns / 1e9);
}

[[nodiscard]] std::vector<peer<std::uint32_t>> peers_of(const table<std::uint32_t>& t) {
  return {build<upper_bound<std::uint32_t>>(t), build<smplist_ipv4>(t), build<interleaved_search<std::uint32_t>>(t),
          build<dxr18>(t)};
}
[[nodiscard]] std::vector<peer<u128>> peers_of(const table<u128>& t) {
  return {build<upper_bound<u128>>(t), build<smplist_ipv6>(t), build<interleaved_search<u128>>(t)};
}

/// Rounds of one structure: latency, single, batch; batch is single where there is none.
struct measured {
  std::vector<double> ns[3];
};

void print(settings& s, const std::string& table_name, int family, const std::string& mix, std::size_t intervals,
           const std::string& name, double build_seconds, double mib, const measured& own, const measured& base, bool batch) {
  double ns[3];
  double ratio[3];
  for (int way = 0; way < 3; ++way) {
    std::vector<double> ratios;
    for (std::size_t r = 0; r < own.ns[way].size(); ++r) ratios.push_back(base.ns[way][r] / own.ns[way][r]);
    ns[way] = median(own.ns[way]);
    ratio[way] = median(ratios);
  }
  std::printf("| %s | %s | %.2f | %.3f | %.1f / %.1f / %.1f | %.1f / %.1f / %.1f |\n", mix.c_str(), name.c_str(), mib,
              build_seconds, ns[0], ns[1], ns[2], ratio[0], ratio[1], ratio[2]);
  std::fflush(stdout);
  if (s.json == nullptr) return;
  std::fprintf(s.json,
               "%s\n{\"table\": \"%s\", \"family\": %d, \"mix\": \"%s\", \"structure\": \"%s\", \"intervals\": %zu, \"mib\": "
               "%.3f, \"build_s\": %.4f, "
               "\"latency_ns\": %.2f, \"single_ns\": %.2f, \"batch_ns\": %s, \"ratio_latency\": %.2f, \"ratio_single\": %.2f, "
               "\"ratio_batch\": %.2f}",
               s.first_row ? "" : ",", table_name.c_str(), family, mix.c_str(), name.c_str(), intervals, mib, build_seconds,
               ns[0], ns[1], batch ? std::to_string(ns[2]).c_str() : "null", ratio[0], ratio[1], ratio[2]);
  s.first_row = false;
}

template <class Key>
void run(settings& s, const table<Key>& t) {
  constexpr int family = sizeof(Key) == 4 ? 4 : 6;
  std::printf(
      "\n**%s**, IPv%d, %zu intervals\n\n| mix | structure | MiB | build s | ns: latency / single / batch | times "
      "std::upper_bound |\n|---|---|---|---|---|---|\n",
      t.name.c_str(), family, t.first.size());
  std::vector<peer<Key>> all = peers_of(t);
  for (const std::string mix : {"uni", "cov", "zipf"}) {
    const std::vector<Key> queries = make_queries(t, mix, s.queries);
    std::vector<std::uint16_t> wanted(queries.size());
    all.front().single(queries, wanted);
    std::vector<std::uint16_t> answers(queries.size());
    std::vector<bool> right(all.size(), true);
    for (std::size_t p = 0; p < all.size(); ++p) {
      for (const auto& way : {all[p].single, all[p].batch}) {
        if (!way) continue;
        std::fill(answers.begin(), answers.end(), std::uint16_t{0xFFFF});
        way(queries, answers);
        right[p] = right[p] && answers == wanted;
      }
      if (!right[p]) std::printf("| %s | %s | WRONG answers | | | |\n", mix.c_str(), all[p].name.c_str());
    }
    std::vector<measured> found(all.size());
    for (int round = 0; round < s.rounds; ++round) {
      for (std::size_t k = 0; k < all.size(); ++k) {
        const std::size_t p = (k + static_cast<std::size_t>(round)) % all.size();
        volatile std::uint64_t sink = 0;
        found[p].ns[0].push_back(nanoseconds(queries.size(), [&] { sink = all[p].latency(queries); }));
        found[p].ns[1].push_back(nanoseconds(queries.size(), [&] { all[p].single(queries, answers); }));
        found[p].ns[2].push_back(all[p].batch ? nanoseconds(queries.size(), [&] { all[p].batch(queries, answers); })
                                              : found[p].ns[1].back());
      }
      std::fprintf(stderr, "\r%s %s round %d of %d ", t.name.c_str(), mix.c_str(), round + 1, s.rounds);
    }
    std::fprintf(stderr, "\n");
    for (std::size_t p = 0; p < all.size(); ++p) {
      if (!right[p]) continue;
      print(s, t.name, family, mix, t.first.size(), all[p].name, all[p].build_seconds,
            static_cast<double>(all[p].bytes) / 1048576.0, found[p], found[0], static_cast<bool>(all[p].batch));
    }
  }
}

template <class Key>
void put(table<Key>& t, Key first, std::uint16_t value) {
  if (!t.first.empty() && t.value.back() == value) return;
  t.first.push_back(first);
  t.value.push_back(value);
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
  table<Key> t{name, {}, {}};
  put(t, Key{}, 0);
  for (const Key& x : starts) {
    if (!(t.first.back() < x)) continue;
    put(t, x, static_cast<std::uint16_t>(r() % 32000));
  }
  return t;
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
  return !t.first.empty();
}

int main(int argc, char** argv) {
  settings s;
  std::vector<std::string> files;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--json" && i + 1 < argc) s.json = std::fopen(argv[++i], "w");
    else if (word == "--quick") s = {std::size_t{1} << 17U, 3, s.json, true};
    else files.push_back(word);
  }
  if (s.json != nullptr) std::fputs("[", s.json);
  for (const std::string& file : files) {
    table<std::uint32_t> narrow;
    table<u128> wide;
    if (read(file, narrow)) run(s, narrow);
    else if (read(file, wide)) run(s, wide);
    else return std::fprintf(stderr, "bench: %s is no table\n", file.c_str()), 2;
  }
  for (const std::size_t n : {10, 1000, 100000}) {
    run(s, generated<std::uint32_t>("random-" + std::to_string(n), n, 60));
    run(s, generated<u128>("random-" + std::to_string(n), n, 90));
  }
  if (s.json != nullptr) {
    std::fputs("\n]\n", s.json);
    std::fclose(s.json);
  }
  return 0;
}

}  // namespace

}  // namespace bench

int main(int argc, char** argv) { return bench::main(argc, argv); }
