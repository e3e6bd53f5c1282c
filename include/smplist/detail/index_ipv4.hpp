// SPDX-License-Identifier: MIT
/// \file detail/index_ipv4.hpp
/// Cellar. IPv4 addresses to small numbers: the whole family cut into intervals, in flat bytes.
///
/// A table of up to 4,000 intervals is a root over the first bits and a key tree per chunk. A larger one has a root of 2^18
/// chunks; a chunk is uniform, a bitmap over its 64 blocks of 256 addresses, a list of up to 15 or 31 bounds, or a key
/// tree.
#pragma once

#include <smplist/detail/key_tree.hpp>
#include <smplist/detail/u128.hpp>

#include <array>
#include <cstdint>
#include <vector>

namespace smplist::detail {

/// Where an index lies in its bytes, and what its numbers are like. Written to and read from the bytes' head.
struct ipv4_layout {
  std::uint32_t root_bits = 0;    // 18: chunks with records; fewer: a key tree each
  std::uint32_t value_bytes = 2;  // of a record: 1, 2 or 4
  std::uint32_t bases = 0;        // offsets from the head, in bytes
  std::uint32_t records = 0;
  std::uint32_t lines = 0;
  std::uint32_t end = 0;
};

inline constexpr std::size_t ipv4_head = 64;
inline constexpr unsigned chunk_bits = 14;
inline constexpr unsigned chunks_per_base = 64;
inline constexpr std::size_t record_unit = 4;
inline constexpr std::uint32_t max_record_offset = (1U << 13U) - 1;
inline constexpr std::size_t read_ahead = 64;  // what a vector load may read behind the last record
inline constexpr std::uint16_t list_end = 0x7FFF;

enum class chunk_kind : std::uint32_t { bitmap, list, tree, long_list };

/// From `first` on, the answer is `value`.
struct ipv4_cell {
  std::uint32_t first = 0;
  std::uint32_t value = 0;

  [[nodiscard]] static ipv4_cell at(u128 first, std::uint32_t value) noexcept {
    return {static_cast<std::uint32_t>(first.lo), value};
  }
};

/// The types of a large index whose records hold numbers of type `Value`: the highest bit of each is a mark.
template <class Value>
struct ipv4_form {
  using value = Value;
  using root = std::conditional_t<sizeof(Value) == 4, std::uint32_t, std::uint16_t>;
  static constexpr root uniform = static_cast<root>(root{1} << (8 * sizeof(root) - 1));
  static constexpr Value child = static_cast<Value>(Value{1} << (8 * sizeof(Value) - 1));
};

/// A view of the bytes that `ipv4_index_writer` writes. Trivially copyable; the bytes outlive it.
class ipv4_index {
 private:
  template <class Use>
  decltype(auto) by_value(Use use) const noexcept {
    switch (value_bytes_) {
      case 1: return use(ipv4_form<std::uint8_t>());
      case 2: return use(ipv4_form<std::uint16_t>());
      default: return use(ipv4_form<std::uint32_t>());
    }
  }

 public:
  ipv4_index() = default;
  explicit ipv4_index(const std::byte* head) noexcept
      : root_(head + ipv4_head),
        bases_(head + load<std::uint32_t>(head + 8)),
        records_(head + load<std::uint32_t>(head + 12)),
        lines_(head + load<std::uint32_t>(head + 16)),
        root_bits_(load<std::uint32_t>(head)),
        value_bytes_(load<std::uint32_t>(head + 4)) {}

  [[nodiscard]] std::uint32_t find(std::uint32_t x) const noexcept {
    if (root_bits_ != 18) return find_small(x);
    const auto with = [&](auto popcount) { return by_value([&](auto form) { return find_large<decltype(form)>(x, popcount); }); };
    return has_popcount() ? with(machine_popcount()) : with(portable_popcount());
  }

  /// Hands `take(i, value)` the answers of `n` addresses; `address_of(i)` gives them.
  template <class AddressOf, class Take>
  void find_many(std::size_t n, AddressOf address_of, Take take) const noexcept {
    if (root_bits_ != 18) {
      for (std::size_t i = 0; i < n; ++i) take(i, find_small(address_of(i)));
      return;
    }
    const auto with = [&](auto popcount) {
      by_value([&](auto form) { find_group<decltype(form)>(n, address_of, take, popcount); });
    };
    has_popcount() ? with(machine_popcount()) : with(portable_popcount());
  }

