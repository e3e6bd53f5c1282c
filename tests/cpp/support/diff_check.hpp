// SPDX-License-Identifier: MIT
// The diff of two policies against the plain engine: every toy address, every pair of unlike toy addresses, every stack.
#pragma once

#include "universe.hpp"

#include <smplist/analysis/diff.hpp>
#include <smplist/analysis/quiet.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace diff_check {

using namespace smplist;

/// A small edit of a draft, often one that changes nothing for anybody.
inline void edit(generate::dice& d, policy_draft& draft) {
  source_list* const lists[] = {&draft.standard, &draft.network,
                                draft.lists.empty() ? &draft.standard : &draft.lists[d.below(draft.lists.size())]};
  source_list& one = *lists[d.below(3)];
  switch (d.below(16)) {
    case 0: one.order = static_cast<order>(d.below(2)); break;
    case 1: std::reverse(one.sources.begin(), one.sources.end()); break;
    case 2: one.sources = generate::choose(d, draft.sources); break;
    case 3: one.proxy = generate::through(d); break;
    case 4: draft.fallback_to_standard = !draft.fallback_to_standard; break;
    case 5: draft.on_overlap = static_cast<overlap_rule>(d.below(3)); break;
    case 6: draft.ip_preference = static_cast<ip_preference>(d.below(4)); break;
    case 7: draft.file_reputation_falls_back = !draft.file_reputation_falls_back; break;
    case 8: draft.web_reputation_to_servers = !draft.web_reputation_to_servers; break;
    case 9: draft.title += "x"; break;
    case 10: std::reverse(draft.lists.begin(), draft.lists.end()); break;
    case 11: std::reverse(one.ranges.begin(), one.ranges.end()); break;
    case 12:
      for (source_list& l : draft.lists) {
        if (d.one_in(2)) l.ranges.push_back(generate::range(d));
      }
      break;
    case 13:
      if (!draft.lists.empty()) draft.lists[d.below(draft.lists.size())].name += "-new";
      break;
    case 14:
      if (!draft.lists.empty()) draft.lists.erase(draft.lists.begin() + static_cast<std::ptrdiff_t>(d.below(draft.lists.size())));
      break;
    default: draft.criterion = gateway_criterion{{gateway{address::parse(d.one_in(2) ? "10.0.0.1" : "10.0.0.2")}}}; break;
  }
}

/// An address, and how many there are that no range tells from it.
struct kind_of_address {
  address shown;
  address_count count;
  bool usable;
};

/// The toy addresses and the rest of each family, those together that the same ranges of both policies hold.
inline std::vector<kind_of_address> kinds_of_addresses(const policy& a, const policy& b, family f, const range_set& where = {}) {
  const bool v4 = f == family::ipv4;
  const auto is_usable = [](address x) { return !universe::at({x}, location::internal).families().empty(); };
  // what lies between the toy blocks is held by no range: one usable address and one other stand for it
  address_count rest[] = {v4 ? address_count{0, {0, 0x1010000}} : address_count{0, {std::uint64_t{1} << 54U, 1}}, {1, {}}};
  if (v4) rest[1] = {0, {1, 0}};
  if (v4) rest[1] = {0, {0, 0x100000000U}};
  else rest[1] = rest[1] - address_count{0, {0, 0x100000000U}};
  rest[1] = rest[1] - rest[0];
  std::map<std::vector<bool>, kind_of_address> groups;
  const auto add = [&](address x, address_count n) {
    std::vector<bool> held = {is_usable(x), where.contains(x)};
    for (const policy* p : {&a, &b}) {
      for (const source_list& l : p->content().lists) {
        for (const address_range& r : l.ranges) held.push_back(r.family() == f && r.contains(x));
      }
    }
    const auto [at, fresh] = groups.emplace(held, kind_of_address{x, n, is_usable(x)});
    if (!fresh) at->second.count = at->second.count + n;
  };
  auto toys = universe::addresses(f);
  toys.pop_back();  // the one between the blocks
  for (const address x : toys) {
    add(x, {0, {0, 1}});
    rest[is_usable(x) ? 1 : 0] = rest[is_usable(x) ? 1 : 0] - address_count{0, {0, 1}};
  }
  add(address::parse(v4 ? "169.254.1.1" : "fe80::1"), rest[0]);
  add(address::parse(v4 ? "192.0.2.1" : "2001:db8:ffff::1"), rest[1]);
  std::vector<kind_of_address> out;
  for (const auto& [held, kind] : groups) out.push_back(kind);
  return out;
}

/// From one answer to another, for clients of a location and stack.
using way = std::tuple<bool, bool, std::string, std::string>;  // IPv4, IPv6, before, after
using ways = std::map<way, address_count>;

inline void note(ways& out, const policy& a, const policy& b, const client& who, service s, address_count n,
                 bool unchanged = false) {
  const std::string was = detail::key_of(universe::ask(a, who, s));
  const std::string is = detail::key_of(universe::ask(b, who, s));
  if (was == is && !unchanged) return;
  address_count& sum = out[{who.families().contains(family::ipv4), who.families().contains(family::ipv6), was, is}];
  sum = sum + n;
}

