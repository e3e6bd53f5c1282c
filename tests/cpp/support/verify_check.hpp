// SPDX-License-Identifier: MIT
// Proofs, comparisons and vectors against brute force: the plain engine, asked client by client. Each check returns what differs,
// or an empty text.
#pragma once

#include "universe.hpp"

#include <smplist/analysis/compare.hpp>
#include <smplist/analysis/vectors.hpp>
#include <smplist/analysis/verify.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace verify_check {

using namespace smplist;

// -- expectations

inline std::vector<std::string> some(generate::dice& d, std::vector<std::string> from) {
  std::vector<std::string> out = {d.one_of(from)};
  if (d.one_in(2)) out.push_back(d.one_of(from));
  return out;
}

inline condition one_condition(generate::dice& d) {
  condition c{d.one_in(2) ? polarity::always : polarity::never, static_cast<condition_kind>(d.below(15))};
  switch (c.kind) {
    case condition_kind::first_source:
    case condition_kind::asks: c.names = some(d, {"s0", "s1", "s2", "s3", "s4", "s5"}); break;
    case condition_kind::first_kind:
    case condition_kind::asks_kind: c.names = some(d, {"standalone", "integrated", "network", "gateway"}); break;
    case condition_kind::first_stage:
    case condition_kind::asks_stage: c.names = some(d, {"custom_list", "standard_list", "fallback_standard", "network"}); break;
    case condition_kind::first_list: c.names = some(d, {"standard", "network"}); break;
    case condition_kind::outcome: c.names = some(d, {"custom_list", "fallback_standard", "none_reachable", "no_list"}); break;
    case condition_kind::at_least:
    case condition_kind::at_most: c.number = static_cast<std::uint32_t>(d.below(4)); break;
    case condition_kind::first_https:
    case condition_kind::first_proxy:
    case condition_kind::first_varies:
    case condition_kind::https:
    case condition_kind::proxy:
    case condition_kind::same_list: c.truth = d.one_in(2); break;
  }
  return c;
}

/// A few short ranges of the toy universe: all their addresses can be asked.
inline range_set small_set(generate::dice& d) {
  std::vector<address_range> ranges;
  for (std::size_t n = 1 + d.below(3); n > 0; --n) {
    const address_range r = generate::range(d);
    address last = r.first();
    for (std::size_t steps = d.below(4); steps > 0 && last < r.last(); --steps) last = *last.next();
    ranges.push_back(*address_range::try_make(r.first(), last));
  }
  return range_set(std::move(ranges));
}

inline client_filter small_filter(generate::dice& d) {
  client_filter where;
  where.addresses = small_set(d);
  where.match = d.one_in(2) ? address_match::any : address_match::all;
  if (d.one_in(2)) where.locations = {d.one_in(4) ? location::external : location::internal};
  if (d.one_in(2)) where.services = {d.one_of(all_services)};
  where.stacks.clear();
  for (const stack_kind kind : {stack_kind::ipv4, stack_kind::ipv6, stack_kind::dual, stack_kind::none}) {
    if (!d.one_in(3)) where.stacks.push_back(kind);
  }
  return where;
}

/// What a client may ask first, whatever its key: by the stages of its plan. [S-21]
inline std::vector<attempt> may_be_first(const plan& p) {
  std::vector<attempt> out;
  for (const attempt& a : p.attempts) {
    if (a.stage != p.attempts.front().stage) break;
    bool random = false;
    for (const planned_stage& s : p.stages) random = random || (s.stage == a.stage && s.order == order::random);
    if (out.empty() || random) out.push_back(a);
  }
  return out;
}

inline bool is_so(const policy& p, const condition& c, const attempt& a) {
  const std::string key(name(c.kind));
  std::string word;
  if (key == "first_https" || key == "https") return (a.url.substr(0, 5) == "https") == c.truth;
  if (key == "proxy" || key == "first_proxy") return (a.via != "") == c.truth;
  if (key == "first_source" || key == "asks") word = a.source;
  if (key == "first_kind" || key == "asks_kind") word = name(p.find_source(a.source)->kind);
  if (key == "first_stage" || key == "asks_stage") word = name(a.stage);
  if (key == "first_list") word = a.list;
  return std::count(c.names.begin(), c.names.end(), word) > 0;
}

