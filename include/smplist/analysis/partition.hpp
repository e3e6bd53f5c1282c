// SPDX-License-Identifier: MIT
/// \file analysis/partition.hpp
/// Floor 8. The space of clients, cut into pieces on which the whole answer is constant. Every analysis is a fold over it.
#pragma once

#include <smplist/analysis/answer.hpp>
#include <smplist/detail/flatten.hpp>
#include <smplist/evaluation.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace smplist {

inline constexpr std::uint32_t no_list = 0xFFFFFFFF;
inline constexpr std::uint32_t no_answer = 0xFFFFFFFF;

/// Neighbouring addresses of one family for which the same decides.
struct address_piece {
  address first;
  address last;
  std::uint32_t list = no_list;  // the custom list that is chosen for a client with one address here [S-44]
  std::uint32_t range = 0;       // of that list, the one that decides
  bool usable = true;            // neither link-local nor loopback: the address gives its client a family [S-50]

  /// The number of addresses; the IPv4-mapped block is not IPv6. [S-03]
  [[nodiscard]] address_count size() const noexcept {
    const detail::u128 steps = last.bits() - first.bits();
    const bool spans_mapped = first.bits() < detail::mapped_first && detail::mapped_last < last.bits();
    return address_count{0, spans_mapped ? steps - detail::u128{0, 0x100000000U} : steps} + address_count{0, {0, 1}};
  }

  friend bool operator==(const address_piece& a, const address_piece& b) noexcept {
    return a.first == b.first && a.last == b.last && a.list == b.list && a.range == b.range && a.usable == b.usable;
  }
  friend bool operator!=(const address_piece& a, const address_piece& b) noexcept { return !(a == b); }
};

/// Clients that no policy tells apart: everything about a client that an answer depends on, but for random orders.
struct client_class {
  smplist::location location = location::internal;
  family_set stack = {};
  std::uint32_t list = no_list;  // chosen among the client's addresses; of no account outside
};

/// Neighbouring addresses with one answer.
struct answer_region {
  address first;
  address last;
  std::uint32_t answer = no_answer;

  [[nodiscard]] address_count size() const noexcept { return address_piece{first, last}.size(); }
};

/// Every answer of a policy, and who gets it. Immutable. O(n log n + l), n the number of ranges and l of lists.
class partition {
 public:
  /// `given` are facts beside the policy, as for `evaluate`. The epoch changes random orders and so nothing here.
  [[nodiscard]] static partition make(const policy& p, const facts& given = {}) { return partition(p, given); }

  [[nodiscard]] const smplist::policy& policy() const noexcept { return policy_; }
  [[nodiscard]] const facts& given() const noexcept { return given_; }

  /// The addresses of a family, ascending and without a gap; neighbours differ in list, range or `usable`. At most 2n + 1 for
  /// n ranges, and 4 for the ends of the link-local and loopback addresses. If no list is ever consulted, none decides.
  [[nodiscard]] const std::vector<address_piece>& cells(family f) const noexcept { return cells_[slot(f)]; }
  /// The same with the ranges of a list taken together: neighbours differ in list or `usable`.
  [[nodiscard]] const std::vector<address_piece>& pieces(family f) const noexcept { return pieces_[slot(f)]; }

  /// The piece that holds `a`. O(log n).
  [[nodiscard]] const address_piece& piece_of(address a) const noexcept {
    const auto& all = pieces(a.family());
    return *std::prev(std::upper_bound(all.begin(), all.end(), a, [](address x, const address_piece& q) { return x < q.first; }));
  }

  /// The distinct answers.
  [[nodiscard]] const std::vector<answer>& answers() const noexcept { return answers_; }

  /// The position in `answers()` of what a class gets; `no_answer` if no client is of that class.
  [[nodiscard]] std::uint32_t answer_to(const client_class& who, service what) const noexcept {
    const std::size_t row = who.location == location::external ? rows() - 1 : who.list == no_list ? rows() - 2 : who.list;
    return table_[(row * 4 + who.stack.index()) * 2 + static_cast<std::size_t>(what)];
  }

  /// The class of a client with the one address of a piece, or with that and a stated stack.
  [[nodiscard]] client_class class_of(const address_piece& q, location where = location::internal,
                                      std::optional<family_set> stated = {}) const noexcept {
    const family_set own = q.usable ? family_set(q.first.family()) : family_set();
    return {where, stated.value_or(own), q.list};
  }

