// SPDX-License-Identifier: MIT
/// \file arrow/answers.hpp
/// Side room. Who is asked first, for every row of a column: three columns of numbers.
#pragma once

#include <smplist/arrow/block.hpp>
#include <smplist/compile.hpp>
#include <smplist/detail/two_steps.hpp>

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

/// Which of the columns are wanted; what is not is not worked out.
class answer_part_set {
 public:
  constexpr answer_part_set() noexcept = default;
  constexpr answer_part_set(answer_part part) noexcept : bits_(bit(part)) {}  // NOLINT(google-explicit-constructor)
  [[nodiscard]] static constexpr answer_part_set all() noexcept {
    answer_part_set out;
    for (const answer_part part : answer_parts) out = out | part;
    return out;
  }
  [[nodiscard]] constexpr bool contains(answer_part part) const noexcept { return (bits_ & bit(part)) != 0; }
  friend constexpr answer_part_set operator|(answer_part_set a, answer_part_set b) noexcept {
    a.bits_ = static_cast<std::uint8_t>(a.bits_ | b.bits_);
    return a;
  }

 private:
  [[nodiscard]] static constexpr std::uint8_t bit(answer_part part) noexcept {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(part));
  }

  std::uint8_t bits_ = 0;
};

/// The answers for a column: numbers of outcomes, lists and sources of a policy; -1 where there is none. [S-64]
class answers {
 public:
  answers(compiled_policy policy, smplist::service what, std::size_t rows, answer_part_set wanted = answer_part_set::all())
      : policy_(std::move(policy)), what_(what), rows_(rows) {
    for (const answer_part part : answer_parts) {
      if (wanted.contains(part)) parts_.push_back(part);
    }
    memory_ = detail::storage::make(parts_.size() * rows * sizeof(std::int32_t));  // not zeroed: every row is written once
    auto* next = reinterpret_cast<std::int32_t*>(memory_->room());
    for (const answer_part part : parts_) columns_[static_cast<std::size_t>(part)] = std::exchange(next, next + rows);
  }

  [[nodiscard]] std::size_t size() const noexcept { return rows_; }
  [[nodiscard]] const compiled_policy& policy() const noexcept { return policy_; }
  [[nodiscard]] smplist::service service() const noexcept { return what_; }
  /// Rows that were neither null nor an address, ascending.
  [[nodiscard]] const std::vector<std::uint64_t>& invalid() const noexcept { return invalid_; }

  /// The columns that were wanted, in the order of `answer_parts`.
  [[nodiscard]] const std::vector<answer_part>& parts() const noexcept { return parts_; }
  [[nodiscard]] bool has(answer_part part) const noexcept {
    return std::find(parts_.begin(), parts_.end(), part) != parts_.end();
  }
  /// Null if it was not wanted.
  [[nodiscard]] const std::int32_t* column(answer_part part) const noexcept { return columns_[static_cast<std::size_t>(part)]; }
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
  std::shared_ptr<detail::storage> memory_;
  std::vector<answer_part> parts_;
  std::array<std::int32_t*, 3> columns_{};
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
/// Addresses of one class and family get one answer, or one of a few where an order is random: those are found once and kept.
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
  /// An answer as the columns have it. Of several candidates it is that of the first.
  struct row_answer {
    std::int32_t outcome;
    std::int32_t list;
    std::int32_t source;
    std::uint32_t candidates;  // where they begin
    std::uint32_t count;       // of candidates
    std::uint16_t is_drawn;    // 1 or 0, to be added and not asked for: are there several?
    std::uint16_t is_none;     // the same: is there none?
  };
  struct candidate {
    std::uint64_t hash;
    std::int32_t source;
  };
  /// Kept candidates are filled up to a multiple with the first of them, which wins no tie against itself: so that nearly all
  /// lists are drawn from in as many steps.
  static constexpr std::size_t drawn_at_once = 4;
  [[nodiscard]] static constexpr std::size_t filled_up(std::size_t count) noexcept {
    return (count + drawn_at_once - 1) / drawn_at_once * drawn_at_once;
  }

  void keep_answers() {
    kept_.reserve(2 * policy_->classes());
    for (std::uint32_t c = 0; c < policy_->classes(); ++c) {
      for (const family f : {family::ipv4, family::ipv6}) {
        const row_answer& made = kept_.emplace_back(find(c, f, candidates_));
        if (made.count > 1) candidates_.resize(made.candidates + filled_up(made.count), candidates_[made.candidates]);
      }
    }
    few_.emplace(policy_->ipv4_classes());
    few_ipv6_.emplace(policy_->ipv6_classes());
  }

  [[nodiscard]] row_answer find(std::uint32_t address_class, family f, std::vector<candidate>& candidates) const {
    const std::size_t from = candidates.size();
    const first_answer found = policy_->each_candidate(
        address_class, f, question_, [&](std::uint32_t s) { return !down_.empty() && down_[s]; },
        [&](std::uint32_t source, std::uint64_t hash) {
          candidates.push_back({hash, static_cast<std::int32_t>(source)});
        });
    const auto count = static_cast<std::uint32_t>(candidates.size() - from);
    return {static_cast<std::int32_t>(found.outcome),
            static_cast<std::int32_t>(found.list),
            static_cast<std::int32_t>(found.source),
            static_cast<std::uint32_t>(from),
            count,
            static_cast<std::uint16_t>(count > 1 ? 1 : 0),
            static_cast<std::uint16_t>(count == 0 ? 1 : 0)};
  }

  /// The candidate with the lowest rank for a client. [S-21]
  [[nodiscard]] std::int32_t draw(const candidate* candidates, std::size_t count, detail::u128 bits,
                                  std::optional<std::uint64_t> key) const noexcept {
    const std::uint64_t base = detail::rank_base(key ? *key : detail::address_key(bits), question_.epoch);
    return candidates[detail::lowest_rank(base, count, [&](std::size_t k) { return candidates[k].hash; })].source;
  }

