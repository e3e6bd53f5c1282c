// SPDX-License-Identifier: MIT
/// \file analysis/diff.hpp
/// Floor 8. All clients whose answer changes from one policy to another.
#pragma once

#include <smplist/analysis/evidence.hpp>
#include <smplist/analysis/pair_tally.hpp>
#include <smplist/range_set.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace smplist {

/// Neighbouring addresses whose clients change in the same way.
struct changed_region {
  address first;
  address last;
  std::uint32_t kind = 0;  // in `policy_diff::kinds()`
};

/// Whom to compare, and what to keep.
struct diff_options {
  std::optional<range_set> where = {};  // only clients all of whose addresses are in it; external ones stay
  bool unchanged = false;               // keep those, too, whose answer does not change
  std::size_t pair_kinds = 1000;        // of the ways in which pairs change, by service, the largest are kept one by one
};

/// The answers of two policies, compared for every client. Answers are compared by value, names included: a list or source
/// that is called otherwise is a change, and says that it is `renamed`.
///
/// Of each family: clients inside with one address and the stack of that address, region by region; of both, clients inside
/// with one usable address of each, as pairs; outside, clients of each stack. Whoever states a stack of its own or has
/// several addresses of a family is looked at for `equal()` only, see `other()`. The epoch changes nothing here. [S-21]
class policy_diff {
 public:
  /// Two partitions with the same facts.
  /// O(n log n + c), n ranges and c outcomes of pairs in which the lists' order crosses, see `each_pair_outcome`.
  [[nodiscard]] static policy_diff make(const partition& before, const partition& after, const diff_options& options = {});

  /// Are the canonical forms the same bytes? [S-82]
  [[nodiscard]] bool textually_equal() const noexcept { return revisions_[0] == revisions_[1]; }
  /// Does every client there can be get the same answer from both?
  [[nodiscard]] bool equal() const noexcept { return !changed_ && evidence_.empty() && !other_; }

  [[nodiscard]] const std::array<std::string, 2>& revisions() const noexcept { return revisions_; }
  [[nodiscard]] const std::vector<answer>& answers() const noexcept { return answers_; }
  /// Ways of changing: first those of `regions()`, then of external clients, then of pairs, the most pairs first.
  [[nodiscard]] const std::vector<changed_clients>& kinds() const noexcept { return kinds_; }
  /// Family by family, ascending, service by service. Internal clients only.
  [[nodiscard]] const std::vector<changed_region>& regions() const noexcept { return regions_; }
  /// Evidence that no longer decides as it did.
  [[nodiscard]] const std::vector<changed_evidence>& evidence() const noexcept { return evidence_; }
  /// Internal clients with one usable address of each family that change, by service; also those whose kind is not kept.
  [[nodiscard]] address_count pairs(service s) const noexcept { return pairs_[slot(s)]; }
  /// In how many ways pairs change; more than are kept in `kinds()`, perhaps.
  [[nodiscard]] std::uint64_t pair_kinds() const noexcept { return pair_kinds_; }
  /// A client that changes, if all else is equal: one that states its stack, or has several addresses of a family.
  [[nodiscard]] const std::optional<changed_clients>& other() const noexcept { return other_; }

 private:
  using numbers = std::vector<std::uint32_t>;  // of a partition's answers, in `answers()`

  policy_diff(const partition& before, const partition& after, diff_options options)
      : sides_{&before, &after}, options_(std::move(options)) {}

  [[nodiscard]] static constexpr std::size_t slot(service s) noexcept { return static_cast<std::size_t>(s); }
  [[nodiscard]] static constexpr std::uint64_t key(std::uint64_t high, std::uint64_t low) noexcept { return high << 32U | low; }

  /// The number of a class's answer on a side; `no_answer` if no client is of it.
  [[nodiscard]] std::uint32_t number(std::size_t side, const client_class& who, service s) const noexcept {
    const std::uint32_t found = sides_[side]->answer_to(who, s);
    return found == no_answer ? no_answer : numbers_[side][found];
  }

  void intern();
  void walk(family f);
  void compare_inside(address first, address last, family f, const address_piece& was, const address_piece& is);
  void compare_at(address first, address last, family f, const address_piece& was, const address_piece& is);
  void compare_external();
  [[nodiscard]] detail::pair_tally tally_of(service s) const;
  [[nodiscard]] std::unordered_set<std::uint64_t> ways_of_one(service s) const;
  void compare_pairs();
  void find_other();
  std::uint32_t kind_of(std::uint32_t before, std::uint32_t after, family_set stack, const client& example);

  // needed to make it, empty when made
  std::array<const partition*, 2> sides_;
  diff_options options_;
  std::array<numbers, 2> numbers_;
  std::array<std::unordered_map<std::uint64_t, std::uint32_t>, 4> known_;  // by stack; looked up, never iterated
  std::array<std::vector<detail::joint_class>, 4> joint_;                  // by family, usable
  std::array<std::unordered_map<std::uint64_t, std::uint32_t>, 4> at_;     // in `joint_`; looked up, never iterated
  std::array<std::optional<std::size_t>, 2> latest_;                       // in `regions_`, by service

