// SPDX-License-Identifier: MIT
// Lint against brute force: every range, list and toy address asked one by one, with the plain engine and the rules read aloud.
#pragma once

#include "universe.hpp"

#include <smplist/analysis.hpp>
#include <smplist/evaluate.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace lint_check {

using namespace smplist;

inline void expect(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error("lint: " + what);
}

using range_at = std::pair<std::size_t, std::size_t>;  // list, range

/// A policy with what brute force knows of it.
struct brute {
  smplist::policy policy;
  std::vector<finding> found;
  bool asked = false;                             // are custom lists?
  std::map<address, std::vector<range_at>> held;  // by toy address: who holds it
  std::map<address, range_at> winner;             // and who decides, by the words of the rule [S-44]
  std::vector<client> clients;                    // with one usable address, or one of each family; one for each list and scope

  [[nodiscard]] const policy_draft& draft() const { return policy.content(); }
  [[nodiscard]] const address_range& range(range_at r) const { return draft().lists[r.first].ranges[r.second]; }
  [[nodiscard]] std::vector<const finding*> of(const std::string& rule) const {
    std::vector<const finding*> out;
    for (const finding& f : found) {
      if (f.rule == rule) out.push_back(&f);
    }
    return out;
  }
  [[nodiscard]] std::vector<const finding*> of(const std::string& rule, std::size_t list) const {
    auto out = of(rule);
    out.erase(std::remove_if(out.begin(), out.end(), [&](const finding* f) { return f->list != draft().lists[list].name; }),
              out.end());
    return out;
  }
};

inline bool better(const brute& b, range_at x, range_at y) {
  const auto length = [&](range_at r) { return b.range(r).size(); };
  switch (b.draft().on_overlap) {
    case overlap_rule::first: return x < y;
    case overlap_rule::last: return x.first != y.first ? x.first > y.first : x.second < y.second;
    case overlap_rule::most_specific: break;
  }
  return length(x) != length(y) ? length(x) < length(y) : x < y;
}

inline brute look_at(const policy_draft& draft) {
  brute b{policy::make(draft).value(), {}, false, {}, {}, {}};
  b.found = lint(b.policy);
  b.asked = b.draft().mode == list_mode::custom && !b.draft().nothing_configured();
  std::vector<address> shown[2];
  for (const family f : {family::ipv4, family::ipv6}) {
    std::set<std::pair<std::optional<range_at>, bool>> seen;
    for (const address a : universe::addresses(f)) {
      for (std::size_t i = 0; b.asked && i < b.draft().lists.size(); ++i) {
        for (std::size_t j = 0; j < b.draft().lists[i].ranges.size(); ++j) {
          if (b.draft().lists[i].ranges[j].contains(a)) b.held[a].push_back({i, j});
        }
      }
      std::optional<range_at> best;
      if (const auto at = b.held.find(a); at != b.held.end()) {
        best = *std::min_element(at->second.begin(), at->second.end(), [&](range_at x, range_at y) { return better(b, x, y); });
        b.winner.emplace(a, *best);
        const plan p = evaluate(b.policy, universe::at({a}, location::internal), service::file_reputation);
        expect(p.decided_by && p.decided_by->list == b.draft().lists[best->first].name, "the brute winner is not the engine's");
      }
      const bool usable = !a.is_link_local() && !a.is_loopback();
      if (usable && seen.emplace(best, usable).second) shown[static_cast<int>(f)].push_back(a);
    }
  }
  for (const address a : shown[0]) b.clients.push_back(universe::at({a}, location::internal));
  for (const address a : shown[1]) b.clients.push_back(universe::at({a}, location::internal));
  for (const address a : shown[0]) {
    for (const address c : shown[1]) b.clients.push_back(universe::at({a, c}, location::internal));
  }
  return b;
}

/// What a client notices of its plan: whom it asks, how, in what order; the attempts of a random stage in any.
inline std::vector<std::vector<std::string>> noticed(const policy& p, const client& who, service what) {
  const plan found = evaluate(p, who, what);
  std::vector<std::vector<std::string>> out;
  for (const planned_stage& s : found.stages) {
    std::vector<std::string> steps;
    for (const attempt& a : found.attempts) {
      if (a.stage != s.stage) continue;
      std::string step = a.source + " " + a.url + " " + a.via;
      for (const family f : a.families) step += std::string(" ") + std::string(name(f));
      steps.push_back(step);
    }
    if (s.order == order::random && steps.size() > 1) {
      std::sort(steps.begin(), steps.end());
      out.push_back(steps);
    } else {
      for (const std::string& step : steps) out.push_back({step});
    }
  }
  return out;
}