/// The conditions once more, by hand.
inline bool is_expected(const policy& p, const expectation& e, const plan& found) {
  for (const condition& c : e.conditions) {
    const bool always = c.when == polarity::always;
    const std::string key(name(c.kind));
    const std::vector<attempt> looked_at = key.substr(0, 6) == "first_" ? may_be_first(found) : found.attempts;
    std::size_t so = 0;
    for (const attempt& a : looked_at) so += is_so(p, c, a) ? 1U : 0U;
    bool fine = always ? so == looked_at.size() : so == 0;
    if (always && key.substr(0, 6) == "first_" && looked_at.empty()) fine = false;
    if (key == "first_varies") fine = always == ((looked_at.size() > 1) == c.truth);
    if (key == "outcome") fine = always == (std::count(c.names.begin(), c.names.end(), name(found.outcome)) > 0);
    if (key == "at_least") fine = always == (found.attempts.size() >= c.number);
    if (key == "at_most") fine = always == (found.attempts.size() <= c.number);
    if (key.substr(0, 4) == "asks") {
      fine = true;
      for (const std::string& wanted : c.names) {
        condition alone = c;
        alone.names = {wanted};
        bool asked = false;
        for (const attempt& a : found.attempts) asked = asked || is_so(p, alone, a);
        fine = fine && asked == always;
      }
    }
    if (!fine) return false;
  }
  return true;
}

/// Every client of the filter, one by one.
struct brute {
  const policy& p;
  const expectation& e;
  std::vector<address> inside[2];
  std::vector<address> everywhere[2];
  client_counts clients = {};
  client_counts failing = {};
  std::vector<address> failing_alone = {};
  std::size_t asked = 0;

  static void add(address_count& n) { n = n + address_count{0, {0, 1}}; }

  bool has(stack_kind kind) const { return std::count(e.where.stacks.begin(), e.where.stacks.end(), kind) > 0; }

  bool ask(const std::vector<address>& addresses) {
    bool fine = true;
    for (const location l : e.where.locations) {
      for (const service s : e.where.services) {
        ++asked;
        fine = fine && is_expected(p, e, universe::plan_of(p, universe::at(addresses, l), s));
      }
    }
    return fine;
  }

  void alone(address a, address_count client_counts::*which) {
    const bool usable = !a.is_link_local() && !a.is_loopback();
    if (!has(!usable ? stack_kind::none : a.is_ipv4() ? stack_kind::ipv4 : stack_kind::ipv6)) return;
    add(clients.*which);
    if (ask({a})) return;
    add(failing.*which);
    failing_alone.push_back(a);
  }

  void run() {
    for (const address a : inside[0]) alone(a, &client_counts::ipv4);
    for (const address a : inside[1]) alone(a, &client_counts::ipv6);
    if (!has(stack_kind::dual)) return;
    const bool any = e.where.match == address_match::any;
    for (const address a : any ? everywhere[0] : inside[0]) {
      const bool a_inside = e.where.addresses->contains(a);
      for (const address b : any ? everywhere[1] : inside[1]) {
        if (any && !a_inside && !e.where.addresses->contains(b)) continue;
        if (a.is_link_local() || a.is_loopback() || b.is_link_local() || b.is_loopback()) continue;
        add(clients.dual);
        if (!ask({a, b})) add(failing.dual);
      }
    }
  }
};

/// Does the counterexample come out as the proof says, of a client that the filter lets through?
inline std::string check_example(const policy& p, const expectation& e, const proof& found) {
  if (!found.example) return "refuted without a client";
  const client& who = found.example->who;
  if (evaluate(p, who, found.example->what.service) != found.example->what) return "the counterexample does not replay";
  plan own = found.example->what;
  for (planned_stage& s : own.stages) s.order = order::ordered;  // its own order, not any
  const bool varies = std::any_of(e.conditions.begin(), e.conditions.end(),
                                  [](const condition& c) { return c.kind == condition_kind::first_varies; });
  if (is_expected(p, e, varies ? found.example->what : own)) return "the counterexample is no counterexample";
  std::size_t inside = 0;
  for (const client_address& a : who.addresses) inside += e.where.addresses->contains(a.value) ? 1U : 0U;
  if (inside == 0 || (e.where.match == address_match::all && inside != who.addresses.size()))
    return "the counterexample is not where it should be";
  return {};
}

