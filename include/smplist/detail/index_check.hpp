// SPDX-License-Identifier: MIT
/// \file detail/index_check.hpp
/// Cellar. Is every number of an index from a stranger safe to follow? Then no look-up reads out of bounds or runs for ever.
#pragma once

#include <smplist/detail/index_ipv4.hpp>
#include <smplist/detail/index_ipv6.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace smplist::detail {

/// Walks the trees of an index: every line once, children before parents, words behind 128 bits never.
class tree_check {
 public:
  tree_check(flat_part lines, flat_part tails, std::size_t values)
      : lines_(lines), tails_(tails), values_(values), known_(lines.size / line_size) {}

  /// May a look-up whose first `compared` bits are spent follow `word`?
  [[nodiscard]] bool follow(std::uint32_t word, unsigned compared) {
    pending_.assign(1, {word, compared});
    while (!pending_.empty()) {
      const step next = pending_.back();
      pending_.pop_back();
      if (!visit(next)) return false;
    }
    return true;
  }

 private:
  struct step {
    std::uint32_t word;
    unsigned compared;
  };

  [[nodiscard]] bool visit(step s) {
    switch (kind_of(s.word)) {
      case word_kind::value: return which_of(s.word) < values_;
      case word_kind::inner_node:
      case word_kind::narrow_leaf:
      case word_kind::wide_leaf: return visit_line(s);
      case word_kind::tail: return visit_tail(which_of(s.word));
      case word_kind::next_window: return visit_window(s);
      case word_kind::page: break;
    }
    return false;
  }

  [[nodiscard]] bool visit_line(step s) {
    const std::size_t which = which_of(s.word);
    if (which >= known_.size()) return false;
    // a line is one kind of node, at one depth: each is looked into once
    const auto mark = static_cast<std::uint8_t>(1 + static_cast<unsigned>(kind_of(s.word)) + 8 * (s.compared / window_bits));
    if (known_[which] == mark) return true;
    if (known_[which] != 0) return false;
    known_[which] = mark;
    const std::byte* const line = lines_.at + line_size * which;
    if (kind_of(s.word) == word_kind::narrow_leaf) {
      bool fine = true;
      for (std::size_t i = 0; i <= narrow_keys; ++i) fine = fine && load<std::uint16_t>(line + 4 * narrow_keys + 2 * i) < values_;
      return fine;
    }
    if (kind_of(s.word) == word_kind::wide_leaf) {
      for (std::size_t i = 0; i <= wide_keys; ++i)
        pending_.push_back({load<std::uint32_t>(line + 4 * (wide_keys + i)), s.compared});
      return no_nodes(wide_keys + 1);
    }
    const auto child = load<std::uint32_t>(line + 4 * inner_keys);
    if (kind_of(child) > word_kind::wide_leaf || kind_of(child) == word_kind::value) return false;
    std::size_t children = 1;
    while (children <= inner_keys && load<std::uint32_t>(line + 4 * (children - 1)) != no_tree_key) ++children;
    // a sum over all keys, as some processors take it, must not count further
    for (std::size_t i = children; i <= inner_keys; ++i) {
      if (load<std::uint32_t>(line + 4 * (i - 1)) != no_tree_key) return false;
    }
    if (which_of(child) + children > which) return false;
    for (std::size_t i = 0; i < children; ++i) pending_.push_back({child + static_cast<std::uint32_t>(i), s.compared});
    return true;
  }

  /// The words of a leaf end the descent: none is a node.
  [[nodiscard]] bool no_nodes(std::size_t count) const {
    for (std::size_t i = pending_.size() - count; i < pending_.size(); ++i) {
      const word_kind kind = kind_of(pending_[i].word);
      if (kind != word_kind::value && kind != word_kind::tail && kind != word_kind::next_window) return false;
    }
    return true;
  }