  /// The list of a client whose addresses alone would have these. [S-44]
  [[nodiscard]] std::uint32_t choose(std::uint32_t a, std::uint32_t b) const noexcept { return rank_of(b) < rank_of(a) ? b : a; }
  /// The place of a list, or of `no_list`, among those that compete for a client: the lowest wins. [S-44]
  [[nodiscard]] std::uint32_t rank_of(std::uint32_t list) const noexcept {
    const auto last = static_cast<std::uint32_t>(lists());
    if (list == no_list) return last;
    return policy_.content().on_overlap == overlap_rule::last ? last - 1 - list : list;
  }
  [[nodiscard]] std::uint32_t list_at(std::uint32_t rank) const noexcept {
    return rank == lists() ? no_list : rank_of(rank);  // turning the order round twice changes nothing
  }

  /// Every class that a client can be of, internal ones list by list, those without a list behind, external ones last.
  [[nodiscard]] std::vector<client_class> classes() const;

  /// A client of a class: its plan is an instance of the answer. Empty if there is none.
  [[nodiscard]] std::optional<client> witness(const client_class& who) const;

  /// A family's addresses by the answer that a client with one of them gets; neighbours differ. The stack is the
  /// address's own, or as stated.
  [[nodiscard]] std::vector<answer_region> regions(family f, service what, location where = location::internal,
                                                   std::optional<family_set> stated = {}) const;

  /// The addresses of a family for which a list, or `no_list`, is chosen; link-local and loopback ones apart.
  [[nodiscard]] address_count count(family f, std::uint32_t list, bool usable = true) const noexcept {
    return counts_[slot(f)][usable ? 1 : 0][list == no_list ? lists() : list];
  }
  /// The pairs of one usable IPv4 and one usable IPv6 address for which a list, or `no_list`, is chosen.
  [[nodiscard]] address_count dual_count(std::uint32_t list) const noexcept {
    return dual_counts_[list == no_list ? lists() : list];
  }

  [[nodiscard]] std::size_t lists() const noexcept { return policy_.content().lists.size(); }
  /// Are custom lists asked at all? [S-42] [S-47]
  [[nodiscard]] bool consults_lists() const noexcept {
    return policy_.content().mode == list_mode::custom && !policy_.content().nothing_configured();
  }

 private:
  partition(const smplist::policy& p, facts given) : policy_(p), given_(std::move(given)) {
    for (const family f : {family::ipv4, family::ipv6}) {
      cut(f);
      gather(f);
    }
    pair_up();
    ask();
  }

  [[nodiscard]] static constexpr std::size_t slot(family f) noexcept { return static_cast<std::size_t>(f); }
  // of the table: one row per list, one without a list, one external; four stacks in each
  [[nodiscard]] std::size_t rows() const noexcept { return lists() + 2; }
  [[nodiscard]] client_class class_at(std::size_t i) const noexcept {
    client_class who{i / 4 == rows() - 1 ? location::external : location::internal};
    if (i / 4 < lists()) who.list = static_cast<std::uint32_t>(i / 4);
    if ((i & 1U) != 0) who.stack = who.stack | family::ipv4;
    if ((i & 2U) != 0) who.stack = who.stack | family::ipv6;
    return who;
  }

  void cut(family f);
  void put(family f, address_piece q);
  void gather(family f);
  void pair_up();
  void ask();

  smplist::policy policy_;
  facts given_;
  std::array<std::vector<address_piece>, 2> cells_;
  std::array<std::vector<address_piece>, 2> pieces_;
  std::array<std::array<std::vector<address_count>, 2>, 2> counts_;  // by family, usable, list
  std::array<std::array<std::vector<std::uint32_t>, 2>, 2> shown_;   // by family, usable, list: its first piece, or `no_list`
  std::vector<address_count> dual_counts_;
  std::vector<answer> answers_;
  std::vector<std::uint32_t> table_;  // rows x stacks x services
};

// -- pieces

namespace detail {

/// Of ranges that hold one address, the one of the lowest rank decides. [S-44]
struct range_rank {
  const labelled_interval* range;
  overlap_rule rule;

  friend bool operator<(range_rank a, range_rank b) noexcept { return decides_before(a.rule, *a.range, *b.range); }
};

}  // namespace detail

/// A sweep along the ranges: where the one that decides changes.
inline void partition::cut(family f) {
  static const std::vector<detail::labelled_interval> nothing;
  const auto& ranges = consults_lists() ? policy_.ranges(f) : nothing;
  const overlap_rule rule = policy_.content().on_overlap;
  std::vector<address_piece> found;
  detail::flatten(
      ranges, address::lowest(f).bits(), address::highest(f).bits(),
      [&](std::size_t i) {
        return detail::range_rank{&ranges[i], rule};
      },
      [&](detail::u128 last) { return address::from_bits(last).next()->bits(); },
      [&](detail::u128 first, std::size_t winner) {
        if (!found.empty()) found.back().last = *address::from_bits(first).previous();
        address_piece q{address::from_bits(first), address::highest(f)};
        if (winner != ranges.size()) q = {q.first, q.last, ranges[winner].group, ranges[winner].member};
        found.push_back(q);
      });
  for (const address_piece& q : found) put(f, q);
}

