// SPDX-License-Identifier: MIT
/// \file analysis/pair_tally.hpp
/// Floor 8. How many pairs of addresses change in which way, of two policies with any number of lists.
#pragma once

#include <smplist/analysis/change.hpp>
#include <smplist/analysis/pairs.hpp>

#include <algorithm>
#include <cstdint>
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

namespace detail {

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

  /// `alone`: no address by itself has these two lists.
  void add(const pair_outcome& found, bool alone) {
    const std::uint32_t before = at(before_of_, found.before);
    const std::uint32_t after = at(after_of_, found.after);
    if (before == after && !unchanged_) return;
    changed_clients& sum = now_[after];
    if (sum.count == address_count{}) {
      touched_.push_back(after);
      sum = start(before, after, found);
    }
    sum.count = sum.count + found.pairs();
    sum.by_pair_alone = sum.by_pair_alone || alone;
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
  [[nodiscard]] static constexpr std::uint64_t key(std::uint32_t high, std::uint32_t low) noexcept {
    return std::uint64_t{high} << 32U | low;
  }
  [[nodiscard]] static std::uint32_t at(const std::vector<std::uint32_t>& from, std::uint32_t list) {
    return list == no_list ? from.back() : from[list];
  }

  [[nodiscard]] static changed_clients start(std::uint32_t before, std::uint32_t after, const pair_outcome& found) {
    changed_clients sum;
    sum.before = before;
    sum.after = after;
    sum.stack = family_set::both();
    sum.example.location = location::internal;
    sum.example.addresses = {std::min(*found.one, *found.other), std::max(*found.one, *found.other)};
    return sum;
  }

  void finish(changed_clients&& sum) {
    if (sum.before != sum.after) {
      total_ = total_ + sum.count;
      ++kinds_;
    }
    rows_.push_back(std::move(sum));
    if (rows_.size() >= 2 * kept_ + 64) shrink();
  }

  void shrink() {
    std::sort(rows_.begin(), rows_.end(), [](const changed_clients& a, const changed_clients& b) {
      return a.count != b.count ? b.count < a.count : key(a.before, a.after) < key(b.before, b.after);
    });
    if (rows_.size() > kept_) rows_.resize(kept_);
  }

  std::vector<std::uint32_t> before_of_;
  std::vector<std::uint32_t> after_of_;
  std::size_t kept_;
  bool unchanged_;
  std::vector<bool> shared_answer_;     // by answer: do several old lists give it?
  std::vector<changed_clients> now_;    // of the old list at hand, by new answer
  std::vector<std::uint32_t> touched_;  // in `now_`
  std::vector<changed_clients> shared_;
  std::unordered_map<std::uint64_t, std::size_t> shared_at_;  // looked up, never iterated
  std::vector<changed_clients> rows_;
  address_count total_;
  std::uint64_t kinds_ = 0;
};

}  // namespace detail

}  // namespace smplist
