// SPDX-License-Identifier: MIT
/// \file analysis/ambiguity.hpp
/// Floor 8. Where the answer depends on a rule that nobody states, and what each reading of the rule gives.
#pragma once

#include <smplist/analysis/partition.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace smplist {

/// A rule that a list of servers by range needs and that its documentation is silent about.
enum class unstated_rule : std::uint8_t {
  overlap,   // which of several ranges that hold an address decides [S-44]
  no_match,  // what a client gets whom no list holds [S-45]
  mapped,    // whether `::ffff:a.b.c.d` is the IPv4 address [S-03]
};

template <>
struct detail::words<unstated_rule> {
  static constexpr std::string_view table[] = {"overlap", "no_match", "mapped"};
};

/// Neighbouring addresses whose clients get different answers from different readings of one rule.
struct ambiguous_region {
  unstated_rule rule = unstated_rule::overlap;
  smplist::service service = service::file_reputation;
  address first;  // under `mapped` the IPv4 addresses that are written as IPv6
  address last;
  std::vector<std::uint32_t> readings = {};  // positions in `ambiguity::answers`, one for each word of `readings_of(rule)`

  [[nodiscard]] address_count size() const noexcept { return address_piece{first, last}.size(); }
};

/// All of them, for internal clients with one address; neighbours differ. In the order of rules, services, addresses.
struct ambiguity {
  std::string revision;
  std::vector<answer> answers;
  std::vector<ambiguous_region> regions;
  std::array<std::size_t, 3> in_effect = {};  // by rule: the reading that the policy has
  /// Pairs of an IPv4 and an IPv6 address in two lists whose clients with both families would get different answers from
  /// them: that the client's addresses are one client is a rule, too. [S-44] By service.
  std::array<address_count, 2> torn_pairs = {};
};

/// The readings of a rule, in the order of `ambiguous_region::readings`.
[[nodiscard]] constexpr std::array<std::string_view, 3> readings_of(unstated_rule rule) noexcept {
  switch (rule) {
    case unstated_rule::overlap: return {"first", "last", "most_specific"};
    case unstated_rule::no_match: return {"standard_list", "no_list", ""};
    case unstated_rule::mapped: return {"ipv4", "ipv6", ""};
  }
  return {};
}

namespace detail {

/// Compares what policies that differ in one reading say to the same clients.
class ambiguity_search {
 public:
  ambiguity_search(const policy& p, const facts& given) : policy_(p), given_(given) {}

  [[nodiscard]] ambiguity run() {
    const policy_draft& draft = policy_.content();
    found_.revision = policy_.revision();
    found_.in_effect = {static_cast<std::size_t>(draft.on_overlap), draft.fallback_to_standard ? 0U : 1U, 0};
    if (draft.mode == list_mode::custom) {
      std::vector<partition> rules;
      for (const overlap_rule rule : {overlap_rule::first, overlap_rule::last, overlap_rule::most_specific}) {
        policy_draft read = draft;
        read.on_overlap = rule;
        rules.push_back(cut(std::move(read)));
      }
      compare(unstated_rule::overlap, rules, [](const address_piece&) { return true; });
      std::vector<partition> fallbacks;
      for (const bool standard : {true, false}) {
        policy_draft read = draft;
        read.fallback_to_standard = standard;
        fallbacks.push_back(cut(std::move(read)));
      }
      compare(unstated_rule::no_match, fallbacks, [](const address_piece& q) { return q.list == no_list; });
      compare_mapped(rules[static_cast<std::size_t>(draft.on_overlap)]);
      count_pairs(rules[static_cast<std::size_t>(draft.on_overlap)]);
    } else {
      compare_mapped(cut(draft));
    }
    found_.answers = std::move(pool_).answers();
    return std::move(found_);
  }

 private:
  [[nodiscard]] partition cut(policy_draft draft) const {
    return partition::make(policy::make(std::move(draft)).value(), given_);
  }

