// SPDX-License-Identifier: MIT
/// \file detail/index_ipv6.hpp
/// Cellar. IPv6 addresses to small numbers: the whole family cut into intervals, in flat bytes.
///
/// A root over the first 16 bits (a small table has none), pages over the next eight where a chunk is crowded, then key trees
/// over a window of 32 bits. Bounds that lie closer stand in tails of a few whole addresses, or in a tree over the next window.
#pragma once

#include <smplist/detail/key_tree.hpp>
#include <smplist/detail/u128.hpp>

#include <array>
#include <cstdint>
#include <vector>

namespace smplist::detail {

inline constexpr std::size_t ipv6_head = 64;
inline constexpr unsigned window_bits = 32;
inline constexpr std::size_t max_tail_bounds = 8;
inline constexpr std::size_t small_ipv6 = 1000;    // intervals; more get a root
inline constexpr std::size_t crowded_chunk = 200;  // cells; more get a page
inline constexpr std::size_t page_words = 256;

/// From `first` on, the answer is `value`.
struct ipv6_cell {
  u128 first;
  std::uint32_t value = 0;

  [[nodiscard]] static ipv6_cell at(u128 first, std::uint32_t value) noexcept { return {first, value}; }
};

/// The 32 bits of `x` behind the first `skipped`, zeros behind the end.
[[nodiscard]] constexpr std::uint32_t window_of(u128 x, unsigned skipped) noexcept {
  const std::uint64_t high = skipped < 64 ? x.hi : x.lo;
  const unsigned shift = skipped % 64;
  const std::uint64_t behind = skipped < 64 ? x.lo : 0;
  const std::uint64_t from = shift == 0 ? high : high << shift | behind >> (64 - shift);
  return static_cast<std::uint32_t>(from >> 32U);
}

/// A view of the bytes that `ipv6_index_writer` writes. Trivially copyable; the bytes outlive it.
class ipv6_index {
 public:
  ipv6_index() = default;
  explicit ipv6_index(const std::byte* head) noexcept
      : root_(head + ipv6_head),
        pages_(head + load<std::uint32_t>(head + 4)),
        lines_(head + load<std::uint32_t>(head + 8)),
        tails_(head + load<std::uint32_t>(head + 12)),
        skipped_(load<std::uint32_t>(head)) {}

  [[nodiscard]] std::uint32_t find(u128 x) const noexcept {
    const std::uint32_t window = window_of(x, skipped_);
    std::uint32_t word = root_word(x);
    if (kind_of(word) == word_kind::page) word = page_word(word, window);
    word = descend(lines_, word, window);
    return kind_of(word) == word_kind::value ? word : find_closer(word, x);
  }

  /// Hands `take(i, value)` the answers of `n` addresses, in any order; `address_of(i)` gives them.
  ///
  /// Groups go down the trees level by level. Which way an address goes is not predictable, so no branch asks: it is put behind
  /// each of three queues and counted in one.
  template <class AddressOf, class Take>
  void find_many(std::size_t n, AddressOf address_of, Take take) const noexcept {
    if (skipped_ == 0) find_groups<0>(n, address_of, take);
    else find_groups<16>(n, address_of, take);
  }

  /// Calls `visit(first, value)` for the intervals of a small index, ascending, until it returns false.
  /// \returns whether all were visited: the index is small, and `budget` words of it are enough, in the order of their starts
  template <class Visit>
  [[nodiscard]] bool each_small_interval(std::size_t budget, Visit visit) const {
    if (skipped_ != 0) return false;
    bool begun = false;
    ipv6_cell last;
    const auto visit_change = [&](u128 first, std::uint32_t value) {
      if (begun && first < last.first) return false;
      const bool changed = !begun || value != last.value;
      begun = true;
      last = {first, value};
      return !changed || visit(first, value);
    };
    return each_of_window(load<std::uint32_t>(root_), {}, 0, budget, visit_change);
  }

 private:
  /// Addresses on their way down.
  struct lanes {
    static constexpr std::size_t room = 64;
    struct queue {
      std::array<std::uint8_t, room + 1> lane;  // one more: what is counted nowhere is written, too
      std::size_t size = 0;
    };
    std::array<std::uint32_t, room> words;
    std::array<std::uint32_t, room> windows;
    queue inner;
    queue narrow;
    queue other;
    queue closer;  // behind the window
  };

  [[nodiscard]] const std::byte* line_of(std::uint32_t word) const noexcept { return lines_ + line_size * which_of(word); }
  [[nodiscard]] const std::byte* tail_of(std::uint32_t word) const noexcept { return tails_ + std::size_t{4} * which_of(word); }