  [[nodiscard]] bool visit_tail(std::size_t which) const {
    if (which >= tails_.size / 4) return false;
    const std::byte* const tail = tails_.at + 4 * which;
    const std::size_t bounds = load<std::uint32_t>(tail);
    if (bounds > max_tail_bounds || 4 * which + 4 * (bounds + 2) + 16 * bounds > tails_.size) return false;
    bool fine = true;
    for (std::size_t i = 0; i <= bounds; ++i) fine = fine && load<std::uint32_t>(tail + 4 * (1 + i)) < values_;
    return fine;
  }

  [[nodiscard]] bool visit_window(step s) {
    if (which_of(s.word) >= tails_.size / 4 || s.compared >= 128) return false;
    const auto word = load<std::uint32_t>(tails_.at + 4 * std::size_t{which_of(s.word)});
    const word_kind kind = kind_of(word);
    // a window holds a tree: two words in a row could be shared without end
    if (kind != word_kind::inner_node && kind != word_kind::narrow_leaf && kind != word_kind::wide_leaf) return false;
    pending_.push_back({word, s.compared + window_bits});
    return true;
  }

  flat_part lines_;
  flat_part tails_;
  std::size_t values_;
  std::vector<std::uint8_t> known_;
  std::vector<step> pending_;
};

/// The bytes from offset `from` to `to` of `whole`, if that is a part of it that starts on a line.
[[nodiscard]] inline bool cut_part(flat_part whole, std::size_t from, std::size_t to, flat_part& out) noexcept {
  if (from > to || to > whole.size || from % line_size != 0) return false;
  out = {whole.at + from, to - from};
  return true;
}

/// Checks the bytes of an `ipv4_index` with answers below `values`.
class ipv4_index_check {
 public:
  [[nodiscard]] static bool run(flat_part index, std::size_t values) {
    if (index.size < ipv4_head) return false;
    const auto number = [&](std::size_t i) { return std::size_t{load<std::uint32_t>(index.at + 4 * i)}; };
    flat_part root;
    flat_part bases;
    flat_part records;
    flat_part lines;
    if (!cut_part(index, ipv4_head, number(2), root) || !cut_part(index, number(2), number(3), bases) ||
        !cut_part(index, number(3), number(4), records) || !cut_part(index, number(4), number(5), lines) ||
        lines.size < read_ahead)
      return false;
    // what vector loads may read behind the last line is no line
    tree_check trees({lines.at, lines.size - read_ahead}, {}, values);
    if (number(0) <= 11) {
      const std::size_t words = std::size_t{1} << number(0);
      if (root.size < 4 * words) return false;
      for (std::size_t i = 0; i < words; ++i) {
        if (!trees.follow(load<std::uint32_t>(root.at + 4 * i), window_bits)) return false;
      }
      return true;
    }
    if (number(0) != 18) return false;
    ipv4_index_check check(root, bases, records, values, trees);
    switch (number(1)) {
      case 1: return check.run_large<ipv4_form<std::uint8_t>>();
      case 2: return check.run_large<ipv4_form<std::uint16_t>>();
      case 4: return check.run_large<ipv4_form<std::uint32_t>>();
      default: return false;
    }
  }

 private:
  ipv4_index_check(flat_part root, flat_part bases, flat_part records, std::size_t values, tree_check& trees)
      : root_(root), bases_(bases), records_(records), values_(values), trees_(&trees) {}

  template <class Form>
  [[nodiscard]] bool run_large() {
    using root_word = typename Form::root;
    if (root_.size < sizeof(root_word) << 18U || bases_.size < 4U << 12U || records_.size < 2 * read_ahead) return false;
    for (std::size_t i = 0; i < std::size_t{1} << 18U; ++i) {
      const auto word = load<root_word>(root_.at + sizeof(root_word) * i);
      if ((word & Form::uniform) != 0) {
        if (static_cast<std::uint32_t>(word ^ Form::uniform) >= values_) return false;
        continue;
      }
      const std::size_t base = load<std::uint32_t>(bases_.at + 4 * (i / chunks_per_base));
      if (!check_record<Form>(record_unit * (base + (word & max_record_offset)), word)) return false;
    }
    return true;
  }

