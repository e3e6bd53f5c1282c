// SPDX-License-Identifier: MIT
/// \file detail/key_tree.hpp
/// Cellar. A static B-tree over 32-bit keys, one cache line a node, in flat bytes.
#pragma once

#include <smplist/detail/lanes.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace smplist::detail {

/// What a 32-bit word of an index leads to: three bits say what, 29 which.
enum class word_kind : std::uint32_t {
  value,        // the answer
  inner_node,   // a line: 15 keys, then the word of the first child; children are neighbours
  narrow_leaf,  // a line: 10 keys, 11 answers of 16 bits
  wide_leaf,    // a line: 7 keys, 8 words
  page,         // 256 words, chosen by the first eight bits that the tree compares
  tail,         // a few bounds of 128 bits, and the answers between them
  next_window,  // the word of a tree over the next 32 bits
};

[[nodiscard]] constexpr std::uint32_t make_word(word_kind kind, std::size_t which) noexcept {
  return static_cast<std::uint32_t>(kind) << 29U | static_cast<std::uint32_t>(which);
}
[[nodiscard]] constexpr word_kind kind_of(std::uint32_t word) noexcept { return static_cast<word_kind>(word >> 29U); }
[[nodiscard]] constexpr std::uint32_t which_of(std::uint32_t word) noexcept { return word & 0x1FFFFFFFU; }

inline constexpr std::size_t line_size = 64;
inline constexpr std::size_t inner_keys = 15;
inline constexpr std::size_t narrow_keys = 10;
inline constexpr std::size_t wide_keys = 7;
inline constexpr std::uint32_t max_narrow_value = 0xFFFF;

inline constexpr std::uint32_t no_tree_key = 0x7FFFFFFF;  // no address is behind it: it ends the keys of a line

/// A start less one with the highest bit turned: signed comparison finds the starts up to an address, and the greatest key none.
[[nodiscard]] constexpr std::uint32_t tree_key(std::uint32_t first) noexcept { return (first - 1) ^ 0x80000000U; }
[[nodiscard]] constexpr std::uint32_t start_of_key(std::uint32_t key) noexcept { return (key ^ 0x80000000U) + 1; }

/// From `first` on, the answer is `word`.
struct tree_cell {
  std::uint32_t first = 0;
  std::uint32_t word = 0;
};

/// Writes trees into lines.
class key_tree_writer {
 public:
  [[nodiscard]] std::size_t lines() const noexcept { return out_.size() / line_size; }
  [[nodiscard]] byte_writer take() && noexcept { return std::move(out_); }

  void reserve(std::size_t bytes) { out_.reserve(bytes); }

  /// The word that leads to the `n` cells at `cells`, which ascend and are not none; the first answers everything below the
  /// second.
  [[nodiscard]] std::uint32_t add(const tree_cell* cells, std::size_t n) {
    if (n == 1) return cells->word;
    const bool narrow = std::all_of(cells, cells + n, [](const tree_cell& c) { return c.word <= max_narrow_value; });
    level_.clear();
    narrow ? add_leaves<narrow_keys>(cells, n) : add_leaves<wide_keys>(cells, n);
    while (level_.size() > 1) add_inner();
    return level_.front().word;
  }
  [[nodiscard]] std::uint32_t add(const std::vector<tree_cell>& cells) { return add(cells.data(), cells.size()); }

 private:
  std::byte* add_line(std::size_t keys) {
    std::byte* const line = out_.at(out_.skip(line_size));
    for (std::size_t i = 0; i < keys; ++i) store(line + 4 * i, no_tree_key);
    return line;
  }

  template <std::size_t Keys>
  void add_leaves(const tree_cell* cells, std::size_t n) {
    constexpr bool narrow = Keys == narrow_keys;
    for (std::size_t from = 0; from < n; from += Keys + 1) {
      level_.push_back({cells[from].first, make_word(narrow ? word_kind::narrow_leaf : word_kind::wide_leaf, lines())});
      std::byte* const line = add_line(Keys);
      for (std::size_t i = 0; i <= Keys && from + i < n; ++i) {
        if (i > 0) store(line + 4 * (i - 1), tree_key(cells[from + i].first));
        if constexpr (narrow) store(line + 4 * Keys + 2 * i, static_cast<std::uint16_t>(cells[from + i].word));
        else store(line + 4 * Keys + 4 * i, cells[from + i].word);
      }
    }
  }