  /// Calls `visit(first, value)` for the intervals of a small index, ascending, until it returns false.
  /// \returns whether all were visited: the index is small, and `budget` words of it are enough, in the order of their starts
  template <class Visit>
  [[nodiscard]] bool each_small_interval(std::size_t budget, Visit visit) const {
    if (root_bits_ == 18) return false;
    std::uint64_t next = 0;  // where the next may start
    std::uint32_t last = 0;
    const auto visit_change = [&](std::uint32_t first, std::uint32_t value) {
      if (first < next) return false;
      const bool changed = next == 0 || value != last;
      next = std::uint64_t{first} + 1;
      last = value;
      return !changed || visit(first, value);
    };
    for (std::uint64_t chunk = 0; chunk < std::uint64_t{1} << root_bits_; ++chunk) {
      const auto start = static_cast<std::uint32_t>(chunk << (32U - root_bits_));
      if (!each_answer(lines_, load<std::uint32_t>(root_ + 4 * chunk), start, budget, visit_change)) return false;
    }
    return true;
  }

 private:
  [[nodiscard]] std::uint32_t find_small(std::uint32_t x) const noexcept {
    const std::size_t chunk = static_cast<std::size_t>(std::uint64_t{x} << root_bits_ >> 32U);
    return descend(lines_, load<std::uint32_t>(root_ + 4 * chunk), x);
  }

  template <class Form>
  [[nodiscard]] typename Form::root root_word(std::uint32_t x) const noexcept {
    return load<typename Form::root>(root_ + sizeof(typename Form::root) * (x >> chunk_bits));
  }
  [[nodiscard]] const std::byte* record(std::uint32_t x, std::uint32_t word) const noexcept {
    const auto base = load<std::uint32_t>(bases_ + std::size_t{4} * (x >> (chunk_bits + 6)));
    return records_ + record_unit * (std::size_t{base} + (word & max_record_offset));
  }

  template <class Form, class Popcount>
  [[nodiscard]] std::uint32_t find_large(std::uint32_t x, Popcount popcount) const noexcept {
    const auto word = root_word<Form>(x);
    if ((word & Form::uniform) != 0) return static_cast<std::uint32_t>(word ^ Form::uniform);
    return in_record<Form>(record(x, word), word, x, popcount);
  }

  template <class Form, class Popcount>
  [[nodiscard]] std::uint32_t in_record(const std::byte* at, std::uint32_t word, std::uint32_t x,
                                        Popcount popcount) const noexcept {
    using value = typename Form::value;
    const auto kind = static_cast<chunk_kind>(word >> 13U & 3U);
    if (kind == chunk_kind::bitmap) {
      const std::uint64_t starts = load<std::uint64_t>(at);
      const unsigned run = popcount(starts << (63U - (x >> 8U & 63U))) - 1;
      const auto found = load<value>(at + 8 + sizeof(value) * run);
      if ((found & Form::child) == 0) return found;
      // the offsets of the children stand before the bitmap, the first nearest
      const auto child = static_cast<std::size_t>(found ^ Form::child);
      return in_list<value, 16>(at + std::size_t{2} * load<std::uint16_t>(at - 2 * (child + 1)), x);
    }
    if (kind == chunk_kind::list) return in_list<value, 16>(at, x);
    if (kind == chunk_kind::long_list) return in_list<value, 32>(at, x);
    return descend(lines_, load<std::uint32_t>(at), x);
  }

  /// Keys ascend from `keys`, their answers descend before it.
  template <class Value, unsigned Room>
  [[nodiscard]] static std::uint32_t in_list(const std::byte* keys, std::uint32_t x) noexcept {
    const unsigned n = count_up_to<Room>(keys, static_cast<std::uint16_t>(x & ((1U << chunk_bits) - 1)));
    return load<Value>(keys - sizeof(Value) * (n + 1));
  }

  /// Groups of 32: one pass reads the root and asks for the records, the next reads them.
  template <class Form, class AddressOf, class Take, class Popcount>
  void find_group(std::size_t n, AddressOf address_of, Take take, Popcount popcount) const noexcept {
    constexpr std::size_t group = 32;
    std::array<const std::byte*, group> at;
    std::array<typename Form::root, group> word;
    for (std::size_t from = 0; from < n; from += group) {
      const std::size_t count = std::min(group, n - from);
      for (std::size_t i = 0; i < count; ++i) {
        const std::uint32_t x = address_of(from + i);
        word[i] = root_word<Form>(x);
        at[i] = record(x, word[i]);
        prefetch(at[i]);
      }
      for (std::size_t i = 0; i < count; ++i) {
        const bool uniform = (word[i] & Form::uniform) != 0;
        take(from + i, uniform ? static_cast<std::uint32_t>(word[i] ^ Form::uniform)
                               : in_record<Form>(at[i], word[i], address_of(from + i), popcount));
      }
    }
  }