  template <class KeyOf>
  void answer(const address_block& block, std::size_t first, std::size_t rows, KeyOf key_of, answer_counts& counts) const {
    const std::size_t missing = rows - block.ipv4_count() - block.ipv6_count();
    if (missing != 0) {
      for (const answer_part part : out_->parts()) std::fill_n(column(part) + first, rows, -1);
    }
    counts.not_asked += missing;
    counts.not_answered += missing;
    const auto ipv4_bits = [&](std::size_t i) { return address::from_ipv4(block.ipv4(i)).bits(); };
    const auto ipv4_row = [&](std::size_t i) { return first + block.ipv4_row(i); };
    const auto ipv6_bits = [&](std::size_t i) { return block.ipv6(i); };
    const auto ipv6_row = [&](std::size_t i) { return first + block.ipv6_row(i); };
    const auto each_ipv4 = [&](auto take) { each_class_ipv4(block, take); };
    const auto each_ipv6 = [&](auto take) { each_class_ipv6(block, take); };
    put(family::ipv4, block.ipv4_count(), each_ipv4, ipv4_bits, ipv4_row, key_of, counts);
    put(family::ipv6, block.ipv6_count(), each_ipv6, ipv6_bits, ipv6_row, key_of, counts);
  }

  template <class Take>
  void each_class_ipv4(const address_block& block, Take take) const {
    if (!few_ || !few_->is_usable())
      return policy_->each_class_ipv4(
          block.ipv4_count(), [&](std::size_t i) { return block.ipv4(i); }, take);
    for (std::size_t i = 0; i < block.ipv4_count(); ++i) take(i, few_->find(block.ipv4(i)));
  }

  template <class Take>
  void each_class_ipv6(const address_block& block, Take take) const {
    if (!few_ipv6_ || !few_ipv6_->is_usable())
      return policy_->each_class_ipv6(
          block.ipv6_count(), [&](std::size_t i) { return block.ipv6(i); }, take);
    for (std::size_t i = 0; i < block.ipv6_count(); ++i) take(i, few_ipv6_->find(block.ipv6(i)));
  }

  /// Writes the answers of one family, `n` rows of a block.
  template <class EachClass, class BitsOf, class RowOf, class KeyOf>
  void put(family f, std::size_t n, EachClass each_class, BitsOf bits_of, RowOf row_of, KeyOf key_of,
           answer_counts& counts) const {
    std::int32_t* const outcomes = column(answer_part::outcome);
    std::int32_t* const lists = column(answer_part::list);
    std::int32_t* const sources = column(answer_part::source);
    if (!kept_.empty()) return put_kept(f, n, each_class, bits_of, row_of, key_of, counts);
    std::vector<candidate> few;
    each_class([&](std::size_t i, std::uint32_t found) {
      few.clear();
      const row_answer answer = find(found, f, few);
      const std::size_t row = row_of(i);
      if (outcomes != nullptr) outcomes[row] = answer.outcome;
      if (lists != nullptr) lists[row] = answer.list;
      if (sources != nullptr)
        sources[row] = answer.count < 2 ? answer.source : draw(few.data(), few.size(), bits_of(i), key_of(row));
      counts.not_answered += answer.is_none;
    });
  }

  /// The same in three steps over a block, each of them without branches and short enough for all of its state in registers.
  template <class EachClass, class BitsOf, class RowOf, class KeyOf>
  void put_kept(family f, std::size_t n, EachClass each_class, BitsOf bits_of, RowOf row_of, KeyOf key_of,
                answer_counts& counts) const {
    std::int32_t* const outcomes = column(answer_part::outcome);
    std::int32_t* const lists = column(answer_part::list);
    std::int32_t* const sources = column(answer_part::source);
    const row_answer* const kept = kept_.data();
    std::array<std::uint32_t, address_block::room> numbers;
    const std::uint32_t of_family = f == family::ipv4 ? 0 : 1;
    each_class([&](std::size_t i, std::uint32_t found) { numbers[i] = 2 * found + of_family; });
    std::array<std::uint32_t, address_block::room + 1> drawn;  // one more: what is counted nowhere is written, too
    std::size_t draws = 0;
    std::size_t without = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const row_answer& answer = kept[numbers[i]];
      const std::size_t row = row_of(i);
      drawn[draws] = static_cast<std::uint32_t>(i);
      draws += answer.is_drawn;
      without += answer.is_none;
      const std::int32_t list = answer.list;
      const std::int32_t source = answer.source;
      if (outcomes != nullptr) outcomes[row] = answer.outcome;
      if (lists != nullptr) lists[row] = list;
      if (sources != nullptr) sources[row] = source;
    }
    if (sources == nullptr) draws = 0;
    for (std::size_t k = 0; k < draws; ++k) {
      const std::size_t i = drawn[k];
      const row_answer& answer = kept[numbers[i]];
      const std::size_t row = row_of(i);
      sources[row] = draw(candidates_.data() + answer.candidates, filled_up(answer.count), bits_of(i), key_of(row));
    }
    counts.not_answered += without;
  }

  [[nodiscard]] std::int32_t* column(answer_part part) const noexcept { return out_->columns_[static_cast<std::size_t>(part)]; }

  std::optional<detail::two_step_ipv4> few_;  // for many rows only; first, as it is aligned
  answers* out_;
  const compiled_policy* policy_;
  std::vector<row_answer> kept_;  // by class, then family
  std::vector<candidate> candidates_;
  question question_;
  std::vector<bool> down_;
  std::optional<detail::halving_ipv6> few_ipv6_;
};

}  // namespace smplist::arrow