inline std::string check_regions(const expectation& e, const proof& found, const brute& all) {
  for (const auto& inside : all.inside) {
    for (const address a : inside) {
      bool named = false;
      for (const concerned_region& r : found.concerned.regions) named = named || (r.first <= a && a <= r.last);
      const bool fails = std::count(all.failing_alone.begin(), all.failing_alone.end(), a) > 0;
      if (named != fails) return "the regions are wrong at " + a.to_text();
    }
  }
  for (const concerned_region& r : found.concerned.regions) {
    const range_set beyond = range_set({*address_range::try_make(r.first, r.last)}) - *e.where.addresses;
    if (!beyond.empty()) return "a region holds who is not asked about: " + r.first.to_text();
  }
  return {};
}

/// One random policy and expectation: the verdict, the numbers of clients, the regions and the counterexample.
inline std::string check_verify(generate::dice& d) {
  const policy p = policy::make(generate::draft(d)).value();
  const partition cut = partition::make(p);
  expectation e{"toy", small_filter(d)};
  for (std::size_t n = 1 + d.below(2); n > 0; --n) e.conditions.push_back(one_condition(d));
  brute all{p, e, {}, {universe::addresses(family::ipv4), universe::addresses(family::ipv6)}};
  for (const address_range& r : e.where.addresses->ranges()) {
    for (address a = r.first();; a = *a.next()) {
      all.inside[r.family() == family::ipv4 ? 0 : 1].push_back(a);
      if (a == r.last()) break;
    }
  }
  all.run();
  const proof found = verify(cut, e);
  if (found.verdict == verdict::error) return all.asked == 0 ? "" : "it can apply, and does not: " + found.text;
  if (all.asked == 0) return "no client is there, and it is " + std::string(name(found.verdict));
  const bool fails = all.failing != client_counts{};
  if (fails != (found.verdict == verdict::refuted))
    return "brute force says " + std::string(fails ? "refuted" : "proved") + ", the proof says " +
           std::string(name(found.verdict));
  const bool exact = e.where.match == address_match::all;  // else the other address may be any of 2^128
  if (found.clients.ipv4 != all.clients.ipv4 || found.clients.ipv6 != all.clients.ipv6 ||
      (exact && found.clients.dual != all.clients.dual))
    return "the number of clients differs";
  if (!fails) return {};
  if (found.concerned.clients.ipv4 != all.failing.ipv4 || found.concerned.clients.ipv6 != all.failing.ipv6 ||
      (exact && found.concerned.clients.dual != all.failing.dual))
    return "the number of concerned clients differs";
  if (std::string wrong = check_regions(e, found, all); !wrong.empty()) return wrong;
  return check_example(p, e, found);
}

/// The same list by either address, over all pairs.
inline std::string check_same_list(generate::dice& d) {
  const policy p = policy::make(generate::draft(d)).value();
  const partition cut = partition::make(p);
  expectation e{"toy", small_filter(d)};
  e.where.match = address_match::all;
  e.where.locations = {location::internal};
  e.where.stacks = {stack_kind::dual};
  e.conditions.push_back({d.one_in(2) ? polarity::always : polarity::never, condition_kind::same_list, {}, d.one_in(2)});
  const bool wants_same = (e.conditions[0].when == polarity::always) == e.conditions[0].truth;
  const auto list_of = [&](address a) {
    const plan found = universe::plan_of(p, universe::at({a}, location::internal), service::file_reputation);
    return found.decided_by ? found.decided_by->list : std::string();
  };
  std::uint64_t total = 0;
  std::uint64_t wrong = 0;
  const auto each = [](const address_range& r, auto&& f) {
    for (address a = r.first();; a = *a.next()) {
      if (!a.is_link_local() && !a.is_loopback()) f(a);
      if (a == r.last()) return;
    }
  };
  for (const address_range& x : e.where.addresses->ranges()) {
    for (const address_range& y : e.where.addresses->ranges()) {
      if (x.family() != family::ipv4 || y.family() != family::ipv6) continue;
      each(x, [&](address a) {
        each(y, [&](address b) {
          ++total;
          if ((list_of(a) == list_of(b)) != wants_same) ++wrong;
        });
      });
    }
  }
  const proof found = verify(cut, e);
  const verdict expected = total == 0 ? verdict::error : wrong > 0 ? verdict::refuted : verdict::proved;
  if (found.verdict != expected)
    return "same_list: expected " + std::string(name(expected)) + ", got " + std::string(name(found.verdict));
  if (found.clients.dual != address_count{0, {0, total}} && total != 0) return "same_list: the number of pairs differs";
  if (wrong != 0 && found.concerned.clients.dual != address_count{0, {0, wrong}})
    return "same_list: the number of concerned pairs differs";
  return {};
}