  /// Walks the pieces of all readings side by side; only pieces that `counts` in the first reading are compared.
  template <class Counts>
  void compare(unstated_rule rule, const std::vector<partition>& cuts, Counts counts) {
    std::vector<std::vector<std::uint32_t>> numbers;
    for (const partition& one : cuts) numbers.push_back(pool_.numbers(one.answers()));
    for (const service what : all_services) {
      for (const family f : {family::ipv4, family::ipv6}) {
        std::vector<std::size_t> at(cuts.size());
        for (std::optional<address> from = address::lowest(f); from;) {
          ambiguous_region here{rule, what, *from, address::highest(f)};
          for (std::size_t i = 0; i < cuts.size(); ++i) {
            const auto& pieces = cuts[i].pieces(f);
            while (pieces[at[i]].last < *from) ++at[i];
            here.last = std::min(here.last, pieces[at[i]].last);
            here.readings.push_back(numbers[i][cuts[i].answer_to(cuts[i].class_of(pieces[at[i]]), what)]);
          }
          if (counts(cuts.front().pieces(f)[at.front()])) keep(here);
          from = here.last.next();
        }
      }
    }
  }

  void keep(const ambiguous_region& here) {
    const auto& read = here.readings;
    if (std::all_of(read.begin(), read.end(), [&](std::uint32_t r) { return r == read.front(); })) return;
    if (!found_.regions.empty()) {
      ambiguous_region& before = found_.regions.back();
      if (before.rule == here.rule && before.service == here.service && before.readings == read &&
          before.last.next() == here.first) {
        before.last = here.last;
        return;
      }
    }
    found_.regions.push_back(here);
  }

  /// Read as IPv6, a mapped address is held only by IPv6 ranges that span the block, and never gives an IPv4 family. [S-03]
  void compare_mapped(const partition& cut) {
    const std::vector<std::uint32_t> numbers = pool_.numbers(cut.answers());
    const policy across = policy_across();
    client who;
    who.location = location::internal;
    who.addresses.emplace_back(address::highest(family::ipv6));
    for (const service what : all_services) {
      const std::uint32_t read = pool_.number(answer_of(evaluation(across, who, what, given_).run()));
      for (const address_piece& q : cut.pieces(family::ipv4))
        keep({unstated_rule::mapped, what, q.first, q.last, {numbers[cut.answer_to(cut.class_of(q), what)], read}});
    }
  }

  /// The policy as all of the mapped block would see it: the list of the best range that spans the block holds everything.
  /// No address of the block can be looked up, so the ranges are.
  [[nodiscard]] policy policy_across() const {
    const labelled_interval* best = nullptr;
    for (const labelled_interval& r : policy_.ranges(family::ipv6)) {
      if (mapped_first < r.first) break;
      if (r.last < mapped_last) continue;
      if (best == nullptr || decides_before(policy_.content().on_overlap, r, *best)) best = &r;
    }
    policy_draft draft = policy_.content();
    for (source_list& l : draft.lists) l.ranges.clear();
    if (best != nullptr) draft.lists[best->group].ranges = {address_range::all(family::ipv6)};
    return policy::make(std::move(draft)).value();
  }

  /// All pairs of listed addresses but those whose lists give one answer.
  void count_pairs(const partition& cut) {
    for (const service what : all_services) {
      std::map<std::uint32_t, std::pair<address_count, address_count>> by_answer;
      address_count ipv4;
      address_count ipv6;
      for (std::uint32_t list = 0; list < cut.lists(); ++list) {
        const std::uint32_t found = cut.answer_to({location::internal, family_set::both(), list}, what);
        if (found == no_answer) continue;
        auto& [of_ipv4, of_ipv6] = by_answer[found];
        of_ipv4 = of_ipv4 + cut.count(family::ipv4, list);
        of_ipv6 = of_ipv6 + cut.count(family::ipv6, list);
        ipv4 = ipv4 + cut.count(family::ipv4, list);
        ipv6 = ipv6 + cut.count(family::ipv6, list);
      }
      address_count torn = ipv6 * ipv4.low.lo;
      for (const auto& [found, pair] : by_answer) torn = torn - pair.second * pair.first.low.lo;
      found_.torn_pairs[static_cast<std::size_t>(what)] = torn;
    }
  }

  const policy& policy_;
  const facts& given_;
  answer_pool pool_;
  ambiguity found_;
};

}  // namespace detail

/// Every address of an internal client whose answer depends on how an unstated rule is read. O(n log n + l), as a partition.
[[nodiscard]] inline ambiguity find_ambiguity(const policy& p, const facts& given = {}) {
  return detail::ambiguity_search(p, given).run();
}

}  // namespace smplist
