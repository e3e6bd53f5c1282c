// SPDX-License-Identifier: MIT
// The limit of the product's layouts: the loads of its look-ups alone, their addresses known beforehand. Nothing is computed, so
// nothing can be mispredicted. Walks of the two layouts find the addresses; a walk that ends at another answer than the look-up
// shows that the layout has changed since, and the replay is left out.
//
// Latency: the loads that wait for each other, one after the other, from query to query. A load whose address follows from the
// query alone (the base of an IPv4 record) runs beside them and is not counted. Single and batch: every cache line of a query
// once, all of them independent.
#pragma once

#include "smplist.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace bench {

/// The loads of a run of queries, as offsets from the head of an index.
class loads {
 public:
  explicit loads(const std::byte* head) : head_(head) {}

  void begin() { seen_ = lines_.size(); }
  /// A load that waits for the one before.
  void waiting(const std::byte* at, std::size_t size) {
    chain_.push_back(offset(at));
    beside(at, size);
  }
  /// A load that waits for none.
  void beside(const std::byte* at, std::size_t size) {
    for (std::uint32_t line = offset(at) / 64; line <= offset(at + size - 1) / 64; ++line) {
      const auto from = lines_.begin() + static_cast<std::ptrdiff_t>(seen_);
      if (std::find(from, lines_.end(), line * 64) == lines_.end()) lines_.push_back(line * 64);
    }
  }

  [[nodiscard]] std::uint64_t latency() const {
    volatile std::uint32_t hidden = 0;
    const std::uint32_t zero = hidden;
    std::uint64_t sum = 0;
    std::uint32_t last = 0;
    for (const std::uint32_t at : chain_) sum += last = std::to_integer<std::uint32_t>(head_[at ^ (last & zero)]);
    return sum;
  }
  [[nodiscard]] std::uint64_t independent() const {
    std::uint64_t sum = 0;
    for (const std::uint32_t at : lines_) sum += std::to_integer<std::uint32_t>(head_[at]);
    return sum;
  }

 private:
  [[nodiscard]] std::uint32_t offset(const std::byte* at) const { return static_cast<std::uint32_t>(at - head_); }

  const std::byte* head_;
  std::vector<std::uint32_t> chain_;
  std::vector<std::uint32_t> lines_;
  std::size_t seen_ = 0;
};