// -- mutants

/// A small change; it may make no policy, or one that means the same.
inline policy_draft mutated(policy_draft out, generate::dice& d) {
  const auto list = [&]() -> source_list& {
    const std::size_t at = d.below(out.lists.size() + 2);
    return at == 0 ? out.standard : at == 1 ? out.network : out.lists[at - 2];
  };
  const auto swap = [&](auto& items) {
    if (items.size() < 2) return;
    const std::size_t i = d.below(items.size() - 1);
    std::swap(items[i], items[i + 1]);
  };
  const auto drop = [&](auto& items) {
    if (!items.empty()) items.erase(items.begin() + static_cast<std::ptrdiff_t>(d.below(items.size())));
  };
  switch (d.below(14)) {
    case 0: swap(out.lists); break;
    case 1: drop(out.lists); break;
    case 2: swap(list().sources); break;
    case 3: drop(list().sources); break;
    case 4: {
      source_list& l = list();
      l.order = l.order == order::ordered ? order::random : order::ordered;
      break;
    }
    case 5: list().proxy.reset(); break;
    case 6: out.on_overlap = static_cast<overlap_rule>(d.below(3)); break;
    case 7: out.ip_preference = static_cast<ip_preference>(d.below(4)); break;
    case 8: out.fallback_to_standard = !out.fallback_to_standard; break;
    case 9: out.web_reputation_to_servers = !out.web_reputation_to_servers; break;
    case 10: out.web_reputation_falls_back = !out.web_reputation_falls_back; break;
    case 11: out.criterion = gateway_criterion{{gateway{address::parse(d.one_in(2) ? "10.0.0.1" : "10.0.0.2")}}}; break;
    default:
      for (source_list& l : out.lists) {
        if (l.ranges.empty()) continue;
        address_range& r = l.ranges[d.below(l.ranges.size())];
        const bool first = d.one_in(2);
        const address end = first ? r.first() : r.last();
        const auto moved = d.one_in(2) ? end.next() : end.previous();
        const auto range = moved ? address_range::try_make(first ? *moved : r.first(), first ? r.last() : *moved) : r;
        if (range) r = *range;
        if (d.one_in(2)) break;
      }
  }
  return out;
}

/// Asks both policies about every client of the toy universe with one address, about pairs, and about evidence; true to stop.
template <class Each>
bool each_toy_client(generate::dice& d, Each each) {
  const auto ipv4 = universe::addresses(family::ipv4);
  const auto ipv6 = universe::addresses(family::ipv6);
  for (const auto* all : {&ipv4, &ipv6}) {
    for (const address a : *all) {
      if (each(universe::at({a}, location::internal))) return true;
    }
  }
  for (int n = 0; n < 400; ++n) {
    const auto pair = universe::at({d.one_of(ipv4), d.one_of(ipv6)}, location::internal);
    if (each(pair)) return true;
  }
  for (const auto& addresses : {std::vector{ipv4.back()}, std::vector{ipv6.back()}, std::vector{ipv4.back(), ipv6.back()}}) {
    if (each(universe::at(addresses, location::external))) return true;
    for (const char* const by : {"10.0.0.1", "10.0.0.2"}) {
      client who = universe::at(addresses, location::internal);
      who.location.reset();
      who.gateways = {gateway{address::parse(by)}};
      if (each(who)) return true;
    }
  }
  return false;
}

inline bool same_steps(const plan& a, const plan& b) {
  if (a.location != b.location || a.outcome != b.outcome || a.attempts.size() != b.attempts.size()) return false;
  for (std::size_t i = 0; i < a.attempts.size(); ++i) {
    attempt x = a.attempts[i];
    attempt y = b.attempts[i];
    x.notes = y.notes = {};
    if (x != y) return false;
  }
  return true;
}