  /// Every record ends `read_ahead` before the records do.
  [[nodiscard]] bool holds(std::size_t from, std::size_t size) const noexcept {
    return from + size + read_ahead <= records_.size;
  }

  template <class Form>
  [[nodiscard]] bool check_record(std::size_t at, std::uint32_t word) {
    using value = typename Form::value;
    switch (static_cast<chunk_kind>(word >> 13U & 3U)) {
      case chunk_kind::list: return check_list<value>(at, 16);
      case chunk_kind::long_list: return check_list<value>(at, 32);
      case chunk_kind::tree: return holds(at, 4) && trees_->follow(load<std::uint32_t>(records_.at + at), window_bits);
      case chunk_kind::bitmap: break;
      default: return false;
    }
    if (!holds(at, 8)) return false;
    const auto starts = load<std::uint64_t>(records_.at + at);
    const std::size_t runs = portable_popcount()(starts);
    if ((starts & 1U) == 0 || !holds(at, 8 + runs * sizeof(value))) return false;
    for (std::size_t i = 0; i < runs; ++i) {
      const auto found = load<value>(records_.at + at + 8 + sizeof(value) * i);
      if ((found & Form::child) == 0) {
        if (found >= values_) return false;
        continue;
      }
      const std::size_t before = 2 * (static_cast<std::size_t>(found ^ Form::child) + 1);
      if (before > at || !check_list<value>(at + std::size_t{2} * load<std::uint16_t>(records_.at + at - before), 16))
        return false;
    }
    return true;
  }

  template <class Value>
  [[nodiscard]] bool check_list(std::size_t keys, std::size_t room) const noexcept {
    if (!holds(keys, 2)) return false;
    std::size_t n = 0;
    for (std::uint16_t last = 0; n < room; ++n) {
      const auto key = load<std::uint16_t>(records_.at + keys + 2 * n);
      if (key == list_end) break;
      if (key >= 1U << chunk_bits || key < last) return false;
      last = key;
    }
    if (n == room || keys < sizeof(Value) * (n + 1)) return false;
    for (std::size_t i = 0; i <= n; ++i) {
      if (load<Value>(records_.at + keys - sizeof(Value) * (i + 1)) >= values_) return false;
    }
    return true;
  }

  flat_part root_;
  flat_part bases_;
  flat_part records_;
  std::size_t values_;
  tree_check* trees_;
};

/// Checks the bytes of an `ipv6_index` with answers below `values`.
[[nodiscard]] inline bool check_ipv6_index(flat_part index, std::size_t values) {
  if (index.size < ipv6_head) return false;
  const auto number = [&](std::size_t i) { return std::size_t{load<std::uint32_t>(index.at + 4 * i)}; };
  flat_part root;
  flat_part pages;
  flat_part lines;
  flat_part tails;
  if (!cut_part(index, ipv6_head, number(1), root) || !cut_part(index, number(1), number(2), pages) ||
      !cut_part(index, number(2), number(3), lines) || !cut_part(index, number(3), number(4), tails))
    return false;
  if (number(0) != 0 && number(0) != 16) return false;
  const unsigned compared = static_cast<unsigned>(number(0)) + window_bits;
  const std::size_t words = number(0) == 0 ? 1 : std::size_t{1} << 16U;
  if (root.size < 4 * words) return false;
  tree_check trees(lines, tails, values);
  for (std::size_t i = 0; i < words; ++i) {
    const auto word = load<std::uint32_t>(root.at + 4 * i);
    if (kind_of(word) == word_kind::page ? which_of(word) >= pages.size / (4 * page_words) : !trees.follow(word, compared))
      return false;
  }
  for (std::size_t i = 0; i < pages.size / 4; ++i) {
    if (!trees.follow(load<std::uint32_t>(pages.at + 4 * i), compared)) return false;
  }
  return true;
}

}  // namespace smplist::detail