namespace walk {

using namespace smplist::detail;

/// As `descend`.
[[nodiscard]] inline std::uint32_t tree(const std::byte* lines, std::uint32_t word, std::uint32_t x, loads& found) {
  for (;;) {
    const std::byte* const line = lines + line_size * which_of(word);
    switch (kind_of(word)) {
      case word_kind::inner_node:
        found.waiting(line, line_size);
        word = step_inner(line, x);
        break;
      case word_kind::narrow_leaf:
      case word_kind::wide_leaf: {
        const bool narrow = kind_of(word) == word_kind::narrow_leaf;
        found.waiting(line, line_size);
        found.waiting(line + 4 * (narrow ? narrow_keys : wide_keys), 4);  // where exactly makes no difference
        return narrow ? step_narrow(line, x) : step_wide(line, x);
      }
      default: return word;
    }
  }
}

/// As `ipv4_index::in_list`, for answers of two bytes.
[[nodiscard]] inline std::uint32_t list(const std::byte* keys, std::uint32_t x, loads& found) {
  const unsigned n = count_up_to<32>(keys, static_cast<std::uint16_t>(x & ((1U << chunk_bits) - 1)));
  found.waiting(keys, 2 * (std::size_t{n} + 1));
  const std::byte* const answer = keys - 2 * (std::size_t{n} + 1);
  found.waiting(answer, 2);
  return load<std::uint16_t>(answer);
}

[[nodiscard]] inline std::uint32_t bitmap(const std::byte* at, std::uint32_t x, loads& found) {
  using form = ipv4_form<std::uint16_t>;
  found.waiting(at, 8);
  const unsigned run = portable_popcount()(load<std::uint64_t>(at) << (63U - (x >> 8U & 63U))) - 1;
  const std::byte* const answer = at + 8 + std::size_t{2} * run;
  found.waiting(answer, 2);
  const auto word = load<std::uint16_t>(answer);
  if ((word & form::child) == 0) return word;
  const std::byte* const child = at - std::size_t{2} * (std::size_t{word} - form::child + 1);
  found.waiting(child, 2);
  return list(at + std::size_t{2} * load<std::uint16_t>(child), x, found);
}

/// As `ipv4_index::find`.
[[nodiscard]] inline std::uint32_t ipv4(const std::byte* head, std::uint32_t x, loads& found) {
  using form = ipv4_form<std::uint16_t>;
  const std::byte* const root = head + ipv4_head;
  const std::byte* const lines = head + load<std::uint32_t>(head + 16);
  const auto root_bits = load<std::uint32_t>(head);
  if (root_bits != 18) {
    const std::byte* const at = root + 4 * static_cast<std::size_t>(std::uint64_t{x} << root_bits >> 32U);
    found.waiting(at, 4);
    return tree(lines, load<std::uint32_t>(at), x, found);
  }
  if (load<std::uint32_t>(head + 4) != 2) return ~std::uint32_t{0};  // no table of the bench has other answers
  const std::byte* const at = root + std::size_t{2} * (x >> chunk_bits);
  found.waiting(at, 2);
  const std::uint32_t word = load<std::uint16_t>(at);
  if ((word & form::uniform) != 0) return word ^ form::uniform;
  const std::byte* const base = head + load<std::uint32_t>(head + 8) + std::size_t{4} * (x >> (chunk_bits + 6));
  found.beside(base, 4);
  const std::byte* const record =
      head + load<std::uint32_t>(head + 12) + record_unit * (std::size_t{load<std::uint32_t>(base)} + (word & max_record_offset));
  switch (static_cast<chunk_kind>(word >> 13U & 3U)) {
    case chunk_kind::bitmap: return bitmap(record, x, found);
    case chunk_kind::list:
    case chunk_kind::long_list: return list(record, x, found);
    default: break;
  }
  found.waiting(record, 4);
  return tree(lines, load<std::uint32_t>(record), x, found);
}

/// As `ipv6_index::find_in_tail`.
[[nodiscard]] inline std::uint32_t tail(const std::byte* at, u128 x, loads& found) {
  const std::size_t bounds = load<std::uint32_t>(at);
  const std::byte* const first = at + 4 * (bounds + 2);
  std::size_t passed = 0;
  for (std::size_t i = 0; i < bounds; ++i)
    passed += u128{load<std::uint64_t>(first + 16 * i), load<std::uint64_t>(first + 16 * i + 8)} <= x ? 1U : 0U;
  found.waiting(at, 4);
  found.waiting(first, 16 * bounds);
  found.waiting(at + 4 * (1 + passed), 4);
  return load<std::uint32_t>(at + 4 * (1 + passed));
}

/// As `ipv6_index::find`.
[[nodiscard]] inline std::uint32_t ipv6(const std::byte* head, u128 x, loads& found) {
  const auto part = [&](std::size_t at) { return head + load<std::uint32_t>(head + at); };
  unsigned skipped = load<std::uint32_t>(head);
  const std::byte* at = head + ipv6_head + (skipped == 0 ? 0 : 4 * (x.hi >> 48U));
  found.waiting(at, 4);
  auto word = load<std::uint32_t>(at);
  if (kind_of(word) == word_kind::page) {
    at = part(4) + 4 * (page_words * which_of(word) + (window_of(x, skipped) >> 24U));
    found.waiting(at, 4);
    word = load<std::uint32_t>(at);
  }
  for (;; skipped += window_bits) {
    word = tree(part(8), word, window_of(x, skipped), found);
    if (kind_of(word) == word_kind::value) return word;
    at = part(12) + 4 * std::size_t{which_of(word)};
    if (kind_of(word) == word_kind::tail) return tail(at, x, found);
    found.waiting(at, 4);
    word = load<std::uint32_t>(at);
  }
}

[[nodiscard]] inline std::uint32_t find(const std::byte* head, std::uint32_t x, loads& found) { return ipv4(head, x, found); }
[[nodiscard]] inline std::uint32_t find(const std::byte* head, u128 x, loads& found) { return ipv6(head, x, found); }

}  // namespace walk

/// `Index` is `smplist_ipv4` or `smplist_ipv6`.
template <class Index, class Key>
[[nodiscard]] candidate<Key> replay_of() {
  const char* const name = "replay of our own loads";
  return {name,
          [name](const table<Key>& t) {
            const auto index = std::make_shared<const Index>(t);
            const auto found = std::make_shared<loads>(index->head());
            peer<Key> out;
            out.name = name;
            out.bytes = index->bytes();
            out.learn = [index, found](const Key* queries, std::size_t n) {
              *found = loads(index->head());
              for (std::size_t i = 0; i < n; ++i) {
                found->begin();
                if (walk::find(index->head(), queries[i], *found) != index->find(queries[i])) return false;
              }
              return true;
            };
            out.latency = [index, found](const Key*, std::size_t) { return found->latency(); };
            out.single = [index, found](const Key*, std::size_t, std::uint16_t*) {
              volatile std::uint64_t sink = found->independent();
              static_cast<void>(sink);
            };
            out.batch = out.single;
            return out;
          },
          true};
}

}  // namespace bench
