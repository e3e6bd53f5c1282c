// SPDX-License-Identifier: MIT
/// \file arrow/answers.hpp
/// Side room. Who is asked first, for every row of a column: three columns of numbers.
#pragma once

#include <smplist/arrow/block.hpp>
#include <smplist/compile.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace smplist::arrow {

/// The three columns of answers.
enum class answer_part : std::uint8_t { outcome, list, source };
inline constexpr std::array<answer_part, 3> answer_parts = {answer_part::outcome, answer_part::list, answer_part::source};

/// The answers for a column: numbers of outcomes, lists and sources of a policy; -1 where there is none. [S-64]
class answers {
 public:
  answers(compiled_policy policy, smplist::service what, std::size_t rows)
      : policy_(std::move(policy)), what_(what), rows_(rows) {
    for (auto& column : columns_) column.reset(new std::int32_t[rows + 1]);  // not zeroed: every row is written once
  }

  [[nodiscard]] std::size_t size() const noexcept { return rows_; }
  [[nodiscard]] const compiled_policy& policy() const noexcept { return policy_; }
  [[nodiscard]] smplist::service service() const noexcept { return what_; }
  /// Rows that were neither null nor an address, ascending.
  [[nodiscard]] const std::vector<std::uint64_t>& invalid() const noexcept { return invalid_; }

  [[nodiscard]] const std::int32_t* column(answer_part part) const noexcept {
    return columns_[static_cast<std::size_t>(part)].get();
  }
  /// How many rows of a column have no answer.
  [[nodiscard]] std::size_t nulls(answer_part part) const noexcept {
    return part == answer_part::outcome ? not_asked_ : not_answered_;
  }

  /// The words that the numbers of a column stand for.
  [[nodiscard]] std::size_t words(answer_part part) const noexcept {
    const auto& tables = policy_.tables();
    return part == answer_part::outcome ? detail::count_of<outcome>
           : part == answer_part::list  ? tables.lists()
                                        : tables.sources();
  }
  [[nodiscard]] std::string_view word(answer_part part, std::size_t i) const noexcept {
    const auto& tables = policy_.tables();
    return part == answer_part::outcome ? name(static_cast<outcome>(i))
           : part == answer_part::list  ? tables.list_name(i)
                                        : tables.source_name(i);
  }

 private:
  friend class column_evaluation;

  compiled_policy policy_;
  smplist::service what_;
  std::size_t rows_;
  std::array<std::unique_ptr<std::int32_t[]>, 3> columns_;
  std::size_t not_asked_ = 0;
  std::size_t not_answered_ = 0;
  std::vector<std::uint64_t> invalid_;
};

/// What was counted in a part of the rows.
struct answer_counts {
  std::size_t not_asked = 0;
  std::size_t not_answered = 0;
  std::vector<std::uint64_t> invalid;
};

/// Whoever is asked for has no id.
struct no_keys {
  [[nodiscard]] std::optional<std::uint64_t> operator()(std::size_t /*row*/) const noexcept { return {}; }
};

/// Fills rows of `answers`. Pure but for those: several may run at once, on rows of their own.
///
/// Addresses of one class and family get one answer, unless an order is random: those answers are found once and kept.
class column_evaluation {
 public:
  /// `down` is empty, or has a bit for each source of the policy. [S-65]
  column_evaluation(answers& out, const question& q, std::vector<bool> down)
      : out_(&out), policy_(&out.policy_), question_(q), down_(std::move(down)) {
    if (out.size() >= policy_->classes()) keep_answers();
  }

