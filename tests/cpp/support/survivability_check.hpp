// SPDX-License-Identifier: MIT
// Survivability, what-if and weights against brute force: the plain engine at every toy address, every set of failures.
#pragma once

#include "universe.hpp"

#include <smplist/analysis/survivability.hpp>
#include <smplist/analysis/weigh.hpp>

#include <array>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

namespace survivability_check {

using namespace smplist;

[[noreturn]] inline void fail(const std::string& what) { throw std::runtime_error(what); }

/// A draft in which, now and then, two sources are one endpoint, and lists run out.
inline policy any_policy(generate::dice& d) {
  for (;;) {
    policy_draft draft = generate::draft(d);
    if (d.one_in(3)) {
      source& twin = draft.sources[1 + d.below(5)];
      const std::string own = twin.name;
      twin = draft.sources[0];
      twin.name = own;
      if (d.one_in(2) && twin.file_reputation && twin.web_reputation) twin.web_reputation->port = 4;
    }
    if (d.one_in(4)) draft.standard.sources.clear();
    const auto made = policy::make(draft);
    if (made) return *made;
  }
}

using unit_set = std::set<std::string>;

/// By trying every set of units.
struct tried {
  std::optional<std::uint64_t> fewest;
  std::set<unit_set> cuts;
};

/// One unit, and which attempts of a plan die of it.
struct unit {
  failure_kind kind;
  std::string text;
  std::uint64_t hits = 0;
};

inline std::vector<unit> units_of(const policy& p, service what, const std::vector<attempt>& attempts, cut_by by) {
  std::map<std::pair<failure_kind, std::string>, std::uint64_t> found;
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    const std::uint64_t bit = std::uint64_t{1} << i;
    bool named = false;
    for (const source& s : p.content().sources) {
      if (s.identity(what) != attempts[i].identity) continue;
      if (!named) found[{failure_kind::source, s.name}] |= bit;  // another name of the endpoint is the same unit
      named = true;
      found[{failure_kind::host, s.host.to_text()}] |= bit;
    }
    if (!attempts[i].via.empty()) found[{failure_kind::proxy, attempts[i].via}] |= bit;
  }
  std::vector<unit> out;
  for (const auto& [key, hits] : found) {
    const auto& [kind, text] = key;
    if (by == cut_by::any || static_cast<int>(by) == static_cast<int>(kind))
      out.push_back({kind, failure{kind, text}.to_text(), hits});
  }
  if (by != cut_by::any) return out;
  std::vector<unit> kept;  // a host with one source of the plan is that source
  for (const unit& u : out) {
    bool twin = false;
    for (const unit& v : out) twin = twin || (u.kind == failure_kind::host && v.kind == failure_kind::source && u.hits == v.hits);
    if (!twin) kept.push_back(u);
  }
  return kept;
}

inline tried try_all(const policy& p, service what, const std::vector<attempt>& attempts, cut_by by) {
  const std::vector<unit> units = units_of(p, what, attempts, by);
  const std::uint64_t all = (std::uint64_t{1} << attempts.size()) - 1;
  tried out;
  for (std::uint64_t set = 0; set < std::uint64_t{1} << units.size(); ++set) {
    std::uint64_t hit = 0;
    std::uint64_t size = 0;
    for (std::size_t i = 0; i < units.size(); ++i) {
      if ((set >> i & 1U) == 0) continue;
      hit |= units[i].hits;
      ++size;
    }
    if (hit != all || (out.fewest && *out.fewest < size)) continue;
    if (!out.fewest || size < *out.fewest) out.cuts.clear();
    out.fewest = size;
    unit_set names;
    for (std::size_t i = 0; i < units.size(); ++i) {
      if ((set >> i & 1U) != 0) names.insert(units[i].text);
    }
    out.cuts.insert(std::move(names));
  }
  return out;
}

