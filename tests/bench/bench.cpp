// SPDX-License-Identifier: MIT
// Look-ups of addresses in tables of intervals, every structure beside std::upper_bound in the same rounds.
//
// bench [--json FILE] [--quick] [--plugin FILE]... TABLE...
//   a TABLE is made by tests/bench/run; without one, tables in the shape of real ones are generated
#include "peers/dxr.hpp"
#include "peers/maps.hpp"
#include "peers/plugin.hpp"
#include "peers/poptrie.hpp"
#include "peers/replay.hpp"
#include "peers/search.hpp"
#include "peers/smplist.hpp"
#include "rounds.hpp"

#ifdef BENCH_DPDK
#include "peers/dpdk.hpp"
#endif
#ifdef BENCH_MAXMIND
#include "peers/maxmind.hpp"
#endif

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

namespace bench {

namespace {

/// Peers that stand in a package: those of this build.
template <class Key>
void add_packages(std::vector<candidate<Key>>& to) {
  to.push_back(of<standard_map<Key>, Key>());
#ifdef BENCH_ABSL
  to.push_back(of<absl_btree<Key>, Key>());
#endif
#ifdef BENCH_BOOST
  to.push_back(of<boost_icl<Key>, Key>());
#endif
#ifdef BENCH_MAXMIND
  to.push_back(of<maxmind<Key>, Key>());
#endif
#ifdef BENCH_DPDK
  add_dpdk(to);
#endif
}

[[nodiscard]] std::vector<candidate<std::uint32_t>> own(std::uint32_t) {
  return {of<upper_bound<std::uint32_t>, std::uint32_t>(true),
          of<smplist_ipv4, std::uint32_t>(true),
          replay_of<smplist_ipv4, std::uint32_t>(),
          of<interleaved_search<std::uint32_t>, std::uint32_t>(true),
          of<poptrie<std::uint32_t>, std::uint32_t>(),
          of<dxr18, std::uint32_t>()};
}
[[nodiscard]] std::vector<candidate<u128>> own(u128) {
  return {of<upper_bound<u128>, u128>(true), of<smplist_ipv6, u128>(true), replay_of<smplist_ipv6, u128>(),
          of<interleaved_search<u128>, u128>(true), of<poptrie<u128>, u128>()};
}

/// What the words of the command line say.
struct arguments {
  settings how;
  const char* json = nullptr;
  bool quick = false;
  std::vector<std::string> tables;
  std::vector<plugin> plugins;
};

class program {
 public:
  explicit program(arguments given) : given_(std::move(given)) {
    fill(ipv4_);
    fill(ipv6_);
  }

  [[nodiscard]] int run() {
    for (const std::string& file : given_.tables) {
      if (!measure_file(file)) return std::fprintf(stderr, "bench: %s is no table\n", file.c_str()), 2;
    }
    if (given_.tables.empty() && !given_.quick) {
      measure(generated_routes<std::uint32_t>("generated-routes-v4", 900000));
      measure(generated_routes<u128>("generated-routes-v6", 160000));
    }
    for (const std::size_t n : {10, 1000, 100000}) {
      measure(generated<std::uint32_t>("random-" + std::to_string(n), n, 60));
      measure(generated<u128>("random-" + std::to_string(n), n, 90));
    }
    measure(generated_hosts<std::uint32_t>("hosts-100000", 100000, 32, 1));
    if (!given_.quick) measure_many_hosts();
    report_.end_table();
    if (given_.json == nullptr || report_.write(given_.json)) return 0;
    return std::fprintf(stderr, "bench: %s cannot be written\n", given_.json), 2;
  }

 private:
  template <class Key>
  void fill(std::vector<candidate<Key>>& all) {
    all = own(Key{});
    add_packages(all);
    for (const plugin& p : given_.plugins) {
      for (auto& c : p.candidates<Key>()) all.push_back(std::move(c));
    }
  }

  void measure(const table<std::uint32_t>& t) {
    bench::run(report_, t, ipv4_, given_.how);
    narrow_classes(t);
  }
  void measure(const table<u128>& t) { bench::run(report_, t, ipv6_, given_.how); }

  [[nodiscard]] bool measure_file(const std::string& file) {
    table<std::uint32_t> narrow;
    if (read(file, narrow)) return measure(narrow), true;
    table<u128> wide;
    return read(file, wide) && (measure(wide), true);
  }

  void measure_many_hosts() {
    for (const unsigned length : {128U, 64U}) {
      auto t = generated_hosts<u128>(length == 128 ? "hosts-1000000" : "subnets-1000000", 1000000, length, 20000);
      t.for_all = false;
      measure(t);
    }
  }

  /// The same table with at most 128 different answers: an index of one byte each.
  void narrow_classes(const table<std::uint32_t>& t) {
    if (t.first.size() < 500000) return;
    table<std::uint32_t> few{t.name, {}, {}, {}};
    for (std::size_t i = 0; i < t.first.size(); ++i)
      put(few, t.first[i], t.value[i] == 0 ? std::uint16_t{0} : static_cast<std::uint16_t>(1 + t.value[i] % 127));
    const double bytes = static_cast<double>(smplist_ipv4(few).bytes());
    report_.figure("bytes for each interval, one-byte classes, " + t.name, bytes / static_cast<double>(few.first.size()), "B");
  }

  arguments given_;
  report report_;
  std::vector<candidate<std::uint32_t>> ipv4_;
  std::vector<candidate<u128>> ipv6_;
};

[[nodiscard]] arguments read_arguments(int argc, char** argv) {
  arguments out;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--json" && i + 1 < argc) out.json = argv[++i];
    else if (word == "--plugin" && i + 1 < argc) out.plugins.emplace_back(argv[++i]);
    else if (word == "--quick") out.quick = true, out.how = {std::size_t{1} << 16U, 3};
    else out.tables.push_back(word);
  }
  return out;
}

int main(int argc, char** argv) {
  try {
    return program(read_arguments(argc, argv)).run();
  } catch (const left_out& why) {
    return std::fprintf(stderr, "bench: %s\n", why.what()), 2;
  }
}

}  // namespace

}  // namespace bench

int main(int argc, char** argv) { return bench::main(argc, argv); }