  template <unsigned Skipped, class AddressOf, class Take>
  void find_groups(std::size_t n, AddressOf address_of, Take take) const noexcept {
    lanes group;
    for (std::size_t from = 0; from < n; from += lanes::room) {
      const std::size_t count = std::min(lanes::room, n - from);
      for (std::size_t i = 0; i < count; ++i) {
        const u128 x = address_of(from + i);
        group.words[i] = load<std::uint32_t>(root_ + (Skipped == 0 ? 0 : 4 * (x.hi >> 48U)));
        group.windows[i] = window_of(x, Skipped);
      }
      enter(group, count);
      for (unsigned skipped = Skipped + window_bits; find_window(group, from, take); skipped += window_bits)
        enter_closer(group, from, skipped, address_of, take);
    }
  }

  /// Down the trees of a window. Says whether any address has to go on behind it.
  template <class Take>
  [[nodiscard]] bool find_window(lanes& group, std::size_t from, Take take) const noexcept {
    while (group.inner.size != 0) step(group);
    for (std::size_t k = 0; k < group.narrow.size; ++k) {
      const std::size_t i = group.narrow.lane[k];
      take(from + i, step_narrow(line_of(group.words[i]), group.windows[i]));
    }
    std::size_t closer = 0;
    for (std::size_t k = 0; k < group.other.size; ++k) {
      const std::size_t i = group.other.lane[k];
      const std::uint32_t word = descend(lines_, group.words[i], group.windows[i]);
      if (kind_of(word) == word_kind::value) {
        take(from + i, word);
        continue;
      }
      group.words[i] = word;
      group.closer.lane[closer++] = static_cast<std::uint8_t>(i);
      prefetch(tail_of(word));
      prefetch(tail_of(word) + line_size);
    }
    group.closer.size = closer;
    return closer != 0;
  }

  /// Answers those that stand at tails, and puts the others into the queues of the next window.
  template <class AddressOf, class Take>
  void enter_closer(lanes& group, std::size_t from, unsigned skipped, AddressOf address_of, Take take) const noexcept {
    filled to;
    for (std::size_t k = 0; k < group.closer.size; ++k) {
      const std::uint8_t i = group.closer.lane[k];
      const std::byte* const tail = tail_of(group.words[i]);
      const u128 x = address_of(from + i);
      if (kind_of(group.words[i]) == word_kind::tail) {
        take(from + i, find_in_tail(tail, x));
        continue;
      }
      group.windows[i] = window_of(x, skipped);
      put(group, i, load<std::uint32_t>(tail), to);
    }
    close(group, to);
  }

  /// How far the queues are filled, while they are.
  struct filled {
    std::size_t inner = 0;
    std::size_t narrow = 0;
    std::size_t other = 0;
  };

  /// Sends an address to `word`: behind each of the queues, and counted in one.
  void put(lanes& group, std::uint8_t i, std::uint32_t word, filled& to) const noexcept {
    group.words[i] = word;
    prefetch(line_of(word));
    group.inner.lane[to.inner] = group.narrow.lane[to.narrow] = group.other.lane[to.other] = i;
    const std::uint32_t kind = word >> 29U;
    to.inner += 2U >> kind & 1U;
    to.narrow += 4U >> kind & 1U;
    to.other += 0xF9U >> kind & 1U;
  }
  static void close(lanes& group, const filled& to) noexcept {
    group.inner.size = to.inner;
    group.narrow.size = to.narrow;
    group.other.size = to.other;
  }

  /// Past the root and the pages, into the queues.
  void enter(lanes& group, std::size_t count) const noexcept {
    filled to;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint32_t word = group.words[i];
      put(group, static_cast<std::uint8_t>(i), kind_of(word) == word_kind::page ? page_word(word, group.windows[i]) : word, to);
    }
    close(group, to);
  }

  /// One level down for all that stand at inner nodes.
  void step(lanes& group) const noexcept {
    filled to{0, group.narrow.size, group.other.size};
    for (std::size_t k = 0; k < group.inner.size; ++k) {
      const std::uint8_t i = group.inner.lane[k];
      put(group, i, step_inner(line_of(group.words[i]), group.windows[i]), to);
    }
    close(group, to);
  }

  [[nodiscard]] std::uint32_t root_word(u128 x) const noexcept {
    return load<std::uint32_t>(root_ + (skipped_ == 0 ? 0 : 4 * (x.hi >> 48U)));
  }
  [[nodiscard]] std::uint32_t page_word(std::uint32_t word, std::uint32_t window) const noexcept {
    return load<std::uint32_t>(pages_ + 4 * (page_words * which_of(word) + (window >> 24U)));
  }