/// Brute force for one policy: remembers what it has tried.
class oracle {
 public:
  oracle(const policy& p, cut_by by) : p_(&p), by_(by) {}

  const tried& ask(service what, const std::vector<attempt>& attempts) {
    std::string key(name(what));
    for (const attempt& a : attempts) key += "\n" + a.identity + " " + a.via;
    const auto found = known_.find(key);
    if (found != known_.end()) return found->second;
    return known_[key] = try_all(*p_, what, attempts, by_);
  }

  const tried& without(service what, std::vector<attempt> attempts, const std::string& identity) {
    std::vector<attempt> left;
    for (attempt& a : attempts) {
      if (a.identity != identity) left.push_back(std::move(a));
    }
    return ask(what, left);
  }

 private:
  const policy* p_;
  cut_by by_;
  std::map<std::string, tried> known_;
};

inline bool usable(address a) { return !a.is_link_local() && !a.is_loopback(); }

/// The custom list that decides for an address, by the engine; nothing if none.
inline std::string deciding(const policy& p, const client& who) {
  const plan found = universe::plan_of(p, who, service::file_reputation);
  return found.decided_by ? found.decided_by->list : std::string();
}

/// Everybody in the toy universe: each address alone, and one pair for each two lists that decide.
inline std::vector<std::pair<population, client>> everybody(const policy& p) {
  std::vector<std::pair<population, client>> all;
  std::array<std::map<std::string, address>, 2> by_list;
  for (const family f : {family::ipv4, family::ipv6}) {
    for (const address a : universe::addresses(f)) {
      if (!usable(a)) continue;
      for (const location where : {location::internal, location::external})
        all.emplace_back(f == family::ipv4 ? population::ipv4 : population::ipv6, universe::at({a}, where));
      by_list[static_cast<std::size_t>(f)].emplace(deciding(p, universe::at({a}, location::internal)), a);
    }
  }
  for (const auto& [list4, a] : by_list[0]) {
    for (const auto& [list6, b] : by_list[1]) {
      for (const location where : {location::internal, location::external})
        all.emplace_back(population::dual, universe::at({a, b}, where));
    }
  }
  return all;
}

inline bool holds(const policy& p, const survival_row& row, const client& who, const std::string& list) {
  if (row.who != population::dual) {
    std::size_t holding = 0;
    for (const answer_region& r : row.shown) holding += r.first <= who.addresses[0].value && who.addresses[0].value <= r.last;
    if (holding > 1) fail("two runs of a row overlap");
    return holding == 1;
  }
  if (row.location == location::external) return row.lists.empty();
  for (const std::uint32_t i : row.lists) {
    if ((i == no_list ? std::string() : p.content().lists[i].name) == list) return true;
  }
  return false;
}

inline void check_cuts(const cut_sets& said, const tried& truth, const std::string& where) {
  if (said.failures != truth.fewest) fail("the number of failures differs at " + where);
  std::set<unit_set> listed;
  for (const auto& set : said.listed) {
    unit_set names;
    for (const failure& f : set) names.insert(f.to_text());
    if (!listed.insert(names).second) fail("a cut stands twice at " + where);
  }
  if (said.count != listed.size() || listed != truth.cuts) fail("the cuts differ at " + where);
}

struct worst {
  bool asked = false;
  std::optional<std::uint64_t> after = {};
};

