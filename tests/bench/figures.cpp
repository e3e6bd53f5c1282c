// SPDX-License-Identifier: MIT
// What is not a look-up: compiling, opening, whole answers, two threads.
//
// figures [--json FILE] [--quick]
#include "policies.hpp"
#include "report.hpp"

#include <smplist/compile.hpp>

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

std::atomic<std::size_t> live_bytes{0};
std::atomic<std::size_t> peak_bytes{0};
std::atomic<std::size_t> allocations{0};

void* counted(void* at) {
  if (at == nullptr) throw std::bad_alloc();
  const std::size_t now = live_bytes += malloc_usable_size(at);
  ++allocations;
  std::size_t seen = peak_bytes;
  while (seen < now && !peak_bytes.compare_exchange_weak(seen, now)) {
  }
  return at;
}

void give_back(void* at) noexcept {
  live_bytes -= malloc_usable_size(at);
  std::free(at);
}

}  // namespace

void* operator new(std::size_t n) { return counted(std::malloc(n == 0 ? 1 : n)); }
void* operator new(std::size_t n, std::align_val_t a) {
  const auto unit = static_cast<std::size_t>(a);
  return counted(std::aligned_alloc(unit, (n + unit - 1) / unit * unit));
}
void operator delete(void* at) noexcept { give_back(at); }
void operator delete(void* at, std::size_t) noexcept { give_back(at); }
void operator delete(void* at, std::align_val_t) noexcept { give_back(at); }
void operator delete(void* at, std::size_t, std::align_val_t) noexcept { give_back(at); }

