// SPDX-License-Identifier: MIT
/// \file analysis/pair_tally.hpp
/// Floor 8. How many pairs of addresses change in which way, of two policies with any number of lists.
#pragma once

#include <smplist/analysis/change.hpp>
#include <smplist/analysis/pairs.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
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
  bool by_pair_alone = false;  // no address by itself has lists with these answers: it takes both to choose them
  answer_change what = {};     // between the two answers
  client example = {};         // one of them, to be asked again
};

namespace detail {

/// How many pairs change in one way, and one of them.
struct pair_sum {
  std::uint32_t before = 0;
  std::uint32_t after = 0;
  address_count count = {};
  std::optional<address> one = {};
  std::optional<address> other = {};

  [[nodiscard]] constexpr std::uint64_t key() const noexcept { return std::uint64_t{before} << 32U | after; }
};

/// Adds up what pairs change, one old list after the other, and keeps the most frequent ways.
class pair_tally {
 public:
  /// What clients of both families get, by list, those without one last: before and after, as numbers of `answers` answers.
  pair_tally(std::vector<std::uint32_t> before_of, std::vector<std::uint32_t> after_of, std::size_t answers, std::size_t kept,
             bool unchanged)
      : before_of_(std::move(before_of)),
        after_of_(std::move(after_of)),
        kept_(kept),
        unchanged_(unchanged),
        shared_answer_(answers),
        now_(answers) {
    std::vector<std::uint32_t> uses(answers);
    for (const std::uint32_t n : before_of_) {
      if (n != no_answer) shared_answer_[n] = ++uses[n] > 1;
    }
  }

  void add(const pair_outcome& found) {
    const std::uint32_t before = at(before_of_, found.before);
    const std::uint32_t after = at(after_of_, found.after);
    if (before == after && !unchanged_) return;
    pair_sum& sum = now_[after];
    if (!sum.one) {
      touched_.push_back(after);
      sum = {before, after, {}, found.one, found.other};
    }
    sum.count = sum.count + found.pairs();
  }

  /// An old list is done: its answer's sums are final, unless other lists give the same answer.
  void flush() {
    for (const std::uint32_t after : touched_) {
      const pair_sum sum = std::exchange(now_[after], {});
      if (shared_answer_[sum.before]) {
        share(sum);
      } else {
        finish(sum);
      }
    }
    touched_.clear();
  }

  /// The kinds that are kept, the most pairs first; to be asked once.
  [[nodiscard]] std::vector<changed_clients> largest() {
    for (const pair_sum& sum : shared_) finish(sum);
    shrink();
    std::sort(rows_.begin(), rows_.end(), &more);
    std::vector<changed_clients> out;
    for (const pair_sum& sum : rows_) {
      changed_clients& one = out.emplace_back();
      one.before = sum.before;
      one.after = sum.after;
      one.stack = family_set::both();
      one.count = sum.count;
      one.example.location = location::internal;
      one.example.addresses = {std::min(*sum.one, *sum.other), std::max(*sum.one, *sum.other)};
    }
    return out;
  }
  [[nodiscard]] address_count total() const noexcept { return total_; }
  [[nodiscard]] std::uint64_t kinds() const noexcept { return kinds_; }

 private:
  [[nodiscard]] static std::uint32_t at(const std::vector<std::uint32_t>& from, std::uint32_t list) {
    return list == no_list ? from.back() : from[list];
  }
  [[nodiscard]] static bool more(const pair_sum& a, const pair_sum& b) noexcept {
    return a.count != b.count ? b.count < a.count : a.key() < b.key();
  }

  void share(const pair_sum& sum) {
    const auto [at, fresh] = shared_at_.emplace(sum.key(), shared_.size());
    if (fresh) {
      shared_.push_back(sum);
      return;
    }
    pair_sum& known = shared_[at->second];
    known.count = known.count + sum.count;
  }

  void finish(const pair_sum& sum) {
    if (sum.before != sum.after) {
      total_ = total_ + sum.count;
      ++kinds_;
    }
    rows_.push_back(sum);
    if (rows_.size() / 4 > kept_ + 64) shrink();  // seldom, so that each costs little
  }

  void shrink() {
    if (rows_.size() <= kept_) return;
    std::nth_element(rows_.begin(), rows_.begin() + static_cast<std::ptrdiff_t>(kept_), rows_.end(), &more);
    rows_.resize(kept_);
  }

  std::vector<std::uint32_t> before_of_;
  std::vector<std::uint32_t> after_of_;
  std::size_t kept_;
  bool unchanged_;
  std::vector<bool> shared_answer_;     // by answer: do several old lists give it?
  std::vector<pair_sum> now_;           // of the old list at hand, by new answer
  std::vector<std::uint32_t> touched_;  // in `now_`
  std::vector<pair_sum> shared_;
  std::unordered_map<std::uint64_t, std::size_t> shared_at_;  // looked up, never iterated
  std::vector<pair_sum> rows_;
  address_count total_;
  std::uint64_t kinds_ = 0;
};

}  // namespace detail

}  // namespace smplist