/// Every client finds itself in exactly one row, with the failures and cuts that brute force finds.
inline void check_rows(const policy& p, const survivability& s, oracle& truth, std::uint64_t keep) {
  std::map<std::string, worst> servers;
  for (const auto& [population, who] : everybody(p)) {
    for (const service what : all_services) {
      const plan found = universe::plan_of(p, who, what);
      const std::string where = who.addresses[0].to_text() + " " + std::string(name(what));
      const tried& expected = truth.ask(what, found.attempts);
      const std::string list = population == population::dual ? deciding(p, who) : std::string();
      std::size_t rows = 0;
      for (const survival_row& row : s.rows) {
        if (row.service != what || row.location != *who.location || row.who != population || !holds(p, row, who, list)) continue;
        ++rows;
        check_cuts(s.cuts[row.cuts], expected, where);
        if (row.reached.has_value() != found.attempts.empty()) fail("reaching nothing differs at " + where);
        if (row.reached && *row.reached != found.outcome) fail("the outcome differs at " + where);
      }
      if (rows != 1) fail(std::to_string(rows) + " rows hold " + where);
      for (const source& one : p.content().sources) {
        const std::string identity = one.identity(what);
        bool asked = false;
        for (const attempt& a : found.attempts) asked = asked || a.identity == identity;
        if (!asked) continue;
        worst& server = servers[one.name];
        server.asked = true;
        const auto after = truth.without(what, found.attempts, identity).fewest;
        const std::uint64_t bar = std::min(expected.fewest.value_or(~std::uint64_t{0}), keep);
        if (after && *after < bar && (!server.after || *after < *server.after)) server.after = after;
      }
    }
  }
  for (const retirement& r : s.servers) {
    const worst& expected = servers[r.source];
    if (r.asked != expected.asked) fail("whether anybody asks " + r.source);
    if (r.forbidden_by.has_value() != expected.after.has_value()) fail("whether " + r.source + " can go");
    if (r.forbidden_by && r.forbidden_by->after != *expected.after) fail("what is left without " + r.source);
  }
}

/// The place that an objection names is one where it is true.
inline void check_objections(const policy& p, const survivability& s, oracle& truth) {
  for (const retirement& r : s.servers) {
    if (!r.forbidden_by || !r.forbidden_by->shown) continue;
    const objection& o = *r.forbidden_by;
    for (const address a : {o.shown->first, o.shown->last}) {
      const plan found = universe::plan_of(p, universe::at({a}, o.location), o.service);
      const std::string identity = p.find_source(r.source)->identity(o.service);
      if (truth.ask(o.service, found.attempts).fewest != o.before) fail("the objection to " + r.source + ", before");
      if (truth.without(o.service, found.attempts, identity).fewest != o.after) fail("the objection to " + r.source + ", after");
    }
  }
}

/// Counts add up to the populations, and the runs of a row to its clients.
inline void check_counts(const partition& cut, const survivability& s) {
  std::map<std::tuple<service, location, population>, address_count> sums;
  for (const survival_row& row : s.rows) {
    address_count& sum = sums[{row.service, row.location, row.who}];
    sum = sum + row.clients;
    if (row.who == population::dual) continue;
    address_count of_runs;
    for (const answer_region& r : row.shown) of_runs = of_runs + r.size();
    if (of_runs != row.clients || row.runs != row.shown.size()) fail("the runs do not add up");
  }
  std::array<address_count, 2> usable_addresses;
  for (const family f : {family::ipv4, family::ipv6}) {
    for (const address_piece& q : cut.pieces(f)) {
      address_count& sum = usable_addresses[static_cast<std::size_t>(f)];
      if (q.usable) sum = sum + q.size();
    }
  }
  for (const auto& [key, sum] : sums) {
    const population who = std::get<2>(key);
    const address_count expected = who == population::ipv4   ? usable_addresses[0]
                                   : who == population::ipv6 ? usable_addresses[1]
                                                             : usable_addresses[1] * usable_addresses[0].low.lo;
    if (sum != expected) fail("the clients of a population do not add up");
  }
  if (sums.size() != 12) fail("a population is missing");
}

inline failure any_failure(generate::dice& d, const policy& p) {
  const auto& sources = p.content().sources;
  const source& s = d.one_of(sources);
  switch (d.below(5)) {
    case 0: return {failure_kind::host, s.host.to_text()};
    case 1: return {failure_kind::proxy, d.one_in(2) ? "p.example:3128" : "q.example:3128"};
    case 2: return {failure_kind::source, s.name, d.one_of(all_services)};
    default: return {failure_kind::source, s.name};
  }
}