  /// What lies behind a window: a tail, or the next window.
  [[nodiscard]] std::uint32_t find_closer(std::uint32_t word, u128 x) const noexcept {
    for (unsigned skipped = skipped_ + window_bits; kind_of(word) != word_kind::value; skipped += window_bits) {
      if (kind_of(word) == word_kind::tail) return find_in_tail(tail_of(word), x);
      word = descend(lines_, load<std::uint32_t>(tail_of(word)), window_of(x, skipped));
    }
    return word;
  }

  /// All that lies behind the tree of a window that begins at `start`. [see each_small_interval]
  template <class Visit>
  [[nodiscard]] bool each_of_window(std::uint32_t tree, u128 start, unsigned skipped, std::size_t& budget, Visit& visit) const {
    const auto visit_word = [&](std::uint32_t window, std::uint32_t word) {
      const std::uint64_t high = std::uint64_t{window} << (skipped % 64 == 0 ? 32U : 0U);
      const u128 first = start | (skipped < 64 ? u128{high, 0} : u128{0, high});
      if (kind_of(word) == word_kind::value) return visit(first, word);
      const std::byte* const tail = tail_of(word);
      if (kind_of(word) == word_kind::tail) return each_of_tail(tail, first, budget, visit);
      return kind_of(word) == word_kind::next_window && skipped < 128 - window_bits &&
             each_of_window(load<std::uint32_t>(tail), first, skipped + window_bits, budget, visit);
    };
    return each_answer(lines_, tree, 0, budget, visit_word);
  }
  template <class Visit>
  [[nodiscard]] static bool each_of_tail(const std::byte* tail, u128 start, std::size_t& budget, Visit& visit) {
    const std::size_t bounds = load<std::uint32_t>(tail);
    if (bounds > max_tail_bounds || budget < bounds) return false;
    budget -= bounds;
    const std::byte* bound = tail + 4 * (bounds + 2);
    if (!visit(start, load<std::uint32_t>(tail + 4))) return false;
    for (std::size_t i = 1; i <= bounds; ++i, bound += 16) {
      const u128 from{load<std::uint64_t>(bound), load<std::uint64_t>(bound + 8)};
      if (!visit(from, load<std::uint32_t>(tail + 4 * (1 + i)))) return false;
    }
    return true;
  }

  /// A number of bounds, the answers (one more), the bounds.
  [[nodiscard]] static std::uint32_t find_in_tail(const std::byte* tail, u128 x) noexcept {
    const std::size_t bounds = load<std::uint32_t>(tail);
    const std::byte* const first = tail + 4 * (bounds + 2);
    std::size_t passed = 0;
    for (std::size_t i = 0; i < bounds; ++i)
      passed += u128{load<std::uint64_t>(first + 16 * i), load<std::uint64_t>(first + 16 * i + 8)} <= x ? 1U : 0U;
    return load<std::uint32_t>(tail + 4 * (1 + passed));
  }

  const std::byte* root_ = nullptr;
  const std::byte* pages_ = nullptr;
  const std::byte* lines_ = nullptr;
  const std::byte* tails_ = nullptr;
  unsigned skipped_ = 0;
};

/// Makes the bytes of an `ipv6_index`.
class ipv6_index_writer {
 public:
  /// `cells` cut the whole family: they ascend from 0, and neighbours differ.
  [[nodiscard]] static std::vector<std::byte> write(const std::vector<ipv6_cell>& cells) { return joined(pieces(cells)); }
  [[nodiscard]] static byte_pieces pieces(const std::vector<ipv6_cell>& cells) {
    ipv6_index_writer writer(cells);
    writer.tree_.reserve(16 * cells.size());  // more than most tables take; what is not written costs nothing
    byte_writer root;
    if (cells.size() <= small_ipv6) root.put(writer.add_window(0, cells.size(), 0));
    else writer.write_root(root);
    return writer.assemble(std::move(root), cells.size() <= small_ipv6 ? 0 : 16);
  }

 private:
  explicit ipv6_index_writer(const std::vector<ipv6_cell>& cells) : cells_(&cells) {}

  [[nodiscard]] const ipv6_cell& cell(std::size_t i) const noexcept { return (*cells_)[i]; }

  /// The first cell from `from` on that starts at `bound` or behind it. It is near: so steps grow from there.
  [[nodiscard]] std::size_t first_from(std::size_t from, u128 bound) const {
    std::size_t step = 1;
    while (from + step <= cells_->size() && cell(from + step - 1).first < bound) {
      from += step;
      step *= 2;
    }
    const auto at = [&](std::size_t i) { return cells_->begin() + static_cast<std::ptrdiff_t>(i); };
    const auto found = std::lower_bound(at(from), at(std::min(from + step, cells_->size())), bound,
                                        [](const ipv6_cell& c, u128 b) { return c.first < b; });
    return static_cast<std::size_t>(found - cells_->begin());
  }
  /// The cell that holds `at`, `next` being the first that starts at `at` or behind it.
  [[nodiscard]] std::size_t holder(std::size_t next, u128 at) const noexcept {
    return next < cells_->size() && cell(next).first == at ? next : next - 1;
  }