  std::array<std::string, 2> revisions_;
  std::vector<answer> answers_;
  std::vector<changed_clients> kinds_;
  std::vector<changed_region> regions_;
  std::vector<changed_evidence> evidence_;
  std::array<address_count, 2> pairs_;
  std::uint64_t pair_kinds_ = 0;
  std::optional<changed_clients> other_;
  bool changed_ = false;
};

inline policy_diff policy_diff::make(const partition& before, const partition& after, const diff_options& options) {
  policy_diff out(before, after, options);
  out.revisions_ = {before.policy().revision(), after.policy().revision()};
  out.evidence_ = compare_evidence(before.policy(), after.policy());
  out.intern();
  for (const family f : {family::ipv4, family::ipv6}) out.walk(f);
  out.compare_external();
  out.compare_pairs();
  for (changed_clients& one : out.kinds_) {
    one.what = compare(out.answers_[one.before], out.answers_[one.after]);
    out.changed_ = out.changed_ || !one.what.none();
  }
  out.changed_ = out.changed_ || out.pair_kinds_ != 0;
  if (out.equal()) out.find_other();
  out.sides_ = {};
  out.options_ = {};
  for (std::size_t i = 0; i < 4; ++i) {
    out.known_[i] = {};
    out.joint_[i] = {};
    out.at_[i] = {};
  }
  return out;
}

/// One numbering for the answers of both, so that all else compares integers.
inline void policy_diff::intern() {
  answer_pool pool;
  for (std::size_t side = 0; side < 2; ++side) numbers_[side] = pool.numbers(sides_[side]->answers());
  answers_ = std::move(pool).answers();
}

inline std::uint32_t policy_diff::kind_of(std::uint32_t before, std::uint32_t after, family_set stack, const client& example) {
  const auto [at, fresh] = known_[stack.index()].emplace(key(before, after), static_cast<std::uint32_t>(kinds_.size()));
  if (fresh) {
    changed_clients& one = kinds_.emplace_back();
    one.before = before;
    one.after = after;
    one.stack = stack;
    one.example = example;
  }
  return at->second;
}

/// Both tilings of a family side by side: what overlaps has one list on each side.
inline void policy_diff::walk(family f) {
  auto was = sides_[0]->pieces(f).begin();
  auto is = sides_[1]->pieces(f).begin();
  const auto end = sides_[0]->pieces(f).end();
  for (address first = address::lowest(f); was != end;) {
    const address last = std::min(was->last, is->last);
    compare_inside(first, last, f, *was, *is);
    const bool both_end = was->last == is->last;
    if (both_end || last == is->last) ++is;
    if (both_end || last == was->last) ++was;
    if (was != end) first = *last.next();
  }
}

/// The part of a run that is asked about.
inline void policy_diff::compare_inside(address first, address last, family f, const address_piece& was,
                                        const address_piece& is) {
  if (!options_.where) return compare_at(first, last, f, was, is);
  const auto& ranges = options_.where->ranges();
  auto at = std::partition_point(ranges.begin(), ranges.end(), [&](const address_range& r) { return r.last() < first; });
  for (; at != ranges.end() && at->first() <= last; ++at) {
    compare_at(std::max(first, at->first()), std::min(last, at->last()), f, was, is);
  }
}

inline void policy_diff::compare_at(address first, address last, family f, const address_piece& was, const address_piece& is) {
  const address_count size = address_piece{first, last}.size();
  const std::size_t which = static_cast<std::size_t>(f) * 2 + (was.usable ? 1 : 0);
  const auto [at, fresh] = at_[which].emplace(key(was.list, is.list), static_cast<std::uint32_t>(joint_[which].size()));
  if (fresh) joint_[which].push_back({was.list, is.list, {}, first});
  detail::u128& count = joint_[which][at->second].count;
  count = count + size.low;  // fewer than 2^128: some addresses of each family are of the other kind
  for (const service s : all_services) {
    const client_class who = sides_[0]->class_of(was);
    const std::uint32_t before = number(0, who, s);
    const std::uint32_t after = number(1, sides_[1]->class_of(is), s);
    if (before == after && !options_.unchanged) continue;
    client example;
    example.addresses.emplace_back(first);
    example.location = location::internal;
    const std::uint32_t kind = kind_of(before, after, who.stack, example);
    kinds_[kind].count = kinds_[kind].count + size;
    std::optional<std::size_t>& latest = latest_[slot(s)];
    if (latest && regions_[*latest].kind == kind && regions_[*latest].last.next() == first) {
      regions_[*latest].last = last;
      continue;
    }
    latest = regions_.size();
    regions_.push_back({first, last, kind});
    ++kinds_[kind].regions;
  }
}