  const std::byte* root_ = nullptr;
  const std::byte* bases_ = nullptr;
  const std::byte* records_ = nullptr;
  const std::byte* lines_ = nullptr;
  std::uint32_t root_bits_ = 0;
  std::uint32_t value_bytes_ = 2;
};

/// Makes the bytes of an `ipv4_index`.
class ipv4_index_writer {
 public:
  /// `cells` cut the whole family: they ascend from 0, and neighbours differ.
  [[nodiscard]] static std::vector<std::byte> write(const std::vector<ipv4_cell>& cells, std::uint32_t max_value) {
    return joined(pieces(cells, max_value));
  }
  [[nodiscard]] static byte_pieces pieces(const std::vector<ipv4_cell>& cells, std::uint32_t max_value) {
    ipv4_index_writer writer(cells);
    if (cells.size() <= 4000) return writer.write_small();
    if (max_value < 0x80) return writer.write_large<ipv4_form<std::uint8_t>>();
    if (max_value < 0x8000) return writer.write_large<ipv4_form<std::uint16_t>>();
    return writer.write_large<ipv4_form<std::uint32_t>>();
  }

 private:
  explicit ipv4_index_writer(const std::vector<ipv4_cell>& cells) : cells_(&cells) {}

  /// The cells of one chunk: those that start in it behind its first address, and what its first address has.
  struct chunk {
    std::vector<tree_cell> cells = {};  // at least one
    std::size_t inner = 0;              // bounds inside a block of 256
  };

  /// Calls `use(number, chunk)` for the 2^bits chunks.
  template <class Use>
  void each_chunk(unsigned bits, Use use) const {
    chunk c;
    std::size_t next = 0;
    std::uint32_t value = 0;
    for (std::uint64_t number = 0; number < std::uint64_t{1} << bits; ++number) {
      const std::uint64_t start = number << (32 - bits);
      const std::uint64_t behind = (number + 1) << (32 - bits);
      if (next < cells_->size() && (*cells_)[next].first == start) value = (*cells_)[next++].value;
      c.cells.assign(1, {static_cast<std::uint32_t>(start), value});
      c.inner = 0;
      for (; next < cells_->size() && (*cells_)[next].first < behind; ++next) {
        value = (*cells_)[next].value;
        c.cells.push_back({(*cells_)[next].first, value});
        if (((*cells_)[next].first & 0xFFU) != 0) ++c.inner;
      }
      use(static_cast<std::size_t>(number), c);
    }
  }

  [[nodiscard]] byte_pieces write_small() {
    unsigned bits = 0;
    for (std::size_t room = 6; room < cells_->size() && bits < 11; room *= 2) ++bits;
    byte_writer root;
    each_chunk(bits, [&](std::size_t, const chunk& c) { root.put(tree_.add(c.cells)); });
    return assemble({bits, 4}, std::move(root), {}, {});
  }

  template <class Form>
  [[nodiscard]] byte_pieces write_large() {
    byte_writer root;
    byte_writer bases;
    byte_writer records;
    records.reserve(64 + (sizeof(typename Form::value) + 2) * cells_->size());
    records.skip(64);  // so that no answer stands before the first
    root.reserve(sizeof(typename Form::root) << 18U);
    std::vector<chunk> group;
    each_chunk(18, [&](std::size_t number, const chunk& c) {
      group.push_back(c);
      if (number % chunks_per_base == chunks_per_base - 1) {
        write_group<Form>(group, root, bases, records);
        group.clear();
      }
    });
    return assemble({18, sizeof(typename Form::value)}, std::move(root), std::move(bases), std::move(records));
  }

  /// The chunks that share a base. If their records reach further than an offset can, the rest are trees.
  template <class Form>
  void write_group(const std::vector<chunk>& group, byte_writer& root, byte_writer& bases, byte_writer& records) {
    using root_word = typename Form::root;
    const std::size_t base = records.align(record_unit) / record_unit;
    bases.put(static_cast<std::uint32_t>(base));
    for (const chunk& c : group) {
      if (c.cells.size() == 1) {
        root.put(static_cast<root_word>(c.cells.front().word | Form::uniform));
        continue;
      }
      // 1 KiB is more than any record takes: the longest is a bitmap of 64 answers with eight lists
      const bool far = records.size() / record_unit - base > max_record_offset - 1024 / record_unit;
      chunk_kind kind = chunk_kind::tree;
      std::size_t at = 0;
      if (!far && fits_bitmap(c)) {
        kind = chunk_kind::bitmap;
        at = write_bitmap<Form>(c, records);
      } else if (!far && c.cells.size() <= 32) {
        kind = c.cells.size() <= 16 ? chunk_kind::list : chunk_kind::long_list;
        at = write_list<typename Form::value>(c.cells, 0, c.cells.size(), records, record_unit);
      } else {
        at = records.align(record_unit);
        records.put(tree_.add(c.cells));
      }
      root.put(static_cast<root_word>(static_cast<std::uint32_t>(kind) << 13U | (at / record_unit - base)));
    }
  }

