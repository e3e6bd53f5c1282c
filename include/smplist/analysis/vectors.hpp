// SPDX-License-Identifier: MIT
/// \file analysis/vectors.hpp
/// Floor 8. A finite test set for agents: whoever gives these answers cuts the space of clients where the policy does.
#pragma once

#include <smplist/analysis/compare.hpp>
#include <smplist/analysis/space.hpp>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace smplist {

/// What is down, and which attempt is asked then. [S-65]
struct availability_pattern {
  std::vector<std::string> down;     // endpoint identities
  std::optional<std::size_t> asked;  // position among the attempts; none: nothing is left
};

/// A client, and the plan that it must come to.
struct test_vector {
  std::string about;  // which part of the set it belongs to
  client who;
  plan expected;
  std::vector<availability_pattern> patterns = {};  // with the first plan of these endpoints in this order
};

namespace detail {

/// All patterns that tell an agent apart from one that walks in order: with the first i down the next is asked, and with one
/// down that has not come to its turn nothing changes.
[[nodiscard]] inline std::vector<availability_pattern> patterns_of(const plan& p) {
  std::vector<availability_pattern> out;
  const auto put = [&](std::vector<std::string> down) {
    availability_map known;
    for (const std::string& identity : down) known.emplace(identity, availability::down);
    const attempt* const asked = first_available(p, known);
    std::optional<std::size_t> at;
    if (asked != nullptr) at = static_cast<std::size_t>(asked - p.attempts.data());
    out.push_back({std::move(down), at});
  };
  std::vector<std::string> before;
  put(before);
  for (std::size_t i = 0; i < p.attempts.size(); ++i) {
    if (i > 0) put({p.attempts[i].identity});
    if (std::find(before.begin(), before.end(), p.attempts[i].identity) == before.end()) before.push_back(p.attempts[i].identity);
    put(before);
  }
  return out;
}

template <class Sink>
class vector_maker {
 public:
  vector_maker(const partition& cut, Sink sink) : cut_(&cut), sink_(std::move(sink)), rank_(cut.lists() + 1) {
    client_filter everywhere;
    everywhere.stacks = {};
    const client_space all(cut, std::move(everywhere));
    for (const bool usable : {true, false}) {
      for (const family f : {family::ipv4, family::ipv6}) own_.push_back(all.shares(f, usable));
    }
    each_by_precedence(cut, [&](std::size_t list) {
      rank_[list] = order_.size();
      order_.push_back(list);
    });
  }

  void run() {
    for (const family f : {family::ipv4, family::ipv6}) ends(f);
    pairs();
    orders();
    outside();
    evidence();
  }

 private:
  void put(const char* about, const client& who) {
    for (const service what : all_services) put(about, who, what);
  }

  void put(const char* about, const client& who, service what) {
    test_vector v{about, who, evaluate(cut_->policy(), who, what, cut_->given())};
    std::string sequence;
    for (const attempt& a : v.expected.attempts) (sequence += a.identity) += '\n';
    if (known_.insert(sequence).second) v.patterns = patterns_of(v.expected);
    sink_(static_cast<const test_vector&>(v));
  }

  /// The first and the last address of every range and of the gaps between them, also where other ranges cover it. [S-05]
  void ends(family f) {
    std::vector<address> starts = {address::lowest(f)};
    for (const labelled_interval& r : cut_->policy().ranges(f)) {
      starts.push_back(address::from_bits(r.first));
      if (const auto behind = address::from_bits(r.last).next()) starts.push_back(*behind);
    }
    for (const address_piece& q : cut_->pieces(f)) starts.push_back(q.first);
    std::vector<address> points = {address::highest(f)};
    for (const address a : starts) {
      points.push_back(a);
      if (const auto before = a.previous()) points.push_back(*before);
    }
    std::sort(points.begin(), points.end());
    points.erase(std::unique(points.begin(), points.end()), points.end());
    for (const address a : points) {
      const client who{{}, {a}, location::internal};
      put("end", who);
      for (const family_set stack : stacks_) {
        if (stack == who.families() && !who.stack) continue;
        client stated = who;
        stated.stack = stack;
        put("end", stated);
      }
      neighbours(a);
    }
  }

