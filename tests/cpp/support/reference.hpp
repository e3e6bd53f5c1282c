// SPDX-License-Identifier: MIT
// The second witness: the rules over 256 toy addresses, by brute force. Nothing of the engine is used but its words.
#pragma once

#include <cstddef>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace toy {

constexpr int addresses = 256;

struct range {
  int first;
  int last;
};

enum class rule { first, last, most_specific };

struct source {
  bool file = true;  // offers file reputation
  bool ipv4 = true;
  bool ipv6 = true;
};

struct list {
  std::vector<range> ranges;
  std::vector<int> sources;
};

struct policy {
  std::vector<source> sources;
  std::vector<list> lists;
  list standard;
  bool fallback = false;
  rule overlap = rule::first;
};

/// What a client at one address gets, for file reputation, inside, mode custom, every order as written.
struct answer {
  std::vector<int> matching;                    // lists, ascending
  std::optional<std::pair<int, int>> deciding;  // list and range
  std::vector<std::pair<char, int>> attempts;   // 'c' or 's', and the source
  std::vector<std::pair<char, int>> ignored;

  friend bool operator==(const answer& a, const answer& b) {
    return a.matching == b.matching && a.deciding == b.deciding && a.attempts == b.attempts && a.ignored == b.ignored;
  }
};

/// Walks one list: offered, reachable, not asked before. [S-53] [S-63]
inline void walk(const policy& p, const list& l, char stage, bool is_ipv4, answer& out) {
  for (const int s : l.sources) {
    const source& it = p.sources[static_cast<std::size_t>(s)];
    const bool reachable = is_ipv4 ? it.ipv4 : it.ipv6;
    bool asked = false;
    for (const auto& [where, which] : out.attempts) asked = asked || which == s;
    if (it.file && reachable && !asked) out.attempts.emplace_back(stage, s);
    else out.ignored.emplace_back(stage, s);
  }
}

/// [S-07] [S-43] [S-44] [S-45] [S-47]: returns nothing where no source is configured at all.
inline std::optional<answer> evaluate(const policy& p, int address, bool is_ipv4) {
  bool configured = p.fallback && !p.standard.sources.empty();
  for (const list& l : p.lists) configured = configured || !l.sources.empty();
  if (!configured) return std::nullopt;
  answer out;
  std::optional<int> best_size;
  for (int i = 0; i < static_cast<int>(p.lists.size()); ++i) {
    const auto& ranges = p.lists[static_cast<std::size_t>(i)].ranges;
    bool matched = false;
    for (int j = 0; j < static_cast<int>(ranges.size()); ++j) {
      const range r = ranges[static_cast<std::size_t>(j)];
      if (address < r.first || r.last < address) continue;
      const bool first_of_list = !matched;
      matched = true;
      const int size = r.last - r.first;
      bool better = !out.deciding;
      if (p.overlap == rule::last) better = first_of_list;
      if (p.overlap == rule::most_specific) better = !best_size || size < *best_size;
      if (better) {
        out.deciding = std::pair(i, j);
        best_size = size;
      }
    }
    if (matched) out.matching.push_back(i);
  }
  if (out.deciding) walk(p, p.lists[static_cast<std::size_t>(out.deciding->first)], 'c', is_ipv4, out);
  if (p.fallback) walk(p, p.standard, 's', is_ipv4, out);
  return out;
}

/// The largest interval with the same answer. [S-62]
inline range scope(const policy& p, int address, bool is_ipv4) {
  const auto here = evaluate(p, address, is_ipv4);
  range out{address, address};
  while (out.first > 0 && evaluate(p, out.first - 1, is_ipv4) == here) --out.first;
  while (out.last < addresses - 1 && evaluate(p, out.last + 1, is_ipv4) == here) ++out.last;
  return out;
}

/// A small number from a generator, the same with every library: no distribution class.
inline int below(std::mt19937_64& random, int bound) { return static_cast<int>(random() % static_cast<unsigned>(bound)); }

inline policy random_policy(std::mt19937_64& random) {
  policy p;
  const int sources = 1 + below(random, 5);
  for (int i = 0; i < sources; ++i) p.sources.push_back({below(random, 4) != 0, below(random, 3) != 0, true});
  for (source& s : p.sources) s.ipv6 = !s.ipv4 || below(random, 3) != 0;
  const auto choose = [&] {
    std::vector<int> out;
    for (int i = 0; i < sources; ++i) {
      if (below(random, 2) == 0) out.insert(out.begin() + below(random, static_cast<int>(out.size()) + 1), i);
    }
    return out;
  };
  const int lists = below(random, 6);
  for (int i = 0; i < lists; ++i) {
    list l;
    const int ranges = below(random, 5);
    for (int j = 0; j < ranges; ++j) {
      int a = below(random, addresses);
      int b = below(random, 3) == 0 ? a + below(random, 4) : below(random, addresses);
      if (below(random, 8) == 0) a = 0;
      if (below(random, 8) == 0) b = addresses - 1;
      if (b > addresses - 1) b = addresses - 1;
      l.ranges.push_back({a < b ? a : b, a < b ? b : a});
    }
    l.sources = choose();
    p.lists.push_back(l);
  }
  p.standard.sources = choose();
  p.fallback = below(random, 2) == 0;
  p.overlap = static_cast<rule>(below(random, 3));
  return p;
}

}  // namespace toy
