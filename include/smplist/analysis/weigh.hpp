// SPDX-License-Identifier: MIT
/// \file analysis/weigh.hpp
/// Floor 8. How many clients get which answer, where somebody says where the clients are. What load is made of.
#pragma once

#include <smplist/analysis/partition.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace smplist {

/// Clients of a range, and how many addresses of it get an answer.
struct range_weights {
  address_count addresses = {};
  std::array<std::map<std::uint32_t, address_count>, 2> by_service = {};  // by answer
};

/// Weighs the addresses of a range by the answer that a client with one of them gets, its stack its own or as stated; link-local
/// and loopback addresses count, as whoever states a range means all of it. O(log n + pieces in the range).
[[nodiscard]] inline range_weights weigh(const partition& cut, const address_range& range, location where = location::internal,
                                         std::optional<family_set> stated = {}) {
  range_weights out;
  const auto& pieces = cut.pieces(range.family());
  const auto start = std::upper_bound(pieces.begin(), pieces.end(), range.first(),
                                      [](address x, const address_piece& q) { return x < q.first; });
  for (auto q = std::prev(start); q != pieces.end() && q->first <= range.last(); ++q) {
    const address_piece part{std::max(q->first, range.first()), std::min(q->last, range.last()), q->list, q->range, q->usable};
    out.addresses = out.addresses + part.size();
    for (const service what : all_services) {
      address_count& sum = out.by_service[static_cast<std::size_t>(what)][cut.answer_to(cut.class_of(part, where, stated), what)];
      sum = sum + part.size();
    }
  }
  return out;
}

/// What known clients get: distinct runs of attempts, each in the order that these clients try them, and how many do.
struct followed_clients {
  std::vector<answer> answers;         // of one ordered stage, or without
  std::vector<std::uint64_t> clients;  // by answer
};

/// Asks the engine for every client, whose own key decides random orders. [S-21]
[[nodiscard]] inline followed_clients follow(const policy& p, const std::vector<client>& all, const facts& given = {}) {
  followed_clients out;
  std::map<std::string, std::size_t> known;
  for (const client& who : all) {
    for (const service what : all_services) {
      plan found = detail::evaluation(p, who, what, given).run();
      answer got{what, found.location, found.outcome, found.exhausted, {}};
      std::string key(name(what));
      for (attempt& a : found.attempts) {
        a.notes.clear();
        for (const std::string* text : {&a.source, &a.identity, &a.via}) (key += '\n') += *text;
      }
      if (!found.attempts.empty()) got.stages.push_back({false, std::move(found.attempts)});
      const auto [at, fresh] = known.emplace(std::move(key), out.answers.size());
      if (fresh) {
        out.answers.push_back(std::move(got));
        out.clients.push_back(0);
      }
      ++out.clients[at->second];
    }
  }
  return out;
}

}  // namespace smplist