  /// An address that would be another list's by a small mistake, where clients with this address alone could not tell: one with an
  /// address of the other family could, whose list yields to one of the two and not to the other. [S-44]
  void neighbours(address a) {
    const std::size_t mine = place(cut_->piece_of(a).list);
    std::set<std::size_t> others = {cut_->lists()};
    for (const auto& near : {std::optional(a), a.previous(), a.next()}) {
      if (!near) continue;
      for (const std::size_t list : match_lists(cut_->policy(), cut_->policy().content().on_overlap, {*near}).lists)
        others.insert(list);
    }
    for (const std::size_t other : others) {
      // of a list that nobody is given, as others hold all that it holds, nothing is known
      const auto alike = [&](family_set stack) { return !somebody(other) || !differ(mine, other, stack); };
      if (other == mine || !std::all_of(std::begin(stacks_), std::end(stacks_), alike)) continue;
      const auto [low, high] = std::minmax(rank_[mine], rank_[other]);
      for (const family_set stack : stacks_) {
        std::size_t i = low + 1;
        while (i < high && !(somebody(order_[i]) && differ(mine, order_[i], stack))) ++i;
        if (i < high) put_pair(a, *somebody(order_[i]), stack);
      }
    }
  }

  /// An address of a list: usable if there is one, IPv6 if there is one.
  [[nodiscard]] std::optional<address> somebody(std::size_t list) const {
    for (const std::size_t kind : {1U, 0U, 3U, 2U}) {
      if (own_[kind].firsts[list]) return own_[kind].firsts[list];
    }
    return std::nullopt;
  }

  [[nodiscard]] std::size_t place(std::uint32_t list) const noexcept { return list == no_list ? cut_->lists() : list; }

  /// Clients with two addresses: each list with the nearest on either side, in the order of precedence, that gives another
  /// answer, and with itself. An agent that chooses by one order of lists, and these right, chooses all right. [S-44]
  void pairs() {
    for (const family_set stack : stacks_) {
      for (std::size_t i = 0; i < order_.size(); ++i) {
        const auto counts = [&](std::size_t j) { return somebody(order_[j]) && differ(order_[i], order_[j], stack); };
        if (!somebody(order_[i])) continue;
        if (stack == family_set::both()) compete(order_[i], order_[i], stack);
        std::size_t j = i + 1;
        while (j < order_.size() && !counts(j)) ++j;
        if (j < order_.size()) compete(order_[i], order_[j], stack);
        j = i;
        while (j > 0 && !counts(j - 1)) --j;
        if (j > 0) compete(order_[j - 1], order_[i], stack);
      }
    }
  }

  /// Two lists, by addresses of two families, either way round; by two of one family if it must be.
  void compete(std::size_t a, std::size_t b, family_set stack) {
    bool crossed = false;
    for (const std::size_t f : {std::size_t{0}, std::size_t{1}}) {
      const auto& x = own_[f].firsts[a];
      const auto& y = own_[1 - f].firsts[b];
      if (!x || !y) continue;
      put_pair(*x, *y, stack);
      crossed = true;
    }
    if (!crossed && a != b) put_pair(*somebody(a), *somebody(b), stack);
  }

  /// The address that yields comes first: an agent that looks at the first address only is found out. The id fixes random orders.
  void put_pair(address a, address b, family_set stack) {
    const std::uint32_t list = cut_->piece_of(a).list;
    const bool wins = list != no_list && cut_->choose(list, cut_->piece_of(b).list) == list;
    client who{"", {wins ? b : a, wins ? a : b}, location::internal};
    if (who.families() != stack) who.stack = stack;
    if (!known_pairs_.emplace(who.addresses[0].value, who.addresses[1].value, static_cast<int>(stack.index())).second) return;
    who.id = "pair-" + std::to_string(known_pairs_.size() - 1);
    put("pair", who);
  }