/// Adds a piece to the cells, cut where addresses become usable or cease to be. [S-50]
inline void partition::put(family f, address_piece q) {
  for (const address_range& special : detail::unusable_ranges) {
    if (special.family() != f || q.last < special.first() || special.last() < q.first) continue;
    if (q.first < special.first()) {
      cells_[slot(f)].push_back(q);
      cells_[slot(f)].back().last = *special.first().previous();
    }
    address_piece inside = q;
    inside.first = std::max(q.first, special.first());
    inside.last = std::min(q.last, special.last());
    inside.usable = false;
    cells_[slot(f)].push_back(inside);
    if (q.last <= special.last()) return;
    q.first = *special.last().next();
  }
  cells_[slot(f)].push_back(q);
}

inline void partition::gather(family f) {
  auto& counts = counts_[slot(f)];
  auto& shown = shown_[slot(f)];
  for (auto& by_list : counts) by_list.resize(lists() + 1);
  for (auto& by_list : shown) by_list.assign(lists() + 1, no_list);
  auto& pieces = pieces_[slot(f)];
  for (const address_piece& q : cells(f)) {
    const std::size_t list = q.list == no_list ? lists() : q.list;
    address_count& count = counts[q.usable ? 1 : 0][list];
    count = count + q.size();
    if (!pieces.empty() && pieces.back().list == q.list && pieces.back().usable == q.usable) {
      pieces.back().last = q.last;
      continue;
    }
    std::uint32_t& first = shown[q.usable ? 1 : 0][list];
    if (first == no_list) first = static_cast<std::uint32_t>(pieces.size());
    pieces.push_back(q);
  }
}

/// Counts pairs over lists, not over pieces: a list is chosen with itself, with lists that yield to it, and with none. [S-44]
inline void partition::pair_up() {
  const auto& ipv4 = counts_[slot(family::ipv4)][1];
  const auto& ipv6 = counts_[slot(family::ipv6)][1];
  dual_counts_.assign(lists() + 1, {});
  address_count below4 = ipv4.back();  // of what yields to the list
  address_count below6 = ipv6.back();
  dual_counts_.back() = ipv6.back() * ipv4.back().low.lo;
  for (auto rank = static_cast<std::uint32_t>(lists()); rank-- > 0;) {
    const std::size_t list = list_at(rank);
    dual_counts_[list] = (ipv6[list] + below6) * ipv4[list].low.lo + ipv6[list] * below4.low.lo;
    below4 = below4 + ipv4[list];
    below6 = below6 + ipv6[list];
  }
}

// -- answers

inline std::vector<client_class> partition::classes() const {
  std::vector<client_class> all;
  for (std::size_t i = 0; i < rows() * 4; ++i) {
    if (table_[i * 2] != no_answer) all.push_back(class_at(i));
  }
  return all;
}

inline std::optional<client> partition::witness(const client_class& who) const {
  client out;
  out.location = who.location;
  const std::size_t list = who.list == no_list ? lists() : who.list;
  std::optional<address> best;
  int best_merit = 0;
  for (const family f : {family::ipv4, family::ipv6}) {
    for (const bool usable : {true, false}) {
      if (usable && who.stack.empty()) continue;  // only link-local or loopback addresses leave a client without a family
      const std::uint32_t shown = shown_[slot(f)][usable ? 1 : 0][list];
      const int merit = !usable ? 1 : who.stack.contains(f) ? 3 : 2;
      if (shown == no_list || merit <= best_merit) continue;
      best = pieces(f)[shown].first;
      best_merit = merit;
    }
  }
  if (best) out.addresses.emplace_back(*best);
  else if (who.list != no_list) return std::nullopt;
  if (out.families() != who.stack) out.stack = who.stack;
  return out;
}

inline void partition::ask() {
  answer_pool pool;
  table_.assign(rows() * 8, no_answer);
  for (std::size_t i = 0; i < rows() * 4; ++i) {
    const std::optional<client> asked = witness(class_at(i));
    if (!asked) continue;
    for (const service what : all_services) {
      table_[i * 2 + static_cast<std::size_t>(what)] =
          pool.number(answer_of(detail::evaluation(policy_, *asked, what, given_).run()));
    }
  }
  answers_ = std::move(pool).answers();
}

inline std::vector<answer_region> partition::regions(family f, service what, location where,
                                                     std::optional<family_set> stated) const {
  std::vector<answer_region> out;
  for (const address_piece& q : pieces(f)) {
    const std::uint32_t found = answer_to(class_of(q, where, stated), what);
    if (!out.empty() && out.back().answer == found) out.back().last = q.last;
    else out.push_back({q.first, q.last, found});
  }
  return out;
}

}  // namespace smplist