/// Asks everybody; or of the internal clients those alone all of whose addresses are somewhere, also if they keep their answer.
inline ways by_force(const policy& a, const policy& b, const std::optional<range_set>& where = {}, bool unchanged = false) {
  ways out;
  const auto ipv4 = kinds_of_addresses(a, b, family::ipv4, where.value_or(range_set()));
  const auto ipv6 = kinds_of_addresses(a, b, family::ipv6, where.value_or(range_set()));
  for (const service s : all_services) {
    for (const location l : {location::internal, location::external}) {
      const auto asked = [&](const kind_of_address& x) {
        if (l == location::external) return x.usable;  // those without a family never reach anything
        return !where || where->contains(x.shown);
      };
      for (const auto* all : {&ipv4, &ipv6}) {
        for (const kind_of_address& x : *all) {
          if (asked(x)) note(out, a, b, universe::at({x.shown}, l), s, x.count, unchanged);
        }
      }
      for (const kind_of_address& x : ipv4) {
        for (const kind_of_address& y : ipv6) {
          if (!x.usable || !y.usable || !asked(x) || !asked(y)) continue;
          note(out, a, b, universe::at({x.shown, y.shown}, l), s, y.count * x.count.low.lo, unchanged);
        }
      }
    }
  }
  return out;
}

/// Whether anybody else changes: any two addresses, any stack; and clients that have evidence instead of a location.
inline bool anybody_else(const policy& a, const policy& b) {
  std::vector<std::vector<address>> whose = {{}};
  std::vector<kind_of_address> all = kinds_of_addresses(a, b, family::ipv4);
  for (const kind_of_address& x : kinds_of_addresses(a, b, family::ipv6)) all.push_back(x);
  for (const kind_of_address& x : all) {
    for (const kind_of_address& y : all) whose.push_back({x.shown, y.shown});
  }
  ways found;
  for (const auto& addresses : whose) {
    for (const auto& stack : universe::stacks) {
      for (const service s : all_services) note(found, a, b, universe::at(addresses, location::internal, stack), s, {0, {0, 1}});
    }
  }
  for (const char* gateway_text : {"10.0.0.1", "10.0.0.2"}) {
    client who;
    who.gateways = {gateway{address::parse(gateway_text)}};
    note(found, a, b, who, service::file_reputation, {0, {0, 1}});
  }
  return !found.empty();
}

inline ways reported(const policy_diff& diff) {
  ways out;
  for (const changed_clients& one : diff.kinds()) {
    out[{one.stack.contains(family::ipv4), one.stack.contains(family::ipv6), detail::key_of(diff.answers()[one.before]),
         detail::key_of(diff.answers()[one.after])}] = one.count;
  }
  return out;
}

/// Regions: ascending, as long as can be, and true at every toy address.
inline std::string check_regions(const policy_diff& diff, const policy& a, const policy& b) {
  const auto& regions = diff.regions();
  for (std::size_t i = 0; i < regions.size(); ++i) {
    for (std::size_t j = i + 1; j < regions.size(); ++j) {
      if (regions[j].kind == regions[i].kind && regions[i].last.next() == regions[j].first) return "two regions are one";
    }
  }
  for (const family f : {family::ipv4, family::ipv6}) {
    for (const address x : universe::addresses(f)) {
      const client who = universe::at({x}, location::internal);
      for (const service s : all_services) {
        const answer was = universe::ask(a, who, s);
        const answer is = universe::ask(b, who, s);
        std::vector<const changed_clients*> found;
        for (const changed_region& r : regions) {
          const changed_clients& kind = diff.kinds()[r.kind];
          if (r.first <= x && x <= r.last && r.first.family() == f && diff.answers()[kind.before].service == s)
            found.push_back(&kind);
        }
        if (found.size() != (was == is ? 0U : 1U)) return "regions at " + x.to_text();
        if (found.empty()) continue;
        if (diff.answers()[found[0]->before] != was || diff.answers()[found[0]->after] != is) return "answers at " + x.to_text();
      }
    }
  }
  return {};
}

/// Every kind names itself, and its example changes in that way.
inline std::string check_kinds(const policy_diff& diff, const policy& a, const policy& b) {
  for (const changed_clients& one : diff.kinds()) {
    if (one.what.none()) return "a change of no kind";
    if (one.example.families() != one.stack) return "an example of another stack";
    const answer& was = diff.answers()[one.before];
    const answer& is = diff.answers()[one.after];
    if (universe::ask(a, one.example, was.service) != was) return "an example before";
    if (universe::ask(b, one.example, is.service) != is) return "an example after";
  }
  return {};
}

inline std::string check_other(const policy_diff& diff, const policy& a, const policy& b) {
  if (!diff.kinds().empty() || !diff.evidence().empty()) return diff.equal() ? "not equal, and said to be" : "";
  if (diff.equal() == anybody_else(a, b)) return diff.equal() ? "somebody changes" : "nobody changes";
  if (!diff.other()) return {};
  const auto& other = *diff.other();
  const service s = diff.answers()[other.before].service;
  const bool true_of_it = universe::ask(a, other.example, s) == diff.answers()[other.before] &&
                          universe::ask(b, other.example, s) == diff.answers()[other.after] && other.before != other.after;
  return true_of_it ? "" : "the other client does not change like that";
}