/// Is the second plan worse, as `refines` says it? By hand, for answers in one order or any.
inline bool is_worse(const plan& a, const plan& b) {
  const auto hosts = [](const plan& p) {
    std::vector<std::string> all;
    for (const attempt& step : p.attempts) {
      const std::string rest = step.identity.substr(step.identity.find("//"));
      all.push_back(rest.substr(0, rest.find_last_of(':')));
    }
    std::sort(all.begin(), all.end());
    return std::unique(all.begin(), all.end()) - all.begin();
  };
  const auto https = [](const std::vector<attempt>& all) {
    return std::count_if(all.begin(), all.end(), [](const attempt& s) { return s.url[4] == 's'; }) ==
           static_cast<long>(all.size());
  };
  const auto network = [](const std::vector<attempt>& all) {
    return std::count_if(all.begin(), all.end(), [](const attempt& s) { return s.stage == stage::network; }) > 0;
  };
  const auto first_a = may_be_first(a);
  const auto first_b = may_be_first(b);
  if (hosts(b) < hosts(a)) return true;
  if (network(b.attempts) && !network(a.attempts)) return true;
  if (a.attempts.empty()) return false;
  return (https(a.attempts) && !https(b.attempts)) || (https(first_a) && !https(first_b)) ||
         (network(first_b) && !network(first_a));
}

/// Two policies that differ in a small thing: equal or not, and worse or not, as the plain engine says.
inline std::string check_compare(generate::dice& d) {
  const policy_draft draft = generate::draft(d);
  const policy p = policy::make(draft).value();
  policy_draft other = mutated(draft, d);
  if (d.one_in(3)) other = mutated(std::move(other), d);
  const auto q = policy::make(std::move(other));
  if (!q) return {};
  const partition before = partition::make(p);
  const partition after = partition::make(*q);
  const comparison same = equivalent(before, after);
  const comparison fine = refines(after, before);
  bool differs = false;
  bool worse = false;
  static_cast<void>(each_toy_client(d, [&](const client& who) {
    for (const service what : all_services) {
      const plan a = universe::plan_of(p, who, what);
      const plan b = universe::plan_of(*q, who, what);
      differs = differs || answer_of(a) != answer_of(b);
      worse = worse || is_worse(a, b);
    }
    return differs && worse;
  }));
  if (differs && !same.found) return "a client gets another answer, and they are said to be equivalent";
  if (worse && !fine.found) return "a client is worse off, and none is said to be";
  if (same.found) {
    const service what = same.found->before.service;
    const plan a = evaluate(p, same.found->who, what);
    if (a != same.found->before || evaluate(*q, same.found->who, what) != same.found->after)
      return "the difference does not replay";
    if (same_steps(same.found->before, same.found->after)) return "the difference is none";
  }
  if (fine.found && !is_worse(fine.found->before, fine.found->after)) {
    plan a = fine.found->before;
    plan b = fine.found->after;
    for (plan* one : {&a, &b}) {
      for (planned_stage& s : one->stages) s.order = order::ordered;
    }
    if (!is_worse(a, b)) return "the worse answer is not worse: " + fine.found->why;
  }
  return {};
}

/// Does another policy get a vector wrong?
inline bool catches(const std::vector<test_vector>& all, const policy& other) {
  return std::any_of(all.begin(), all.end(), [&](const test_vector& v) {
    return !same_steps(v.expected, universe::plan_of(other, v.who, v.expected.service));
  });
}

inline std::vector<test_vector> vectors_of(const partition& cut) {
  std::vector<test_vector> all;
  each_vector(cut, [&](const test_vector& v) { all.push_back(v); });
  return all;
}

/// The vectors of a policy catch every mutant that is not equal in meaning.
inline std::string check_vectors(generate::dice& d) {
  const policy_draft draft = generate::draft(d);
  const policy p = policy::make(draft).value();
  const partition cut = partition::make(p);
  const std::vector<test_vector> all = vectors_of(cut);
  for (const test_vector& v : all) {
    if (evaluate(p, v.who, v.expected.service) != v.expected) return "a vector is wrong";
  }
  for (int n = 0; n < 6; ++n) {
    const auto q = policy::make(mutated(draft, d));
    if (!q) continue;
    if (!equivalent(cut, partition::make(*q)).found) continue;
    if (!catches(all, *q)) return "a mutant survives the vectors";
  }
  return {};
}

}  // namespace verify_check