  /// Answers rows `from` to `to - 1` of `rows`, which is a chunk that begins at row `offset`. `rows.read(from, to, block)` adds
  /// rows to a block; `key_of(row)` gives the hash of a client's id, if there is one. [S-21]
  template <class Rows, class KeyOf>
  [[nodiscard]] answer_counts run(const Rows& rows, std::size_t from, std::size_t to, std::size_t offset, KeyOf key_of) const {
    answer_counts counts;
    const auto block = std::make_unique<address_block>();
    for (; from < to; from += address_block::room) {
      const std::size_t behind = std::min(to, from + address_block::room);
      block->clear();
      rows.read(from, behind, *block);
      block->finish();
      for (const std::uint32_t row : block->invalid()) counts.invalid.push_back(offset + from + row);
      answer(*block, offset + from, behind - from, key_of, counts);
    }
    return counts;
  }

  /// Adds what was counted, part by part in the order of the rows.
  void add(answer_counts&& counts) {
    out_->not_asked_ += counts.not_asked;
    out_->not_answered_ += counts.not_answered;
    out_->invalid_.insert(out_->invalid_.end(), counts.invalid.begin(), counts.invalid.end());
  }

 private:
  /// An answer as the columns have it.
  struct row_answer {
    std::int32_t outcome = -1;
    std::int32_t list = -1;
    std::int32_t source = -1;
    bool varies = false;  // by more than class and family
  };

  static constexpr std::array<family, 2> families = {family::ipv4, family::ipv6};

  void keep_answers() {
    kept_.reserve(2 * policy_->classes());
    for (std::uint32_t c = 0; c < policy_->classes(); ++c) {
      for (const family f : families) {
        row_answer found = find(c, f, {}, {});
        found.varies = policy_->varies(c, question_);
        kept_.push_back(found);
      }
    }
  }

  [[nodiscard]] row_answer find(std::uint32_t address_class, family f, detail::u128 bits,
                                std::optional<std::uint64_t> key) const {
    question q = question_;
    if (key) q.key = key;
    const first_answer found = down_.empty()
                                   ? policy_->answer(address_class, f, bits, q)
                                   : policy_->answer(address_class, f, bits, q, [&](std::uint32_t s) { return down_[s]; });
    return {static_cast<std::int32_t>(found.outcome), static_cast<std::int32_t>(found.list),
            static_cast<std::int32_t>(found.source)};
  }

  template <class KeyOf>
  void answer(const address_block& block, std::size_t first, std::size_t rows, KeyOf key_of, answer_counts& counts) const {
    std::int32_t* const outcomes = out_->columns_[0].get() + first;
    std::int32_t* const lists = out_->columns_[1].get() + first;
    std::int32_t* const sources = out_->columns_[2].get() + first;
    const std::size_t missing = rows - block.ipv4_count() - block.ipv6_count();
    if (missing != 0) {
      for (std::int32_t* const column : {outcomes, lists, sources}) std::fill(column, column + rows, -1);
    }
    std::size_t without = missing;
    const auto put = [&](std::size_t row, std::uint32_t address_class, family f, auto bits) {
      row_answer found;
      if (!kept_.empty()) found = kept_[2 * std::size_t{address_class} + (f == family::ipv4 ? 0 : 1)];
      if (kept_.empty() || found.varies) found = find(address_class, f, bits(), key_of(first + row));
      outcomes[row] = found.outcome;
      lists[row] = found.list;
      sources[row] = found.source;
      without += found.source < 0 ? 1U : 0U;
    };
    policy_->each_class_ipv4(
        block.ipv4_count(), [&](std::size_t i) { return block.ipv4(i); },
        [&](std::size_t i, std::uint32_t found) {
          put(block.ipv4_row(i), found, family::ipv4, [&] { return address::from_ipv4(block.ipv4(i)).bits(); });
        });
    policy_->each_class_ipv6(
        block.ipv6_count(), [&](std::size_t i) { return block.ipv6(i); },
        [&](std::size_t i, std::uint32_t found) { put(block.ipv6_row(i), found, family::ipv6, [&] { return block.ipv6(i); }); });
    counts.not_asked += missing;
    counts.not_answered += without;
  }

  answers* out_;
  const compiled_policy* policy_;
  question question_;
  std::vector<bool> down_;
  std::vector<row_answer> kept_;  // by class, then family
};

}  // namespace smplist::arrow