inline bool is_hit(const policy& p, const std::vector<failure>& down, service what, const attempt& a) {
  for (const failure& f : down) {
    if (f.kind == failure_kind::proxy && a.via == f.name) return true;
    for (const source& s : p.content().sources) {
      if (s.identity(what) != a.identity || (f.only && *f.only != what)) continue;
      if (f.kind == failure_kind::source && s.name == f.name) return true;
      if (f.kind == failure_kind::host && s.host.to_text() == f.name) return true;
    }
  }
  return false;
}

/// After failures every client has its old attempts but those that are hit, in order, and the outcome that follows. [S-64]
inline void check_what_if(generate::dice& d, const policy& p) {
  std::vector<failure> down;
  for (std::size_t n = d.one_in(3) ? 8 : d.below(4); n > 0; --n) down.push_back(any_failure(d, p));
  const std::string before = p.canonical();
  const policy after = what_if(p, failures(p, down));
  if (p.canonical() != before) fail("what_if changed its policy");
  auto all = everybody(p);
  for (std::size_t i = all.size(); i > 0; --i) {
    if (!d.one_in(4)) continue;
    client who = all[i - 1].second;
    who.stack = d.one_of(universe::stacks);
    all.emplace_back(all[i - 1].first, std::move(who));
  }
  for (const auto& [population, who] : all) {
    for (const service what : all_services) {
      const plan was = universe::plan_of(p, who, what);
      const plan is = universe::plan_of(after, who, what);
      std::vector<attempt> left;
      for (const attempt& a : was.attempts) {
        if (!is_hit(p, down, what, a)) left.push_back(a);
      }
      const outcome then = !left.empty()        ? static_cast<outcome>(left.front().stage)
                           : was.stages.empty() ? outcome::no_list
                                                : outcome::none_reachable;
      if (is.attempts != left) fail("what is left of the attempts differs at " + who.addresses[0].to_text());
      if (is.outcome != then || is.exhausted != was.exhausted) fail("the outcome differs at " + who.addresses[0].to_text());
    }
  }
}

/// The weights of a range of toy addresses, one by one.
inline void check_weights(generate::dice& d, const partition& cut) {
  const address_range range = generate::range(d);
  const location where = d.one_in(4) ? location::external : location::internal;
  const std::optional<family_set> stack = d.one_of(universe::stacks);
  const range_weights said = weigh(cut, range, where, stack);
  std::array<std::map<std::uint32_t, address_count>, 2> sums;
  address_count addresses;
  for (const address a : universe::addresses(range.family())) {
    if (!range.contains(a)) continue;
    addresses = addresses + address_count{0, {0, 1}};
    for (const service what : all_services) {
      const answer got = universe::ask(cut.policy(), universe::at({a}, where, stack), what);
      std::uint32_t at = 0;
      while (cut.answers()[at] != got) ++at;
      address_count& sum = sums[static_cast<std::size_t>(what)][at];
      sum = sum + address_count{0, {0, 1}};
    }
  }
  if (said.addresses != addresses || said.by_service != sums) fail("the weights of " + range.to_text());
}

/// One random policy, everything about it. Throws what is wrong.
inline void check_survivability(generate::dice& d) {
  const policy p = any_policy(d);
  const partition cut = partition::make(p);
  survivability_options options;
  options.by = static_cast<cut_by>(d.below(4));
  options.max_regions = ~std::size_t{0};
  options.max_cuts = 100000;
  if (d.one_in(3)) options.keep = d.below(4);
  const survivability s = find_survivability(cut, options);
  oracle truth(p, options.by);
  check_rows(p, s, truth, options.keep);
  check_objections(p, s, truth);
  check_counts(cut, s);
  check_what_if(d, p);
  for (int n = 0; n < 5; ++n) check_weights(d, cut);
}

}  // namespace survivability_check