/// Fewer kinds of pairs kept: the largest, and the same sums.
inline std::string check_limit(const policy_diff& all, const partition& a, const partition& b) {
  const policy_diff few = policy_diff::make(a, b, {std::nullopt, false, 2});
  if (few.pair_kinds() != all.pair_kinds()) return "the number of kinds";
  const auto counts = [](const policy_diff& diff, service s) {
    std::vector<address_count> out;
    for (const changed_clients& one : diff.kinds()) {
      const answer& was = diff.answers()[one.before];
      if (was.service == s && was.location == location::internal && one.stack == family_set::both()) out.push_back(one.count);
    }
    return out;
  };
  for (const service s : all_services) {
    if (few.pairs(s) != all.pairs(s)) return "the sum of pairs";
    auto wanted = counts(all, s);
    address_count sum;
    for (const address_count n : wanted) sum = sum + n;
    if (sum != all.pairs(s)) return "the sum of kinds";
    if (!std::is_sorted(wanted.begin(), wanted.end(), [](address_count x, address_count y) { return y < x; })) return "the order";
    if (wanted.size() > 2) wanted.resize(2);
    if (counts(few, s) != wanted) return "the largest kinds";
  }
  return {};
}

/// Beside the answers: the lists that match, ignored sources, notes and the trace, of whole plans.
inline std::string check_quiet(const policy& a, const policy& b) {
  for (const family f : {family::ipv4, family::ipv6}) {
    const auto regions = quiet_changes(a, b, f);
    for (const address x : universe::addresses(f)) {
      const client who = universe::at({x}, location::internal);
      for (const service s : all_services) {
        const plan was = evaluate(a, who, s);
        const plan is = evaluate(b, who, s);
        const auto sorted = [](auto items, auto text) {
          std::vector<std::string> out;
          for (const auto& item : items) out.push_back(text(item));
          std::sort(out.begin(), out.end());
          return out;
        };
        const auto left_out = [](const ignored_source& i) {
          return std::string(name(i.stage)) + std::string(name(i.reason)) + i.list + "/" + i.source;
        };
        const auto noted = [](const attempt& i) { return i.list + "/" + i.source + std::to_string(i.notes.size()); };
        std::vector<quiet_change> wanted;
        if (answer_of(was) == answer_of(is)) {
          if (was.lists != is.lists) wanted.push_back(quiet_change::lists);
          if (sorted(was.ignored, left_out) != sorted(is.ignored, left_out)) wanted.push_back(quiet_change::ignored);
          if (sorted(was.attempts, noted) != sorted(is.attempts, noted)) wanted.push_back(quiet_change::notes);
          if (!(was.trace == is.trace)) wanted.push_back(quiet_change::trace);
        }
        std::vector<quiet_change> found;
        for (const quiet_region& r : regions) {
          if (r.service == s && r.first <= x && x <= r.last) found.insert(found.end(), r.changes.begin(), r.changes.end());
        }
        if (found != wanted) return "quiet changes at " + x.to_text();
      }
    }
  }
  return {};
}

/// A part of the clients, and those of them who keep their answer.
inline std::string check_part(const partition& a, const partition& b, const range_set& where) {
  for (const bool unchanged : {false, true}) {
    const policy_diff part = policy_diff::make(a, b, {where, unchanged, 1000000});
    const ways changed = by_force(a.policy(), b.policy(), where);
    if (reported(part) != by_force(a.policy(), b.policy(), where, unchanged)) return "a part of the clients";
    if (!changed.empty() && part.equal()) return "a part that changes is equal";
  }
  return {};
}

inline std::string check(const policy& a, const policy& b, const range_set& where) {
  const partition was = partition::make(a);
  const partition is = partition::make(b);
  const policy_diff diff = policy_diff::make(was, is, {std::nullopt, false, 1000000});
  if (diff.textually_equal() != (a.canonical() == b.canonical())) return "textually equal";
  if (reported(diff) != by_force(a, b)) return "kinds or counts";
  for (const std::string& wrong : {check_regions(diff, a, b), check_kinds(diff, a, b), check_other(diff, a, b), check_quiet(a, b),
                                   check_part(was, is, where), check_limit(diff, was, is)}) {
    if (!wrong.empty()) return wrong;
  }
  return {};
}

/// Two random policies, most of them close to each other. \returns what is wrong, or nothing
inline std::string check_random(generate::dice& d) {
  policy_draft before = generate::draft(d);
  policy_draft after = before;
  if (d.one_in(6)) after = generate::draft(d);
  for (std::size_t n = d.below(4); n > 0; --n) edit(d, after);
  const auto a = policy::make(before);
  const auto b = policy::make(after);
  range_set where({generate::range(d), generate::range(d), generate::range(d)});
  return a && b ? check(*a, *b, where) : std::string();
}

}  // namespace diff_check
