// SPDX-License-Identifier: MIT
// Compiled look-ups against what is expected of them, in blocks that several threads share.
#pragma once

#include "witness.hpp"

#include <array>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace scale {

/// Runs `work(thread)` on each of `threads` threads, to the end.
template <class Work>
void on_threads(std::size_t threads, Work work) {
  std::vector<std::thread> all;
  for (std::size_t t = 0; t < threads; ++t) all.emplace_back(work, t);
  for (std::thread& t : all) t.join();
}

/// Counts differences and prints the first of them.
class differences {
 public:
  void add(const std::string& what) {
    if (count_++ >= printed) return;
    const std::lock_guard<std::mutex> alone(mutex_);
    std::fprintf(stderr, "DIFFERENCE %s\n", what.c_str());
  }
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

 private:
  static constexpr std::size_t printed = 10;
  std::atomic<std::size_t> count_{0};
  std::mutex mutex_;
};

/// A policy in both forms, the compiled one read back from its bytes.
struct both_forms {
  policy plain;
  compiled_policy fast;

  explicit both_forms(const policy& p) : plain(p), fast(reread(compile(p))) {}

  static compiled_policy reread(const compiled_policy& c) { return compiled_policy::from_bytes(c.data(), c.size()).value(); }

  /// What kinds of index the look-ups go through.
  [[nodiscard]] std::string form() const {
    const auto number = [&](detail::section s, std::size_t i) {
      return detail::load<std::uint32_t>(fast.tables().part(s).at + 4 * i);
    };
    const bool large = number(detail::section::index_ipv4, 0) == 18;
    const std::string v4 = large ? "u" + std::to_string(8 * number(detail::section::index_ipv4, 1)) : "small";
    return v4 + (number(detail::section::index_ipv6, 0) == 16 ? ", root" : ", small");
  }
};

/// The look-ups of one family of one policy.
class family_check {
 public:
  family_check(const both_forms& forms, const cells& wanted, std::uint64_t seed, differences& found)
      : forms_(&forms), wanted_(&wanted), seed_(seed), found_(&found) {
    for (std::size_t i = 0; i < forms.fast.classes(); ++i) records_.push_back(forms.fast.tables().class_record(i));
    for (const u128 end : wanted.ends()) end_records_.push_back(wanted.expected(wanted.cell_of(end)));
  }

  /// Every other address an end or its neighbour, in turn; the others anywhere in a random cell. At least `n`.
  [[nodiscard]] std::size_t run(std::size_t n, std::size_t threads) const {
    const std::size_t blocks = (n + block_size - 1) / block_size;
    on_threads(threads, [&](std::size_t t) {
      block b{};
      for (std::size_t number = t; number < blocks; number += threads) {
        fill(b, number);
        ask(b, number);
      }
    });
    return blocks * block_size;
  }

  /// The plain engine itself, uncut, and the compiled one's list of ranges: `n` addresses.
  void run_direct(std::size_t n, std::size_t threads) const {
    on_threads(threads, [&](std::size_t t) {
      dice d(detail::mix64(seed_ + t) + 1);
      for (std::size_t i = t; i < n; i += threads) {
        const std::size_t turn = i % 3;
        const u128 anywhere = any_bits(d);
        u128 bits = turn == 0                           ? d.one_of(wanted_->ends())
                    : turn == 1                         ? wanted_->inside(d.below(wanted_->size()), anywhere.lo)
                    : wanted_->family() == family::ipv4 ? address::from_ipv4(static_cast<std::uint32_t>(anywhere.lo)).bits()
                                                        : anywhere;
        if (address::from_bits(bits).family() == wanted_->family()) ask_directly(address::from_bits(bits));
      }
    });
  }

 private:
  static constexpr std::size_t block_size = 2046;  // not a multiple of the groups of a batch

  struct block {
    std::array<u128, block_size> asked;
    std::array<record, block_size> wanted;
  };

  void fill(block& b, std::size_t number) const {
    const std::vector<u128>& ends = wanted_->ends();
    std::uint64_t noise = detail::mix64(seed_ ^ detail::mix64(number + 1));
    std::size_t end = number * (block_size / 2) % ends.size();
    for (std::size_t i = 0; i < block_size; i += 2) {
      b.asked[i] = ends[end];
      b.wanted[i] = end_records_[end];
      if (++end == ends.size()) end = 0;
      noise += 0x9E3779B97F4A7C15U;
      const std::uint64_t chance = detail::mix64(noise);
      std::size_t cell = static_cast<std::size_t>((chance >> 32U) * wanted_->size() >> 32U);
      if (!wanted_->is_asked(cell)) cell = 0;
      b.asked[i + 1] = wanted_->inside(cell, detail::mix64(chance));
      b.wanted[i + 1] = wanted_->expected(cell);
    }
  }

  void ask(const block& b, std::size_t number) const {
    const compiled_policy& fast = forms_->fast;
    std::size_t taken = 0;
    const auto take = [&](std::size_t i, std::uint32_t found) {
      ++taken;
      compare(b.asked[i], b.wanted[i], found, "by batch");
    };
    for (std::size_t i = 0; i < block_size; ++i)
      compare(b.asked[i], b.wanted[i], fast.class_of(address::from_bits(b.asked[i])), "alone");
    if (wanted_->family() == family::ipv4)
      fast.each_class_ipv4(
          block_size, [&](std::size_t i) { return static_cast<std::uint32_t>(b.asked[i].lo); }, take);
    else
      fast.each_class_ipv6(
          block_size, [&](std::size_t i) { return b.asked[i]; }, take);
    if (taken != block_size)
      found_->add("block " + std::to_string(number) + ": a batch forgot some, seed " + std::to_string(seed_));
  }

  void compare(u128 asked, record wanted, std::uint32_t found_class, const char* how) const {
    if (found_class < records_.size() && records_[found_class] == wanted) return;
    const std::string found = found_class < records_.size() ? std::to_string(records_[found_class]) : "no class";
    tell(address::from_bits(asked), std::to_string(wanted), found + " " + how);
  }

  void ask_directly(address a) const {
    const overlap_rule rule = forms_->plain.content().on_overlap;
    const record wanted = plain_record(forms_->plain, a);
    compare(a.bits(), wanted, forms_->fast.class_of(a), "alone");
    if (wanted != wanted_->expected(wanted_->cell_of(a.bits()))) tell(a, std::to_string(wanted), "another in its cell");
    const detail::list_match plain = detail::match_lists(forms_->plain, rule, {a});
    const detail::list_match fast = detail::match_lists(forms_->fast.tables(), rule, {a});
    const bool same = plain.lists == fast.lists && plain.chosen.has_value() == fast.chosen.has_value();
    if (!same || (plain.chosen && plain.chosen->range() != fast.chosen->range()))
      tell(a, "the lists of the plain engine", "others");
  }

  void tell(address a, const std::string& wanted, const std::string& found) const {
    found_->add(a.to_text() + ": expected " + wanted + ", found " + found + ", seed " + std::to_string(seed_));
  }

  const both_forms* forms_;
  const cells* wanted_;
  std::uint64_t seed_;
  differences* found_;
  std::vector<record> records_;      // by class
  std::vector<record> end_records_;  // by end
};

}  // namespace scale
