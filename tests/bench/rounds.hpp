// SPDX-License-Identifier: MIT
// One table, one mix: every structure's answers checked, then all of them timed in turn, round after round.
#pragma once

#include "report.hpp"
#include "tables.hpp"

#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

namespace bench {

/// What is going on, for somebody who looks.
inline void progress(const std::string& text) {
  static const bool seen = ::isatty(STDERR_FILENO) != 0 || std::getenv("BENCH_LOUD") != nullptr;
  if (seen) std::fprintf(stderr, "\r\33[K%s ", text.c_str());
}

/// A structure in a table's rounds.
template <class Key>
struct contender {
  peer<Key> asked;
  bool right = true;
  std::size_t queries = 0;  // fewer for slow ones
  measured found = {};
};

/// Builds what can be built; who has no place here is named in the report.
template <class Key>
[[nodiscard]] std::vector<contender<Key>> build(report& r, const table<Key>& t, const std::vector<candidate<Key>>& candidates) {
  std::vector<contender<Key>> out;
  for (const candidate<Key>& c : candidates) {
    if (!t.for_all && !c.for_all) continue;
    progress(t.name + ": building " + c.name);
    try {
      out.push_back({c.build(t)});
    } catch (const left_out& why) {
      r.left_out(t.name, c.name, why.what());
    }
  }
  return out;
}

/// Every answer of every way of asking against those of the first structure, latency by their sum.
template <class Key>
void check(report& r, const std::string& where, const std::vector<Key>& queries, std::vector<contender<Key>>& all) {
  std::vector<std::uint16_t> wanted(queries.size());
  all.front().asked.single(queries.data(), queries.size(), wanted.data());
  std::vector<std::uint16_t> answers(queries.size());
  for (contender<Key>& c : all) {
    if (c.asked.learn) {
      c.right = c.asked.learn(queries.data(), queries.size());
      if (!c.right) r.left_out(where, c.asked.name, "the layout is another than the bench knows");
      continue;
    }
    std::size_t wrong = 0;
    for (const auto& way : {c.asked.single, c.asked.batch}) {
      if (!way) continue;
      std::fill(answers.begin(), answers.end(), std::uint16_t{0xFFFF});
      way(queries.data(), queries.size(), answers.data());
      for (std::size_t i = 0; i < answers.size(); ++i) wrong += answers[i] != wanted[i] ? 1U : 0U;
    }
    const std::size_t some = std::min<std::size_t>(queries.size(), 65536);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < some; ++i) sum += wanted[i];
    if (wrong == 0 && c.asked.latency(queries.data(), some) != sum) wrong = 1;
    c.right = wrong == 0;
    if (!c.right) r.left_out(where, c.asked.name, "WRONG: " + std::to_string(wrong) + " answers differ from std::upper_bound's");
  }
}

/// All queries for structures quicker than 300 ns; for others as many as take no longer than that.
template <class Key>
void choose_queries(const std::vector<Key>& queries, contender<Key>& c) {
  constexpr double slow_ns = 300;
  const std::size_t slice = std::min<std::size_t>(queries.size(), 8192);
  std::vector<std::uint16_t> answers(slice);
  const double ns = nanoseconds(slice, [&] { c.asked.single(queries.data() + queries.size() - slice, slice, answers.data()); });
  c.queries = queries.size();
  if (!c.asked.learn && ns > slow_ns)
    c.queries = std::max(slice, static_cast<std::size_t>(static_cast<double>(queries.size()) * slow_ns / ns));
}

template <class Key>
void time_once(const std::vector<Key>& queries, std::vector<std::uint16_t>& answers, contender<Key>& c) {
  volatile std::uint64_t sink = 0;
  const std::size_t n = c.queries;
  c.found.ns[0].push_back(nanoseconds(n, [&] { sink = c.asked.latency(queries.data(), n); }));
  c.found.ns[1].push_back(nanoseconds(n, [&] { c.asked.single(queries.data(), n, answers.data()); }));
  c.found.ns[2].push_back(c.asked.batch ? nanoseconds(n, [&] { c.asked.batch(queries.data(), n, answers.data()); })
                                        : c.found.ns[1].back());
}

template <class Key>
void run_mix(report& r, const table<Key>& t, const std::string& mix, std::vector<contender<Key>>& all, const settings& s) {
  const std::vector<Key> queries = make_queries(t, mix, s.queries);
  progress(t.name + " " + mix + ": checking");
  for (contender<Key>& c : all) c.found = {};
  check(r, t.name + ", " + mix, queries, all);
  for (contender<Key>& c : all) choose_queries(queries, c);
  std::vector<std::uint16_t> answers(queries.size());
  for (int round = 0; round < s.rounds; ++round) {
    progress(t.name + " " + mix + ": round " + std::to_string(round + 1) + " of " + std::to_string(s.rounds));
    for (std::size_t k = 0; k < all.size(); ++k) {
      contender<Key>& c = all[(k + static_cast<std::size_t>(round)) % all.size()];
      if (c.right) time_once(queries, answers, c);
    }
  }
  for (const contender<Key>& c : all) {
    if (!c.right) continue;
    r.row({t.name, sizeof(Key) == 4 ? 4 : 6, mix, c.asked.name, t.first.size(), c.asked.bytes, c.asked.build_seconds,
           static_cast<bool>(c.asked.batch)},
          c.found, all.front().found);
  }
}

template <class Key>
void run(report& r, const table<Key>& t, const std::vector<candidate<Key>>& candidates, const settings& s) {
  r.begin(t.name, sizeof(Key) == 4 ? 4 : 6, t.first.size());
  std::vector<contender<Key>> all = build(r, t, candidates);
  for (const char* mix : {"uni", "cov", "zipf"}) run_mix(r, t, mix, all, s);
  progress("");
}

}  // namespace bench
