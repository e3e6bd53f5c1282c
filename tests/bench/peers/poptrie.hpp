// SPDX-License-Identifier: MIT
// Poptrie after Asai and Ohara (2015): a direct table, then nodes of six bits; a node counts set bits to find its child or its
// leaf. The static best case: built once from intervals, nodes and leaves in order, no room for updates. The paper's 18 bits
// of direct table for IPv4, 16 for IPv6.
#pragma once

#include "../tables.hpp"

#include <smplist/detail/lanes.hpp>

#include <array>
#include <cstdint>
#include <vector>

namespace bench {

template <class Key>
class poptrie {
 public:
  static constexpr const char* name = "poptrie (ours, from the paper)";

  explicit poptrie(const table<Key>& t) : table_(&t), direct_(std::size_t{1} << direct_bits) {
    for (std::size_t i = 0; i < direct_.size(); ++i) {
      const u128 start = shifted_left(u128{0, i}, width<Key> - direct_bits);
      const u128 last = start | smplist::detail::low_mask(width<Key> - direct_bits);
      if (uniform(start, last)) {
        direct_[i] = leaf | t.value[at_];
        continue;
      }
      direct_[i] = static_cast<std::uint32_t>(nodes_.size());
      nodes_.emplace_back();
      fill(direct_[i], start, direct_bits);
    }
    table_ = nullptr;
    nodes_.shrink_to_fit();
    leaves_.shrink_to_fit();
  }
  [[nodiscard]] std::size_t bytes() const { return direct_.size() * 4 + nodes_.size() * sizeof(node) + leaves_.size() * 2; }

  [[nodiscard]] std::uint16_t find(Key x) const {
    const std::uint32_t word = direct_[direct_index(x)];
    if ((word & leaf) != 0) return static_cast<std::uint16_t>(word);
    return descend(word, x, direct_bits);
  }

  /// Groups of 32: the direct table, the first node, the rest; each pass asks for what the next one reads.
  void find_many(const Key* queries, std::size_t n, std::uint16_t* out) const {
    constexpr std::size_t group = 32;
    std::array<std::uint32_t, group> word;
    for (std::size_t from = 0; from < n; from += group) {
      const std::size_t count = std::min(group, n - from);
      for (std::size_t i = 0; i < count; ++i) {
        word[i] = direct_[direct_index(queries[from + i])];
        __builtin_prefetch(&nodes_[word[i] & ~leaf]);
      }
      for (std::size_t i = 0; i < count; ++i) {
        if ((word[i] & leaf) != 0) continue;
        const node& at = nodes_[word[i]];
        const unsigned slot = slot_of(queries[from + i], direct_bits);
        const bool inner = (at.children >> slot & 1U) != 0;
        __builtin_prefetch(inner ? static_cast<const void*>(child(at, slot)) : leaf_of(at, slot));
      }
      for (std::size_t i = 0; i < count; ++i) {
        const bool done = (word[i] & leaf) != 0;
        out[from + i] = done ? static_cast<std::uint16_t>(word[i]) : descend(word[i], queries[from + i], direct_bits);
      }
    }
  }

 private:
  struct node {
    std::uint64_t children = 0;     // a bit for each of 64 slots that has a node of its own
    std::uint64_t leaf_starts = 0;  // a bit where a run of equal leaves starts
    std::uint32_t first_leaf = 0;
    std::uint32_t first_child = 0;
  };
  static constexpr unsigned direct_bits = sizeof(Key) == 4 ? 18 : 16;
  static constexpr unsigned slot_bits = 6;
  static constexpr std::uint32_t leaf = 1U << 31U;

  [[nodiscard]] static u128 shifted_left(u128 x, unsigned by) {
    if (by == 0) return x;
    if (by >= 64) return {x.lo << (by - 64), 0};
    return {x.hi << by | x.lo >> (64 - by), x.lo << by};
  }
  [[nodiscard]] static std::size_t direct_index(Key x) {
    if constexpr (sizeof(Key) == 4) return x >> (32 - direct_bits);
    else return x.hi >> (64 - direct_bits);
  }
  /// Six bits behind the first `skipped`; zeros stand behind the end.
  [[nodiscard]] static unsigned slot_of(Key x, unsigned skipped) {
    if constexpr (sizeof(Key) == 4) {
      return static_cast<unsigned>(std::uint64_t{x} << 32U << skipped >> 58U);
    } else {
      if (skipped >= 64) return static_cast<unsigned>(x.lo << (skipped - 64) >> 58U);
      return static_cast<unsigned>((x.hi << skipped | (skipped == 0 ? 0 : x.lo >> (64 - skipped))) >> 58U);
    }
  }
  [[nodiscard]] static unsigned count_to(std::uint64_t bits, unsigned slot) {
    return smplist::detail::machine_popcount()(bits << (63U - slot));
  }
  [[nodiscard]] const node* child(const node& at, unsigned slot) const {
    return &nodes_[at.first_child + count_to(at.children, slot) - 1];
  }
  [[nodiscard]] const std::uint16_t* leaf_of(const node& at, unsigned slot) const {
    return &leaves_[at.first_leaf + count_to(at.leaf_starts, slot) - 1];
  }
  [[nodiscard]] std::uint16_t descend(std::uint32_t from, Key x, unsigned skipped) const {
    const node* at = &nodes_[from];
    unsigned slot = slot_of(x, skipped);
    while ((at->children >> slot & 1U) != 0) {
      at = child(*at, slot);
      skipped += slot_bits;
      slot = slot_of(x, skipped);
    }
    return *leaf_of(*at, slot);
  }

  /// Is `first` to `last` one interval? `at_` moves on to the interval that holds `first`; `first` never goes back.
  [[nodiscard]] bool uniform(u128 first, u128 last) {
    while (at_ + 1 < table_->first.size() && wide(table_->first[at_ + 1]) <= first) ++at_;
    return at_ + 1 == table_->first.size() || last < wide(table_->first[at_ + 1]);
  }

  void fill(std::size_t which, u128 start, unsigned skipped) {
    // the last node of a family has fewer bits left than six: its slots stand for them and are padded with zeros
    const unsigned host = skipped + slot_bits >= width<Key> ? 0 : width<Key> - skipped - slot_bits;
    const unsigned used = std::min(slot_bits, width<Key> - skipped);
    const std::size_t before = at_;
    node made;
    made.first_leaf = static_cast<std::uint32_t>(leaves_.size());
    made.first_child = static_cast<std::uint32_t>(nodes_.size());
    std::vector<u128> inner;
    bool first = true;
    for (unsigned i = 0; i < 1U << used; ++i) {
      const unsigned slot = i << (slot_bits - used);
      const u128 from = start | shifted_left(u128{0, i}, host);
      if (!uniform(from, from | smplist::detail::low_mask(host))) {
        made.children |= std::uint64_t{1} << slot;
        inner.push_back(from);
        continue;
      }
      if (!first && leaves_.back() == table_->value[at_]) continue;
      made.leaf_starts |= std::uint64_t{1} << slot;
      leaves_.push_back(table_->value[at_]);
      first = false;
    }
    nodes_.resize(nodes_.size() + inner.size());
    nodes_[which] = made;
    const std::size_t behind = at_;
    at_ = before;
    for (std::size_t i = 0; i < inner.size(); ++i) fill(made.first_child + i, inner[i], skipped + slot_bits);
    at_ = std::max(at_, behind);
  }

  const table<Key>* table_;
  std::vector<std::uint32_t> direct_;
  std::vector<node> nodes_;
  std::vector<std::uint16_t> leaves_;
  std::size_t at_ = 0;
};

}  // namespace bench