  /// Do clients with both families, or with one, tell two lists apart?
  [[nodiscard]] bool differ(std::size_t a, std::size_t b, family_set stack) const {
    const auto found = [&](std::size_t list, service what) {
      const std::uint32_t at = list == cut_->lists() ? no_list : static_cast<std::uint32_t>(list);
      return cut_->answer_to({location::internal, stack, at}, what);
    };
    return std::any_of(all_services.begin(), all_services.end(), [&](service s) { return found(a, s) != found(b, s); });
  }

  /// In each class a client whose order tells a random stage from one in order, or two with different orders. [S-20] [S-21]
  void orders() {
    for (const client_class& one : cut_->classes()) {
      for (const service what : all_services) {
        std::set<std::string> ids;
        for (const answer_stage& s : cut_->answers()[cut_->answer_to(one, what)].stages) find_ids(s, ids);
        client who = *cut_->witness(one);
        for (const std::string& id : ids) {
          who.id = id;
          put("order", who, what);
        }
      }
    }
  }

  static void find_ids(const answer_stage& s, std::set<std::string>& ids) {
    if (s.attempts.size() < 2) return;
    std::vector<std::string> identities;
    for (const attempt& a : s.attempts) identities.push_back(a.identity);
    std::vector<std::size_t> usual = arrange_as_listed(identities.size());
    if (s.random) {
      usual = arrange_at_random(identities, fnv1a64(trial_id(0)), 0);
      ids.insert(trial_id(0));
    }
    std::size_t n = 0;  // ends soon: half of the clients or more have another order
    while (n < 1000 && arrange_at_random(identities, fnv1a64(trial_id(n)), 0) == usual) ++n;
    ids.insert(trial_id(n));
  }

  /// Outside lists are of no account: by stack, at an address of a list where there is one. [S-40]
  void outside() {
    const address ipv4 = somewhere(family::ipv4);
    const address ipv6 = somewhere(family::ipv6);
    put("external", {{}, {ipv4}, location::external});
    put("external", {{}, {ipv6}, location::external});
    put("external", {{}, {ipv4, ipv6}, location::external});
    put("external", {{}, {address::from_ipv4(0x7F000001U)}, location::external});
    put("external", {"vector-1", {}, location::external, {}, {}, family_set::both()});
  }

  /// What makes a client internal, and what nearly does. [S-31] [S-32] [S-33]
  void evidence() {
    const address where = somewhere(family::ipv4);
    put("evidence", {{}, {where}});
    put("evidence", {{}, {where}, {}, {gateway{address::from_ipv4(0xC00002FEU)}}});
    put("evidence", {{}, {where}, {}, {}, {host_port{*host::try_parse("192.0.2.254"), 1}}});
    for (client who : with_evidence(cut_->policy(), cut_->policy())) {
      who.addresses = {where};
      put("evidence", who);
    }
  }

  [[nodiscard]] address somewhere(family f) const {
    for (const address_piece& q : cut_->pieces(f)) {
      if (q.usable && q.list != no_list) return q.first;
    }
    return f == family::ipv4 ? address::from_ipv4(0xC0000201U) : address::from_ipv6(0x20010DB8FFFFFFFFU, 1);
  }

  // what clients may state, the stack that most of them have first [S-50]
  static constexpr family_set stacks_[] = {family_set::both(), family_set(family::ipv4), family_set(family::ipv6)};

  const partition* cut_;
  Sink sink_;
  std::vector<list_shares> own_;    // all addresses: usable IPv4 and IPv6, then the others
  std::vector<std::size_t> order_;  // lists, none being the last position, from the one that yields to all
  std::vector<std::size_t> rank_;   // where a list stands in it
  std::set<std::tuple<address, address, int>> known_pairs_;
  std::set<std::string> known_;  // sequences of endpoints whose patterns are out
};

}  // namespace detail

/// Every vector of a policy, one after the other: `sink(const test_vector&)`. O(ranges + lists) vectors.
template <class Sink>
void each_vector(const partition& cut, Sink sink) {
  detail::vector_maker<Sink>(cut, std::move(sink)).run();
}

}  // namespace smplist