/// The same policy, but a list comes first: it decides what it holds.
inline policy with_first(const brute& b, std::size_t list) {
  policy_draft draft = b.draft();
  draft.on_overlap = overlap_rule::first;
  std::rotate(draft.lists.begin(), draft.lists.begin() + static_cast<std::ptrdiff_t>(list),
              draft.lists.begin() + static_cast<std::ptrdiff_t>(list) + 1);
  return policy::make(draft).value();
}

/// Clients that have an address, alone and with others that are in no list: what they get is up to the list of that address.
inline std::vector<client> around(address a) {
  const address outside[] = {address::parse("192.0.2.1"), address::parse("2001:db8:ffff::1")};
  const address other = outside[a.is_ipv4() ? 1 : 0];
  std::vector<client> out = {universe::at({a}, location::internal), universe::at({a, other}, location::internal)};
  if (a.is_link_local() || a.is_loopback()) {
    out.push_back(universe::at({a, outside[a.is_ipv4() ? 0 : 1]}, location::internal));
    out.push_back(universe::at({a, outside[0], outside[1]}, location::internal));
  }
  return out;
}

inline bool would_notice(const brute& b, const policy& otherwise, address a) {
  for (const client& who : around(a)) {
    for (const service what : all_services) {
      if (noticed(b.policy, who, what) != noticed(otherwise, who, what)) return true;
    }
  }
  return false;
}

inline std::string pointer_of(range_at r) {
  return "/internal/custom/lists/" + std::to_string(r.first) + "/ranges/" + std::to_string(r.second);
}

/// shadowed-list, shadowed-range and redundant-range: together they are the ranges that decide nothing, and some that need not.
inline void check_shadows(const brute& b) {
  std::set<range_at> living;
  for (const auto& [a, r] : b.winner) living.insert(r);
  std::set<std::string> reported;
  std::map<std::string, const finding*> by_place;
  for (const char* rule : {"shadowed-list", "shadowed-range", "redundant-range"}) {
    for (const finding* f : b.of(rule)) expect(by_place.emplace(f->pointer, f).second, f->pointer + " is reported twice");
  }
  policy_draft less = b.draft();
  for (std::size_t i = 0; i < b.draft().lists.size(); ++i) {
    const auto& ranges = b.draft().lists[i].ranges;
    bool any = false;
    for (std::size_t j = 0; j < ranges.size(); ++j) any = any || living.count({i, j}) != 0;
    const bool shadowed = b.asked && !ranges.empty() && !any;
    const auto whole = by_place.find("/internal/custom/lists/" + std::to_string(i));
    expect(shadowed == (whole != by_place.end()), "shadowed-list of list " + std::to_string(i));
    const policy first = with_first(b, i);
    bool noticed_whole = false;
    address_count size;
    for (const auto& [a, who] : b.held) {
      if (std::none_of(who.begin(), who.end(), [&](range_at r) { return r.first == i; })) continue;
      size = size + address_count{0, {0, 1}};
      noticed_whole = noticed_whole || (shadowed && would_notice(b, first, a));
    }
    if (shadowed) expect(whole->second->addresses == size.to_text(), "the size of a shadowed list");
    if (shadowed) expect(whole->second->different_outcome == noticed_whole, "different_outcome of a shadowed list");
    less.lists[i].ranges.clear();
    for (std::size_t j = 0; j < ranges.size(); ++j) {
      const auto at = by_place.find(pointer_of({i, j}));
      const std::string rule = at == by_place.end() ? "" : at->second->rule;
      if (rule != "redundant-range") less.lists[i].ranges.push_back(ranges[j]);
      if (shadowed || !b.asked) {
        expect(rule.empty() || !any, "a range of a shadowed list is reported once more");
        if (rule == "redundant-range") expect(false, "a range of a shadowed list is called redundant");
        continue;
      }
      bool others = false;
      bool notice = false;
      for (const auto& [a, r] : b.winner) {
        if (!ranges[j].contains(a)) continue;
        others = others || r.first != i;
        notice = notice || (rule == "shadowed-range" && r.first != i && would_notice(b, first, a));
      }
      const bool dead = living.count({i, j}) == 0;
      expect((rule == "shadowed-range") == (dead && others), "shadowed-range of " + pointer_of({i, j}));
      if (dead && !others) expect(rule == "redundant-range", "a dead range of its own list: " + pointer_of({i, j}));
      if (rule == "shadowed-range") expect(at->second->different_outcome == notice, "different_outcome of " + pointer_of({i, j}));
    }
  }
  // all redundant ranges can go, together
  const policy without = policy::make(less).value();
  for (const auto& [a, r] : b.winner) {
    for (const service what : all_services) {
      expect(universe::ask(b.policy, universe::at({a}, location::internal), what) ==
                 universe::ask(without, universe::at({a}, location::internal), what),
             "an answer changes without the redundant ranges, at " + a.to_text());
    }
  }
}