/// Outside the network stage is all there is, and the stack alone decides. [S-40]
inline void policy_diff::compare_external() {
  using namespace literals;
  const auto usable = [&](family f) {
    address_count sum;
    for (const address_piece& q : sides_[0]->pieces(f)) sum = sum + (q.usable ? q.size() : address_count{});
    return sum;
  };
  const address shown[] = {"192.0.2.1"_address, "2001:db8::1"_address};
  for (const family_set stack : {family_set(family::ipv4), family_set(family::ipv6), family_set::both()}) {
    for (const service s : all_services) {
      const client_class who{location::external, stack};
      const std::uint32_t before = number(0, who, s);
      const std::uint32_t after = number(1, who, s);
      if (before == after && !options_.unchanged) continue;
      client example;
      example.location = location::external;
      for (const family f : {family::ipv4, family::ipv6}) {
        if (stack.contains(f)) example.addresses.emplace_back(shown[static_cast<std::size_t>(f)]);
      }
      changed_clients& one = kinds_[kind_of(before, after, stack, example)];
      one.count = stack == family_set::both() ? usable(family::ipv6) * usable(family::ipv4).low.lo
                                              : usable(stack.contains(family::ipv4) ? family::ipv4 : family::ipv6);
    }
  }
}

inline detail::pair_tally policy_diff::tally_of(service s) const {
  std::array<numbers, 2> by_list;
  for (std::size_t side = 0; side < 2; ++side) {
    const std::size_t lists = sides_[side]->lists();
    for (std::size_t i = 0; i <= lists; ++i) {
      const std::uint32_t list = i == lists ? no_list : static_cast<std::uint32_t>(i);
      by_list[side].push_back(number(side, {location::internal, family_set::both(), list}, s));
    }
  }
  return {std::move(by_list[0]), std::move(by_list[1]), answers_.size(), options_.pair_kinds, options_.unchanged};
}

/// The ways in which pairs change where one address has both lists.
inline std::unordered_set<std::uint64_t> policy_diff::ways_of_one(service s) const {
  std::unordered_set<std::uint64_t> out;
  for (const auto* classes : {&joint_[1], &joint_[3]}) {
    for (const detail::joint_class& c : *classes) {
      out.insert(key(number(0, {location::internal, family_set::both(), c.before}, s),
                     number(1, {location::internal, family_set::both(), c.after}, s)));
    }
  }
  return out;
}

inline void policy_diff::compare_pairs() {
  detail::pair_tally tallies[] = {tally_of(service::file_reputation), tally_of(service::web_reputation)};
  detail::each_pair_outcome(
      *sides_[0], *sides_[1], joint_[1], joint_[3],
      [&](const detail::pair_outcome& found) {
        for (detail::pair_tally& tally : tallies) tally.add(found);
      },
      [&](std::uint32_t /*old list*/) {
        for (detail::pair_tally& tally : tallies) tally.flush();
      });
  for (const service s : all_services) {
    detail::pair_tally& tally = tallies[slot(s)];
    const std::unordered_set<std::uint64_t> by_one = ways_of_one(s);
    for (changed_clients& one : tally.largest()) {
      one.by_pair_alone = by_one.count(key(one.before, one.after)) == 0;
      kinds_.push_back(std::move(one));
    }
    pairs_[slot(s)] = tally.total();
    pair_kinds_ += tally.kinds();
  }
}

/// What any addresses decide, two decide: the one that chooses the old list, and the one that chooses the new one. [S-44]
inline void policy_diff::find_other() {
  std::vector<detail::joint_class> all = {{no_list, no_list, {}, std::nullopt}};
  for (const auto& some : joint_) all.insert(all.end(), some.begin(), some.end());
  for (detail::joint_class& one : all) one.count = {0, 1};
  const auto look = [&](const detail::pair_outcome& found) {
    if (other_) return;
    for (std::size_t stack = 0; stack < 8; ++stack) {
      client_class who{location::internal, {}, found.before};
      if ((stack & 1U) != 0) who.stack = who.stack | family::ipv4;
      if ((stack & 2U) != 0) who.stack = who.stack | family::ipv6;
      const service s = all_services[stack / 4];
      const std::uint32_t before = number(0, who, s);
      const std::uint32_t after = number(1, {who.location, who.stack, found.after}, s);
      if (before == after || before == no_answer || after == no_answer) continue;
      other_.emplace();
      other_->before = before;
      other_->after = after;
      other_->stack = who.stack;
      other_->example.location = location::internal;
      for (const auto& a : {found.one, found.other}) {
        const bool known = a && !other_->example.addresses.empty() && other_->example.addresses.front().value == *a;
        if (a && !known) other_->example.addresses.emplace_back(*a);
      }
      if (other_->example.families() != who.stack) other_->example.stack = who.stack;
      other_->what = compare(answers_[before], answers_[after]);
      return;
    }
  };
  detail::each_pair_outcome(*sides_[0], *sides_[1], all, all, look, [](std::uint32_t /*old list*/) {});
}

}  // namespace smplist