namespace bench {

namespace {

using namespace smplist;

template <class Work>
[[nodiscard]] double seconds(Work work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

template <class Work>
[[nodiscard]] double median_seconds(int times, Work work) {
  std::vector<double> found;
  for (int i = 0; i < times; ++i) found.push_back(seconds(work));
  return median(found);
}

class figures {
 public:
  explicit figures(bool quick) : quick_(quick) {}

  void run() {
    compiling(shape::overlapping);
    compiling(shape::disjoint);
    const std::size_t ranges = quick_ ? 100000 : 500000;
    const compiled_policy fast = compile(make_policy({shape::disjoint, ranges, order::ordered}));
    opening(fast, "open " + std::to_string(ranges) + " ranges, ");
    answers(fast, "ordered");
    two_threads(fast);
    answers(compile(make_policy({shape::disjoint, ranges, order::random})), "random");
  }

  [[nodiscard]] const report& found() const { return report_; }

 private:
  static constexpr std::size_t questions = std::size_t{1} << 18U;

  void say(const std::string& what, double value, const std::string& unit) {
    std::printf("| %s | %.4g %s |\n", what.c_str(), value, unit.c_str());
    std::fflush(stdout);
    report_.figure(what, value, unit);
  }

  void compiling(shape s) {
    const std::string name = s == shape::disjoint ? "disjoint" : "overlapping";
    double before = 0;
    for (std::size_t n = 250000; n <= (quick_ ? 500000U : 4000000U); n *= 2) {
      const policy p = make_policy({s, n, order::ordered});
      const double now = median_seconds(3, [&] { static_cast<void>(compile(p)); });
      const std::string rows = name + ", " + std::to_string(n) + " ranges";
      say("compile, " + rows, now, "s");
      if (before > 0) say("compile, " + rows + ", times half of them", now / before, "x");
      before = now;
      if (n == 1000000 || quick_) memory(p, rows);
    }
  }

  void memory(const policy& p, const std::string& rows) {
    const std::size_t before = live_bytes;
    peak_bytes = before;
    const compiled_policy made = compile(p);
    say("compile, " + rows + ", memory at its highest over the result",
        static_cast<double>(peak_bytes - before) / static_cast<double>(made.size()), "x");
  }

  void opening(const compiled_policy& p, const std::string& name) {
    const char* const path = "/tmp/bench-figures.smpc";
    std::FILE* const file = std::fopen(path, "wb");
    if (file == nullptr || std::fwrite(p.data(), 1, p.size(), file) != p.size()) std::abort();
    std::fclose(file);
    for (const trust how : {trust::nothing, trust::checksum}) {
      const double s = median_seconds(9, [&] {
        if (!compiled_policy::open(path, how)) std::abort();
      });
      say(name + (how == trust::nothing ? "every number checked" : "trusted by its checksum"), s * 1e3, "ms");
    }
    std::remove(path);
  }

  /// Addresses of random ranges: as many as `questions`.
  [[nodiscard]] static std::vector<address> addresses(const compiled_policy& p) {
    std::mt19937_64 r(7);
    std::vector<address> out;
    while (out.size() < questions) {
      const address a = address::from_ipv4(static_cast<std::uint32_t>(r()));
      if (p.class_of(a) != 0) out.push_back(a);
    }
    return out;
  }

  void answers(const compiled_policy& p, const std::string& name) {
    const std::vector<address> asked = addresses(p);
    const question q;
    client who;
    who.addresses.emplace_back(asked.front());
    who.location = location::internal;
    scratch room(p);
    volatile std::size_t sink = 0;
    const auto each = [&](auto answer) {
      std::size_t sum = 0;
      for (const address& a : asked) sum += answer(a);
      sink = sum;
    };
    const auto with_view = [&](const address& a) {
      who.addresses.front().value = a;
      const auto first = p.evaluate(who, service::file_reputation, room).first();
      return first ? first->url.size() : 0;
    };
    std::vector<double> url;
    std::vector<double> view;
    std::vector<double> bare;
    std::size_t during = 0;
    for (int round = 0; round < 9; ++round) {
      const double base = seconds([&] { each([&](const address& a) { return p.class_of(a); }); });
      const std::size_t mark = allocations;
      const double first = seconds([&] { each([&](const address& a) { return p.first_url(a, q).size(); }); });
      const double whole = seconds([&] { each(with_view); });
      during += allocations - mark;
      bare.push_back(base * 1e9 / questions);
      url.push_back(first / base);
      view.push_back(whole / base);
    }
    say("bare class of an address, " + name, median(bare), "ns");
    say("address to first URL, " + name + ", times the bare class", median(url), "x");
    say("client to first attempt, " + name + ", times the bare class", median(view), "x");
    say("allocations in those answers, " + name, static_cast<double>(during), "");
  }

  void two_threads(const compiled_policy& p) {
    std::mt19937_64 r(11);
    std::vector<std::uint32_t> asked(std::size_t{1} << 21U);
    for (std::uint32_t& x : asked) x = static_cast<std::uint32_t>(r());
    std::vector<std::uint16_t> out(asked.size());
    const auto part = [&](std::size_t from, std::size_t to) {
      p.each_class_ipv4(
          to - from, [&, from](std::size_t i) { return asked[from + i]; },
          [&, from](std::size_t i, std::uint32_t c) { out[from + i] = static_cast<std::uint16_t>(c); });
    };
    // the quickest round of each: a program beside this one takes a core away, and gives none
    double one = 1e9;
    double two = 1e9;
    for (int round = 0; round < 25; ++round) {
      one = std::min(one, seconds([&] { part(0, asked.size()); }));
      two = std::min(two, seconds([&] {
                       std::thread other([&] { part(asked.size() / 2, asked.size()); });
                       part(0, asked.size() / 2);
                       other.join();
                     }));
    }
    say("two threads, times one, IPv4 batch", one / two, "x");
  }

  bool quick_;
  report report_;
};

int main(int argc, char** argv) {
  const char* json = nullptr;
  bool quick = false;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--quick") == 0) quick = true;
    if (std::strcmp(argv[i], "--json") == 0 && i + 1 < argc) json = argv[++i];
  }
  std::puts("\n| what | measured |\n|---|---|");
  figures all(quick);
  all.run();
  return json == nullptr || all.found().write(json) ? 0 : 2;
}

}  // namespace

}  // namespace bench

int main(int argc, char** argv) { return bench::main(argc, argv); }