/// A list without a redundant range has none: without any one of them another list decides somewhere.
inline void check_needed(const brute& b) {
  for (std::size_t i = 0; b.asked && i < b.draft().lists.size(); ++i) {
    if (!b.of("redundant-range", i).empty()) continue;
    for (std::size_t j = 0; j < b.draft().lists[i].ranges.size(); ++j) {
      bool living = false;
      bool needed = false;
      for (const auto& [a, r] : b.winner) {
        if (r != range_at{i, j}) continue;
        living = true;
        std::vector<range_at> rest = b.held.at(a);
        rest.erase(std::find(rest.begin(), rest.end(), r));
        const auto heir = std::min_element(rest.begin(), rest.end(), [&](range_at x, range_at y) { return better(b, x, y); });
        needed = needed || heir == rest.end() || heir->first != i;
      }
      expect(!living || needed, "redundant and not reported: " + pointer_of({i, j}));
    }
  }
}

inline void check_overlaps(const brute& b) {
  for (std::size_t i = 0; i < b.draft().lists.size(); ++i) {
    std::set<address> lost;
    bool wins = false;
    for (const auto& [a, who] : b.held) {
      const bool holds = std::any_of(who.begin(), who.end(), [&](range_at r) { return r.first == i; });
      if (holds && b.winner.at(a).first != i) lost.insert(a);
      wins = wins || b.winner.at(a).first == i;
    }
    const auto found = b.of("overlapping-ranges", i);
    expect(found.size() == (wins && !lost.empty() ? 1U : 0U), "overlapping-ranges of list " + std::to_string(i));
    if (found.empty()) continue;
    const finding& f = *found.front();
    expect(f.addresses == std::to_string(lost.size()), "the size of an overlap");
    expect(f.region_count == f.regions.size() || f.regions.size() == finding::max_regions, "the number of regions");
    std::size_t inside = 0;
    for (const finding_region& r : f.regions) {
      for (auto at = lost.lower_bound(r.first); at != lost.end() && *at <= r.last; ++at) {
        ++inside;
        expect(b.draft().lists[b.winner.at(*at).first].name == r.list, "the winner of a region");
      }
      expect(lost.count(r.first) != 0 && lost.count(r.last) != 0, "the ends of a region");
    }
    expect(f.regions.size() == finding::max_regions || inside == lost.size(), "regions that leave something out");
    const policy first = with_first(b, i);
    const bool notice = std::any_of(lost.begin(), lost.end(), [&](address a) { return would_notice(b, first, a); });
    expect(f.different_outcome == notice, "different_outcome of an overlap of list " + std::to_string(i));
  }
}

/// What one list gives to its clients, by service and stack: sources that are asked, and whether all depends on one thing.
struct given {
  std::set<std::string> sources[2];
  std::set<std::pair<std::size_t, std::size_t>> stacks;  // of its clients: IPv4, IPv6
  std::set<std::pair<std::size_t, std::size_t>> served;  // those that get something, for any service
  bool single = false;
};

inline bool depends_on_one(const policy& p, const plan& found) {
  if (found.attempts.empty()) return false;
  const attempt& one = found.attempts.front();
  const auto all = [&](auto same) { return std::all_of(found.attempts.begin(), found.attempts.end(), same); };
  if (!one.via.empty() && all([&](const attempt& a) { return a.via == one.via; })) return true;
  if (!all([&](const attempt& a) { return p.find_source(a.source)->kind != source_kind::network; })) return false;
  return all([&](const attempt& a) { return p.find_source(a.source)->host == p.find_source(one.source)->host; });
}

