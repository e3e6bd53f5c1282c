// SPDX-License-Identifier: MIT
/// \file analysis/diff.hpp
/// Floor 8. All clients whose answer changes from one policy to another.
#pragma once

#include <smplist/analysis/change.hpp>
#include <smplist/analysis/evidence.hpp>
#include <smplist/analysis/pairs.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace smplist {

/// Everybody of a population whose answer changes from one to another.
struct changed_clients {
  std::uint32_t before = 0;    // in `policy_diff::answers()`
  std::uint32_t after = 0;     // in `policy_diff::answers()`
  family_set stack = {};       // of these clients; both: one address of each family
  address_count count = {};    // addresses, or pairs of them
  std::uint64_t regions = 0;   // runs of addresses; 0 for pairs
  bool by_pair_alone = false;  // no address by itself has these two lists: it takes both to choose them
  answer_change what = {};     // between the two answers
  client example = {};         // one of them, to be asked again
};

/// Neighbouring addresses whose clients change in the same way.
struct changed_region {
  address first;
  address last;
  std::uint32_t kind = 0;  // in `policy_diff::kinds()`
};

/// The answers of two policies, compared for every client. Answers are compared by value, names included: a list or source
/// that is called otherwise is a change, and says that it is `renamed`.
///
/// Of each family: clients inside with one address and the stack of that address, region by region; of both, clients inside
/// with one usable address of each, as pairs; outside, clients of each stack. Whoever states a stack of its own or has
/// several addresses of a family is looked at for `equal()` only, see `other()`. The epoch changes nothing here. [S-21]
class policy_diff {
 public:
  static constexpr std::size_t default_pair_kinds = 1000;

  /// Two partitions with the same facts. Of the ways in which pairs change, the `pair_kinds` largest are kept one by one.
  /// O(n log n + c), n ranges and c outcomes of pairs in which the lists' order crosses, see `each_pair_outcome`.
  [[nodiscard]] static policy_diff make(const partition& before, const partition& after,
                                        std::size_t pair_kinds = default_pair_kinds);

  /// Are the canonical forms the same bytes? [S-82]
  [[nodiscard]] bool textually_equal() const noexcept { return revisions_[0] == revisions_[1]; }
  /// Does every client there can be get the same answer from both?
  [[nodiscard]] bool equal() const noexcept { return kinds_.empty() && pair_kinds_ == 0 && evidence_.empty() && !other_; }

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
  class pair_tally;

  policy_diff(const partition& before, const partition& after) : sides_{&before, &after} {}

  [[nodiscard]] static constexpr std::size_t slot(service s) noexcept { return static_cast<std::size_t>(s); }
  [[nodiscard]] static constexpr std::size_t slot(family_set s) noexcept {
    return (s.contains(family::ipv4) ? 1U : 0U) + (s.contains(family::ipv6) ? 2U : 0U);
  }
  [[nodiscard]] static constexpr std::uint64_t key(std::uint64_t high, std::uint64_t low) noexcept { return high << 32U | low; }

  /// The number of a class's answer on a side; `no_answer` if no client is of it.
  [[nodiscard]] std::uint32_t number(std::size_t side, const client_class& who, service s) const noexcept {
    const std::uint32_t found = sides_[side]->answer_to(who, s);
    return found == no_answer ? no_answer : numbers_[side][found];
  }

  void intern();
  void walk(family f);
  void compare_at(address first, address last, family f, const address_piece& was, const address_piece& is);
  void compare_external();
  void compare_pairs(std::size_t kept);
  void find_other();
  std::uint32_t kind_of(std::uint32_t before, std::uint32_t after, family_set stack, const client& example);

  std::array<const partition*, 2> sides_;  // null when made
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
};

/// Adds up what pairs change, one old list after the other, and keeps the most frequent ways.
class policy_diff::pair_tally {
 public:
  pair_tally(const policy_diff& of, service s, std::size_t kept) : of_(&of), service_(s), kept_(kept), now_(of.answers_.size()) {
    std::vector<std::uint32_t> uses(of.answers_.size());
    const std::size_t lists = of.sides_[0]->lists();
    for (std::size_t i = 0; i <= lists; ++i) {
      const std::uint32_t n = of.number(0, both(i == lists ? no_list : static_cast<std::uint32_t>(i)), s);
      before_of_.push_back(n);
      if (n != no_answer) ++uses[n];
    }
    const std::size_t new_lists = of.sides_[1]->lists();
    for (std::size_t i = 0; i <= new_lists; ++i)
      after_of_.push_back(of.number(1, both(i == new_lists ? no_list : static_cast<std::uint32_t>(i)), s));
    for (const std::uint32_t n : uses) shared_answer_.push_back(n > 1);
  }

  void add(const detail::pair_outcome& found) {
    const std::uint32_t before = at(before_of_, found.before);
    const std::uint32_t after = at(after_of_, found.after);
    if (before == after) return;
    changed_clients& sum = now_[after];
    if (sum.count == address_count{}) {
      touched_.push_back(after);
      sum = start(before, after, found);
    }
    sum.count = sum.count + found.pairs();
    sum.by_pair_alone = sum.by_pair_alone || alone(found);
  }

  /// An old list is done: its answer's sums are final, unless other lists give the same answer.
  void flush() {
    for (const std::uint32_t after : touched_) {
      changed_clients& sum = now_[after];
      if (shared_answer_[sum.before]) {
        const auto [at, fresh] = shared_at_.emplace(key(sum.before, sum.after), shared_.size());
        if (fresh) {
          shared_.push_back(sum);
        } else {
          shared_[at->second].count = shared_[at->second].count + sum.count;
          shared_[at->second].by_pair_alone = shared_[at->second].by_pair_alone || sum.by_pair_alone;
        }
      } else {
        finish(std::move(sum));
      }
      now_[after] = {};
    }
    touched_.clear();
  }