  void write_root(byte_writer& root) {
    std::size_t from = 0;
    for (std::uint64_t chunk = 0; chunk < 1U << 16U; ++chunk) {
      const u128 start{chunk << 48U, 0};
      const std::size_t to = chunk + 1 == 1U << 16U ? cells_->size() : first_from(from, u128{(chunk + 1) << 48U, 0});
      const std::size_t begin = holder(from, start);
      root.put(to - from > crowded_chunk ? add_page(begin, to, chunk) : add_window(begin, to, 16));
      from = to;
    }
  }

  [[nodiscard]] std::uint32_t add_page(std::size_t begin, std::size_t end, std::uint64_t chunk) {
    std::array<std::uint32_t, page_words> words{};
    std::size_t from = begin;
    for (std::uint64_t part = 0; part < page_words; ++part) {
      const u128 start{chunk << 48U | part << 40U, 0};
      while (from < end && cell(from).first < start) ++from;
      std::size_t to = from;
      while (to < end && (part == page_words - 1 || cell(to).first < u128{chunk << 48U | (part + 1) << 40U, 0})) ++to;
      words[part] = add_window(from < end && cell(from).first == start ? from : from - 1, to, 16);
      from = to;
    }
    const std::size_t which = pages_.size() / (4 * page_words);
    for (const std::uint32_t word : words) pages_.put(word);
    return make_word(word_kind::page, which);
  }

  /// The word for cells `begin` to `end - 1`, which from the second on agree in the first `skipped` bits.
  [[nodiscard]] std::uint32_t add_window(std::size_t begin, std::size_t end, unsigned skipped) {
    if (end - begin == 1) return cell(begin).value;
    const std::size_t bottom = level_.size();
    level_.push_back({0, cell(begin).value});
    for (std::size_t from = begin + 1; from < end;) {
      const std::uint32_t window = window_of(cell(from).first, skipped);
      std::size_t to = from;
      while (to < end && window_of(cell(to).first, skipped) == window) ++to;
      const bool aligned = to - from == 1 && starts_window(cell(from).first, skipped);
      const std::uint32_t word = aligned ? cell(from).value : add_closer(from - 1, to, skipped + window_bits);
      put_cell({window, word});
      if (!aligned && window != ~std::uint32_t{0}) put_cell({window + 1, cell(to - 1).value});
      from = to;
    }
    const std::uint32_t word = tree_.add(level_.data() + bottom, level_.size() - bottom);
    level_.resize(bottom);
    return word;
  }

  void put_cell(tree_cell next) {
    if (level_.back().first == next.first) level_.back() = next;
    else level_.push_back(next);
  }

  /// Are all bits behind the window zero?
  [[nodiscard]] static bool starts_window(u128 first, unsigned skipped) noexcept {
    return skipped + window_bits >= 128 || (first & low_mask(128 - skipped - window_bits)) == u128{};
  }

  [[nodiscard]] std::uint32_t add_closer(std::size_t begin, std::size_t end, unsigned skipped) {
    const std::size_t bounds = end - begin - 1;
    if (bounds > max_tail_bounds) {
      const std::uint32_t word = add_window(begin, end, skipped);
      tails_.put(word);
      return make_word(word_kind::next_window, tails_.size() / 4 - 1);
    }
    const std::size_t at = tails_.size() / 4;
    tails_.put(static_cast<std::uint32_t>(bounds));
    for (std::size_t i = begin; i < end; ++i) tails_.put(cell(i).value);
    for (std::size_t i = begin + 1; i < end; ++i) {
      tails_.put(cell(i).first.hi);
      tails_.put(cell(i).first.lo);
    }
    return make_word(word_kind::tail, at);
  }

  [[nodiscard]] byte_pieces assemble(byte_writer root, std::uint32_t skipped) {
    byte_pieces out(1);
    std::size_t end = ipv6_head;
    std::array<std::uint32_t, 5> head{skipped};
    std::size_t next = 1;
    byte_writer lines = std::move(tree_).take();
    for (byte_writer* part : {&root, &pages_, &lines, &tails_}) {
      end += part->align(line_size);
      out.push_back(std::move(*part));
      head[next++] = static_cast<std::uint32_t>(end);
    }
    for (const std::uint32_t number : head) out.front().put(number);
    out.front().align(ipv6_head);
    return out;
  }

  const std::vector<ipv6_cell>* cells_;
  byte_writer pages_;
  byte_writer tails_;
  key_tree_writer tree_;
  std::vector<tree_cell> level_;  // of all windows that are being written, the innermost last
};

}  // namespace smplist::detail