  /// Few enough inner bounds that a look-up seldom meets a list behind the bitmap, and no block with too many.
  [[nodiscard]] static bool fits_bitmap(const chunk& c) {
    const std::size_t bounds = c.cells.size() - 1;
    if (c.inner == 0) return true;
    if (bounds <= 8 || c.inner * 8 > bounds) return false;
    for (std::size_t i = 1; i + 15 < c.cells.size(); ++i) {
      if (c.cells[i].first >> 8U == c.cells[i + 15].first >> 8U) return false;
    }
    return true;
  }

  /// Where the keys of cells `from + 1` to `to - 1` begin.
  template <class Value>
  [[nodiscard]] static std::size_t write_list(const std::vector<tree_cell>& cells, std::size_t from, std::size_t to,
                                              byte_writer& out, std::size_t alignment) {
    out.skip((to - from) * sizeof(Value));
    const std::size_t keys = out.align(alignment);
    for (std::size_t i = from; i < to; ++i)
      store(out.at(keys - sizeof(Value) * (i - from + 1)), static_cast<Value>(cells[i].word));
    for (std::size_t i = from + 1; i < to; ++i) out.put(static_cast<std::uint16_t>(cells[i].first & ((1U << chunk_bits) - 1)));
    out.put(list_end);
    return keys;
  }

  template <class Form>
  [[nodiscard]] static std::size_t write_bitmap(const chunk& c, byte_writer& out) {
    using value = typename Form::value;
    struct run {
      std::size_t from, to;  // cells: the one that answers its start, and those behind its inner bounds
    };
    std::uint64_t starts = 0;
    std::vector<run> runs;
    for (std::size_t block = 0, next = 0; block < 64; ++block) {
      const std::uint32_t start = c.cells.front().first + static_cast<std::uint32_t>(block << 8U);
      while (next + 1 < c.cells.size() && c.cells[next + 1].first <= start) ++next;
      std::size_t to = next + 1;
      while (to < c.cells.size() && c.cells[to].first <= start + 0xFFU) ++to;
      if (!runs.empty() && runs.back().from == next && runs.back().to == next + 1 && to == next + 1) continue;
      starts |= std::uint64_t{1} << block;
      runs.push_back({next, to});
    }
    std::size_t children = 0;
    for (const run& r : runs) children += r.to - r.from > 1 ? 1U : 0U;
    out.skip(2 * children);
    const std::size_t at = out.align(record_unit);
    out.put(starts);
    children = 0;
    for (const run& r : runs) {
      const bool parent = r.to - r.from > 1;
      out.put(static_cast<value>(parent ? Form::child | static_cast<value>(children++) : c.cells[r.from].word));
    }
    children = 0;
    for (const run& r : runs) {
      if (r.to - r.from == 1) continue;
      const std::size_t keys = write_list<value>(c.cells, r.from, r.to, out, 2);
      store(out.at(at - 2 * (++children)), static_cast<std::uint16_t>((keys - at) / 2));
    }
    return at;
  }

  [[nodiscard]] byte_pieces assemble(ipv4_layout layout, byte_writer root, byte_writer bases, byte_writer records) {
    byte_pieces out(1);
    std::size_t end = ipv4_head;
    const auto add = [&](byte_writer part, std::size_t behind) {
      const std::size_t at = end;
      part.skip(behind);
      end += part.align(line_size);
      out.push_back(std::move(part));
      return static_cast<std::uint32_t>(at);
    };
    add(std::move(root), 0);
    layout.bases = add(std::move(bases), 0);
    layout.records = add(std::move(records), read_ahead);
    layout.lines = add(std::move(tree_).take(), read_ahead);
    layout.end = static_cast<std::uint32_t>(end);
    for (const std::uint32_t number :
         {layout.root_bits, layout.value_bytes, layout.bases, layout.records, layout.lines, layout.end})
      out.front().put(number);
    out.front().align(ipv4_head);
    return out;
  }

  const std::vector<ipv4_cell>* cells_;
  key_tree_writer tree_;
};

}  // namespace smplist::detail