  /// Nodes over the level take its place.
  void add_inner() {
    std::size_t nodes = 0;
    for (std::size_t from = 0; from < level_.size(); from += inner_keys + 1) {
      const tree_cell node{level_[from].first, make_word(word_kind::inner_node, lines())};
      std::byte* const line = add_line(inner_keys);
      for (std::size_t i = 1; i <= inner_keys && from + i < level_.size(); ++i)
        store(line + 4 * (i - 1), tree_key(level_[from + i].first));
      store(line + 4 * inner_keys, level_[from].word);
      level_[nodes++] = node;
    }
    level_.resize(nodes);
  }

  byte_writer out_;
  std::vector<tree_cell> level_;  // of the tree that is being added: kept for its room
};

/// The word behind an inner node for `x`.
[[nodiscard]] inline std::uint32_t step_inner(const std::byte* line, std::uint32_t x) noexcept {
  return load<std::uint32_t>(line + 4 * inner_keys) + count_below<16, inner_keys>(line, x);
}
/// The answer of a narrow leaf for `x`.
[[nodiscard]] inline std::uint32_t step_narrow(const std::byte* line, std::uint32_t x) noexcept {
  return load<std::uint16_t>(line + 4 * narrow_keys + std::size_t{2} * count_below<12, narrow_keys>(line, x));
}
/// The word in a wide leaf for `x`.
[[nodiscard]] inline std::uint32_t step_wide(const std::byte* line, std::uint32_t x) noexcept {
  return load<std::uint32_t>(line + 4 * wide_keys + std::size_t{4} * count_below<8, wide_keys>(line, x));
}

/// Descends from `word` to an answer, or to the first word of another kind than a node.
[[nodiscard]] inline std::uint32_t descend(const std::byte* lines, std::uint32_t word, std::uint32_t x) noexcept {
  for (;;) {
    const std::byte* const line = lines + line_size * which_of(word);
    switch (kind_of(word)) {
      case word_kind::inner_node: word = step_inner(line, x); break;
      case word_kind::narrow_leaf: return step_narrow(line, x);
      case word_kind::wide_leaf: return step_wide(line, x);
      default: return word;
    }
  }
}

/// Calls `visit(first, answer)` for what lies behind `word`, which begins at `first`, until it returns false or more words than
/// `budget` were followed: a stranger's tree may share its lines, and be deep.
/// \returns whether all was visited
template <class Visit>
[[nodiscard]] bool each_answer(const std::byte* lines, std::uint32_t word, std::uint32_t first, std::size_t& budget,
                               Visit& visit) {
  if (budget-- == 0) return false;
  const std::byte* const line = lines + line_size * which_of(word);
  const auto each = [&](std::size_t keys, auto visit_place) {
    for (std::size_t i = 0; i <= keys; ++i) {
      const std::uint32_t key = i == 0 ? tree_key(first) : load<std::uint32_t>(line + 4 * (i - 1));
      if (i != 0 && key == no_tree_key) return true;
      if (!visit_place(i, start_of_key(key))) return false;
    }
    return true;
  };
  switch (kind_of(word)) {
    case word_kind::inner_node: {
      const auto child = load<std::uint32_t>(line + 4 * inner_keys);
      return each(inner_keys, [&](std::size_t i, std::uint32_t from) {
        return each_answer(lines, child + static_cast<std::uint32_t>(i), from, budget, visit);
      });
    }
    case word_kind::narrow_leaf:
      return each(narrow_keys, [&](std::size_t i, std::uint32_t from) {
        return visit(from, std::uint32_t{load<std::uint16_t>(line + 4 * narrow_keys + 2 * i)});
      });
    case word_kind::wide_leaf:
      return each(wide_keys, [&](std::size_t i, std::uint32_t from) {
        return visit(from, load<std::uint32_t>(line + 4 * wide_keys + 4 * i));
      });
    default: return visit(first, word);
  }
}

}  // namespace smplist::detail