  /// The kinds that are kept, the most pairs first; to be asked once.
  [[nodiscard]] std::vector<changed_clients> largest() {
    for (changed_clients& sum : shared_) finish(std::move(sum));
    shrink();
    return std::move(rows_);
  }
  [[nodiscard]] address_count total() const noexcept { return total_; }
  [[nodiscard]] std::uint64_t kinds() const noexcept { return kinds_; }

 private:
  [[nodiscard]] static client_class both(std::uint32_t list) noexcept { return {location::internal, family_set::both(), list}; }
  [[nodiscard]] static std::uint32_t at(const numbers& from, std::uint32_t list) {
    return list == no_list ? from.back() : from[list];
  }

  [[nodiscard]] bool alone(const detail::pair_outcome& found) const {
    const std::uint64_t lists = key(found.before, found.after);
    return of_->at_[1].count(lists) == 0 && of_->at_[3].count(lists) == 0;
  }

  [[nodiscard]] static changed_clients start(std::uint32_t before, std::uint32_t after, const detail::pair_outcome& found) {
    changed_clients sum;
    sum.before = before;
    sum.after = after;
    sum.stack = family_set::both();
    sum.example.location = location::internal;
    sum.example.addresses = {std::min(*found.one, *found.other), std::max(*found.one, *found.other)};
    return sum;
  }

  void finish(changed_clients&& sum) {
    total_ = total_ + sum.count;
    ++kinds_;
    rows_.push_back(std::move(sum));
    if (rows_.size() >= 2 * kept_ + 64) shrink();
  }

  void shrink() {
    std::sort(rows_.begin(), rows_.end(), [](const changed_clients& a, const changed_clients& b) {
      return a.count != b.count ? b.count < a.count : key(a.before, a.after) < key(b.before, b.after);
    });
    if (rows_.size() > kept_) rows_.resize(kept_);
  }

  const policy_diff* of_;
  service service_;
  std::size_t kept_;
  numbers before_of_;                 // by list, without one last
  numbers after_of_;                  // by list, without one last
  std::vector<bool> shared_answer_;   // by answer: do several old lists give it?
  std::vector<changed_clients> now_;  // of the old list at hand, by new answer
  numbers touched_;                   // in `now_`
  std::vector<changed_clients> shared_;
  std::unordered_map<std::uint64_t, std::size_t> shared_at_;  // looked up, never iterated
  std::vector<changed_clients> rows_;
  address_count total_;
  std::uint64_t kinds_ = 0;
};

inline policy_diff policy_diff::make(const partition& before, const partition& after, std::size_t pair_kinds) {
  policy_diff out(before, after);
  out.revisions_ = {before.policy().revision(), after.policy().revision()};
  out.evidence_ = compare_evidence(before.policy(), after.policy());
  out.intern();
  for (const family f : {family::ipv4, family::ipv6}) out.walk(f);
  out.compare_external();
  out.compare_pairs(pair_kinds);
  if (out.equal()) out.find_other();
  for (changed_clients& one : out.kinds_) one.what = compare(out.answers_[one.before], out.answers_[one.after]);
  out.sides_ = {};
  for (std::size_t i = 0; i < 4; ++i) {
    out.known_[i] = {};
    out.joint_[i] = {};
    out.at_[i] = {};
  }
  return out;
}

/// One numbering for the answers of both, so that all else compares integers.
inline void policy_diff::intern() {
  std::unordered_map<std::string, std::uint32_t> known;  // looked up, never iterated
  for (std::size_t side = 0; side < 2; ++side) {
    for (const answer& a : sides_[side]->answers()) {
      const auto [at, fresh] = known.emplace(detail::key_of(a), static_cast<std::uint32_t>(answers_.size()));
      if (fresh) answers_.push_back(a);
      numbers_[side].push_back(at->second);
    }
  }
}

inline std::uint32_t policy_diff::kind_of(std::uint32_t before, std::uint32_t after, family_set stack, const client& example) {
  const auto [at, fresh] = known_[slot(stack)].emplace(key(before, after), static_cast<std::uint32_t>(kinds_.size()));
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
    compare_at(first, last, f, *was, *is);
    const bool both_end = was->last == is->last;
    if (both_end || last == is->last) ++is;
    if (both_end || last == was->last) ++was;
    if (was != end) first = *last.next();
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
    if (before == after) continue;
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
    for (const detail::joint_class& c : joint_[static_cast<std::size_t>(f) * 2 + 1]) sum = sum + address_count{0, c.count};
    return sum;
  };
  const address shown[] = {"192.0.2.1"_address, "2001:db8::1"_address};
  for (const family_set stack : {family_set(family::ipv4), family_set(family::ipv6), family_set::both()}) {
    for (const service s : all_services) {
      const client_class who{location::external, stack};
      const std::uint32_t before = number(0, who, s);
      const std::uint32_t after = number(1, who, s);
      if (before == after) continue;
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

inline void policy_diff::compare_pairs(std::size_t kept) {
  pair_tally tallies[] = {{*this, service::file_reputation, kept}, {*this, service::web_reputation, kept}};
  detail::each_pair_outcome(
      *sides_[0], *sides_[1], joint_[1], joint_[3],
      [&](const detail::pair_outcome& found) {
        for (pair_tally& tally : tallies) tally.add(found);
      },
      [&](std::uint32_t /*old list*/) {
        for (pair_tally& tally : tallies) tally.flush();
      });
  for (const service s : all_services) {
    pair_tally& tally = tallies[slot(s)];
    for (changed_clients& one : tally.largest()) kinds_.push_back(std::move(one));
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
