// SPDX-License-Identifier: MIT
/// \file analysis/quiet.hpp
/// Floor 8. What changes between two policies beside the answers: for those who ask about everything.
#pragma once

#include <smplist/analysis/answer.hpp>
#include <smplist/evaluation.hpp>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace smplist {

/// What of a plan is no part of its answer. Of all that are true of a region, all are named.
enum class quiet_change : std::uint8_t { lists, ignored, notes, trace };

template <>
struct detail::words<quiet_change> {
  static constexpr std::string_view table[] = {"lists", "ignored", "notes", "trace"};
};

/// Neighbouring addresses whose internal clients keep their answer, and whose plan changes otherwise.
struct quiet_region {
  address first;
  address last;
  smplist::service service = service::file_reputation;
  std::vector<quiet_change> changes = {};
};

namespace detail {

/// What changes quietly for a client, if the answer does not.
[[nodiscard]] inline std::vector<quiet_change> compare_quietly(const policy& before, const policy& after, const client& who,
                                                               service what, const facts& given) {
  plan was = evaluation(before, who, what, given).run();
  plan is = evaluation(after, who, what, given).run();
  std::vector<quiet_change> out;
  if (answer_of(was) != answer_of(is)) return out;
  if (was.lists != is.lists) out.push_back(quiet_change::lists);
  for (plan* p : {&was, &is}) {  // a random order says nothing
    std::sort(p->ignored.begin(), p->ignored.end(), [](const ignored_source& a, const ignored_source& b) {
      return std::tie(a.stage, a.list, a.source, a.reason) < std::tie(b.stage, b.list, b.source, b.reason);
    });
    std::sort(p->attempts.begin(), p->attempts.end(), [](const attempt& a, const attempt& b) {
      return std::tie(a.stage, a.identity, a.via) < std::tie(b.stage, b.identity, b.via);
    });
  }
  if (was.ignored != is.ignored) out.push_back(quiet_change::ignored);
  if (was.attempts != is.attempts) out.push_back(quiet_change::notes);  // all else of them is equal
  if (!(was.trace == is.trace)) out.push_back(quiet_change::trace);
  return out;
}

}  // namespace detail

/// The regions of a family, ascending. Asks the plain engine once for every run of addresses that neither policy cuts: O(n)
/// evaluations for n ranges.
[[nodiscard]] inline std::vector<quiet_region> quiet_changes(const policy& before, const policy& after, family f,
                                                             const facts& given = {}) {
  std::vector<detail::u128> cuts = {address::lowest(f).bits()};
  for (const policy* p : {&before, &after}) cuts.insert(cuts.end(), p->cuts(f).begin(), p->cuts(f).end());
  for (const address_range& r : detail::unusable_ranges) {
    if (r.family() != f) continue;
    cuts.push_back(r.first().bits());
    cuts.push_back(r.last().next()->bits());
  }
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  std::vector<quiet_region> out;
  for (const service what : all_services) {
    for (std::size_t i = 0; i < cuts.size(); ++i) {
      client who;
      who.location = location::internal;
      const address first = address::from_ipv6(cuts[i].hi, cuts[i].lo);
      const address last =
          i + 1 == cuts.size() ? address::highest(f) : *address::from_ipv6(cuts[i + 1].hi, cuts[i + 1].lo).previous();
      who.addresses.emplace_back(first);
      auto found = detail::compare_quietly(before, after, who, what, given);
      if (found.empty()) continue;
      const bool goes_on =
          !out.empty() && out.back().service == what && out.back().changes == found && out.back().last.next() == first;
      if (goes_on) out.back().last = last;
      else out.push_back({first, last, what, std::move(found)});
    }
  }
  return out;
}

}  // namespace smplist