inline void check_reach(const brute& b) {
  if (!b.asked) return;
  std::vector<given> lists(b.draft().lists.size());
  for (const client& who : b.clients) {
    for (const service what : all_services) {
      const plan found = evaluate(b.policy, who, service::file_reputation);
      if (found.lists.empty()) continue;
      const auto list = static_cast<std::size_t>(std::find_if(b.draft().lists.begin(), b.draft().lists.end(),
                                                              [&](const source_list& l) { return l.name == found.lists[0]; }) -
                                                 b.draft().lists.begin());
      given& g = lists[list];
      const std::pair<std::size_t, std::size_t> stack{found.client_stack.contains(family::ipv4),
                                                      found.client_stack.contains(family::ipv6)};
      g.stacks.insert(stack);
      const plan asked = evaluate(b.policy, who, what);
      for (const attempt& a : asked.attempts) {
        if (a.stage != stage::custom_list) continue;
        g.sources[static_cast<std::size_t>(what)].insert(a.source);
        g.served.insert(stack);
      }
      g.single = g.single || depends_on_one(b.policy, asked);
    }
  }
  for (std::size_t i = 0; i < lists.size(); ++i) {
    const given& g = lists[i];
    const source_list& list = b.draft().lists[i];
    const std::string which = " of list " + std::to_string(i);
    std::set<std::string> unreached;
    for (const std::string& s : list.sources) {
      if (!g.stacks.empty() && g.sources[0].count(s) == 0 && g.sources[1].count(s) == 0) unreached.insert(s);
    }
    std::set<std::string> reported;
    for (const finding* f : b.of("unreachable-source", i)) {
      reported.insert(list.sources[static_cast<std::size_t>(std::stoi(f->pointer.substr(f->pointer.rfind('/') + 1)))]);
    }
    expect(unreached == reported, "unreachable-source" + which);
    std::size_t starved = 0;
    for (const std::pair<std::size_t, std::size_t>& stack : {std::pair<std::size_t, std::size_t>{1, 0}, {0, 1}})
      starved += g.stacks.count(stack) != 0 && g.served.count(stack) == 0 ? 1U : 0U;
    expect(b.of("list-empty-for-family", i).size() == starved, "list-empty-for-family" + which);
    const bool web = b.draft().web_reputation_to_servers;
    const auto& all = b.draft().sources;
    const auto missing = static_cast<service>(g.sources[0].empty() ? 0 : 1);
    const bool offered = std::any_of(all.begin(), all.end(), [&](const source& s) { return s.at(missing).has_value(); });
    const bool lacks = (g.sources[0].empty() != g.sources[1].empty()) && (g.sources[0].empty() || web) && offered;
    expect(b.of("list-empty-for-service", i).size() == (lacks ? 1U : 0U), "list-empty-for-service" + which);
    expect(b.of("single-point-of-failure", i).empty() == !g.single, "single-point-of-failure" + which);
  }
}

inline void check_slivers(const brute& b) {
  std::set<std::string> expected;  // range text
  std::vector<address_range> all;
  for (std::size_t i = 0; b.asked && i < b.draft().lists.size(); ++i) {
    for (const address_range& x : b.draft().lists[i].ranges) {
      all.push_back(x);
      for (std::size_t k = 0; k < b.draft().lists.size(); ++k) {
        for (const address_range& y : b.draft().lists[k].ranges) {
          if (k == i || !(x.first() < y.first()) || !x.overlaps(y) || !(x.last() < y.last())) continue;
          const auto both = address_range::try_make(y.first(), x.last()).value();
          if (both.size() < address_count{0, {0, 16}}) expected.insert(x.last().to_text());
        }
      }
    }
  }
  std::size_t gaps = 0;
  for (const address_range& x : all) {
    const auto held = [&](address a) {
      return std::any_of(all.begin(), all.end(), [&](const address_range& r) { return r.contains(a); });
    };
    auto at = x.last().next();
    if (!at || held(*at)) continue;
    std::size_t size = 0;
    while (at && !held(*at) && size < 16) {
      ++size;
      at = at->next();
    }
    const bool first_of_its_end = std::find_if(all.begin(), all.end(), [&](const address_range& r) {
                                    return r.last() == x.last();
                                  }) == &x - all.data() + all.begin();
    if (size < 16 && at && first_of_its_end && held(*at)) ++gaps;
  }
  std::set<std::string> overlaps;
  std::size_t found_gaps = 0;
  for (const finding* f : b.of("sliver")) {
    if (f->text.find("a gap") == 0) ++found_gaps;
    else overlaps.insert(f->regions.front().last.to_text());
  }
  expect(overlaps == expected, "the overlaps of sliver");
  expect(found_gaps == gaps, "the gaps of sliver");
  for (const finding* f : b.of("sliver")) {
    for (auto a = std::optional(f->regions.front().first); a && *a <= f->regions.front().last; a = a->next()) {
      if (f->text.find("a gap") == 0) expect(b.held.count(*a) == 0, "a list holds the gap " + a->to_text());
      else expect(b.held.at(*a).size() > 1, "nothing overlaps at " + a->to_text());
    }
  }
}

/// Everything about one random policy; throws what differs.
inline void check(generate::dice& d) {
  const brute b = look_at(generate::draft(d));
  check_shadows(b);
  check_needed(b);
  check_overlaps(b);
  check_reach(b);
  check_slivers(b);
}

}  // namespace lint_check
