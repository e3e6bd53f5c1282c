// SPDX-License-Identifier: MIT
// The flat indexes against a search over the same intervals: every shape of chunk, every end and its neighbours.
#include "support/catch.hpp"
#include "support/generate.hpp"

#include <smplist/detail/flatten.hpp>
#include <smplist/detail/index_check.hpp>
#include <smplist/detail/two_steps.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace {

using namespace smplist;
using namespace smplist::detail;

/// Bytes on a cache line, as compiled policies keep them.
class aligned_bytes {
 public:
  explicit aligned_bytes(const std::vector<std::byte>& bytes) : room_(bytes.size() + 64), size_(bytes.size()) {
    at_ = room_.data() + (64 - reinterpret_cast<std::uintptr_t>(room_.data()) % 64) % 64;
    std::copy(bytes.begin(), bytes.end(), at_);
  }
  [[nodiscard]] flat_part part() const noexcept { return {at_, size_}; }
  [[nodiscard]] std::byte* at() noexcept { return at_; }

 private:
  std::vector<std::byte> room_;
  std::byte* at_ = nullptr;
  std::size_t size_;
};

using ipv4_table = std::map<std::uint32_t, std::uint32_t>;

std::uint32_t expected(const ipv4_table& table, std::uint32_t x) { return std::prev(table.upper_bound(x))->second; }

/// Cells of a table: neighbours of one value are one cell.
std::vector<ipv4_cell> cells_of(const ipv4_table& table) {
  std::vector<ipv4_cell> cells;
  for (const auto& [first, value] : table) {
    if (cells.empty() || cells.back().value != value) cells.push_back({first, value});
  }
  return cells;
}

/// Every start, its neighbours, and some addresses at random; by single and by batch calls.
void check_table(const ipv4_table& table, std::uint32_t max_value, generate::dice& d) {
  const aligned_bytes bytes(ipv4_index_writer::write(cells_of(table), max_value));
  REQUIRE(ipv4_index_check::run(bytes.part(), max_value + 1));
  const ipv4_index index(bytes.part().at);
  std::vector<std::uint32_t> asked{0, 1, 0xFFFFFFFF, 0xFFFFFFFE};
  for (const auto& cell : table) {
    for (const std::uint32_t near : {cell.first - 1, cell.first, cell.first + 1}) asked.push_back(near);
  }
  for (int i = 0; i < 1000; ++i) asked.push_back(static_cast<std::uint32_t>(d.below(std::size_t{1} << 32U)));
  std::size_t wrong = 0;
  for (const std::uint32_t x : asked) wrong += index.find(x) != expected(table, x) ? 1U : 0U;
  std::size_t taken = 0;
  index.find_many(
      asked.size(), [&](std::size_t i) { return asked[i]; },
      [&](std::size_t i, std::uint32_t value) {
        wrong += value != expected(table, asked[i]) ? 1U : 0U;
        ++taken;
      });
  REQUIRE(taken == asked.size());
  const two_step_ipv4 few(index);
  REQUIRE(few.is_usable() == (cells_of(table).size() <= two_step_ipv4::room));
  if (few.is_usable()) {
    for (const std::uint32_t x : asked) wrong += few.find(x) != expected(table, x) ? 1U : 0U;
  }
  REQUIRE(wrong == 0);
}

/// `ranges` random intervals of which one in `inner` has ends inside a block of 256; with fewer than 32 `bits` they crowd into few
/// chunks.
ipv4_table random_table(generate::dice& d, std::size_t ranges, std::size_t inner, std::uint32_t max_value, unsigned bits) {
  ipv4_table table{{0, 0}};
  for (std::size_t i = 0; i < ranges; ++i) {
    auto first = static_cast<std::uint32_t>(d.below(std::size_t{1} << 32U));
    if (bits < 32) first = 0x0A000000U | (first & ((1U << bits) - 1));
    if (!d.one_in(inner)) first &= ~0xFFU;
    table[first] = static_cast<std::uint32_t>(d.below(std::size_t{max_value} + 1));
  }
  return table;
}

TEST_CASE("index: IPv4 tables of every shape answer like a search over their intervals", "[index]") {
  const std::uint64_t seed = generate::seed();
  INFO("seed " << seed);
  generate::dice d(seed);
  for (const std::uint32_t max_value : {1U, 127U, 128U, 32767U, 32768U, 1000000U}) {
    for (const std::size_t ranges : {0U, 1U, 7U, 100U, 255U, 256U, 3000U, 6000U, 60000U}) {
      for (const std::size_t inner : {1U, 3U, 20U, 1000000U}) {
        for (const unsigned bits : {32U, 22U, 18U}) check_table(random_table(d, ranges, inner, max_value, bits), max_value, d);
      }
    }
  }
}

TEST_CASE("index: all 65,536 subsets of 16 addresses at both ends of both families", "[index][exhaustive]") {
  for (const bool top : {false, true}) {
    std::size_t wrong = 0;
    for (std::uint32_t subset = 0; subset < 65536; ++subset) {
      std::vector<ipv4_cell> narrow{{0, top ? 0 : subset & 1U}};
      std::vector<ipv6_cell> wide{{{}, narrow.front().value}};
      const auto put = [&](std::uint32_t first, std::uint32_t value) {
        if (narrow.back().value == value) return;
        narrow.push_back({first, value});
        wide.push_back({top ? u128{~std::uint64_t{0}, 0xFFFFFFFF00000000U | first} : u128{0, first}, value});
      };
      for (std::uint32_t i = 0; i < 16; ++i) put(top ? 0xFFFFFFF0U + i : i, subset >> i & 1U);
      if (!top) put(16, 0);
      const aligned_bytes bytes(ipv4_index_writer::write(narrow, 1));
      const aligned_bytes wide_bytes(ipv6_index_writer::write(wide));
      const ipv4_index index(bytes.part().at);
      const ipv6_index wide_index(wide_bytes.part().at);
      for (std::uint32_t i = 0; i < 16; ++i) {
        const std::uint32_t x = top ? 0xFFFFFFF0U + i : i;
        const u128 y = top ? u128{~std::uint64_t{0}, 0xFFFFFFFF00000000U | x} : u128{0, x};
        wrong += index.find(x) != (subset >> i & 1U) ? 1U : 0U;
        wrong += wide_index.find(y) != (subset >> i & 1U) ? 1U : 0U;
      }
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("index: all 33 and 129 prefix lengths, alone and nested", "[index][exhaustive]") {
  const u128 base{0x20010DB8A5A5C3C3U, 0x0123456789ABCDEFU};
  std::vector<labelled_interval> nested;
  for (unsigned length = 0; length <= 128; ++length) {
    const u128 low = low_mask(128 - length);
    nested.push_back({base & ~low, (base & ~low) | low, length, 0});
  }
  std::size_t wrong = 0;
  const auto check = [&](const std::vector<labelled_interval>& ranges) {
    std::vector<ipv6_cell> cells;
    flatten(
        ranges, u128{}, u128_max,
        [&](std::size_t i) {
          return ranges.size() - i;  // the later the better
        },
        [](u128 last) {
          return last + u128{0, 1};
        },
        [&](u128 first, std::size_t i) {
          cells.push_back({first, i == ranges.size() ? 0 : ranges[i].group + 1});
        });
    const aligned_bytes bytes(ipv6_index_writer::write(cells));
    REQUIRE(check_ipv6_index(bytes.part(), 130));
    const ipv6_index index(bytes.part().at);
    const halving_ipv6 halved(index);
    REQUIRE(halved.is_usable() == (cells.size() <= halving_ipv6::room));
    for (const labelled_interval& r : ranges) {
      for (const u128 x : {r.first - u128{0, 1}, r.first, r.last, r.last + u128{0, 1}, base}) {
        std::uint32_t best = 0;
        for (const labelled_interval& other : ranges) {
          if (other.first <= x && x <= other.last) best = std::max(best, other.group + 1);
        }
        wrong += index.find(x) != best ? 1U : 0U;
        wrong += halved.find(x) != best ? 1U : 0U;
      }
    }
  };
  for (const labelled_interval& one : nested) check({one});
  auto ascending = nested;
  std::stable_sort(ascending.begin(), ascending.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  check(ascending);
  CHECK(wrong == 0);
  generate::dice d(33);
  for (unsigned length = 0; length <= 32; ++length) {
    const std::uint32_t low = length == 32 ? 0 : 0xFFFFFFFFU >> length;
    const std::uint32_t first = 0x0A5A5A5AU & ~low;
    ipv4_table table{{0, 0}};
    table[first] = 1;
    if ((first | low) != 0xFFFFFFFF) table[(first | low) + 1] = 0;
    check_table(table, 1, d);
  }
}

TEST_CASE("index: IPv6 tables of hosts, subnets and clusters answer like a search over their intervals", "[index]") {
  const std::uint64_t seed = generate::seed();
  INFO("seed " << seed);
  generate::dice d(seed);
  const auto word = [&] {
    return static_cast<std::uint64_t>(d.below(std::size_t{1} << 32U)) << 32U | d.below(std::size_t{1} << 32U);
  };
  std::size_t few = 0;
  for (const std::size_t ranges : {3U, 80U, 255U, 500U, 5000U, 40000U}) {
    for (int shape = 0; shape < 5; ++shape) {
      std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint32_t> table{{{0, 0}, 0}};
      for (std::size_t i = 0; i < ranges; ++i) {
        u128 x{word(), word()};
        if (shape == 1) x.lo = 0;
        if (shape == 2) x = {0x20010DB800000000U | (x.hi & 0xFFU), x.lo & 0xFFFU};
        if (shape == 3) x = {x.hi & 0xFFFF000000000000U, 0};
        if (shape == 4) x = {x.hi >> 3U | std::uint64_t{1} << 61U, 0}, x.hi &= ~std::uint64_t{0xFFFFU};
        table[{x.hi, x.lo}] = static_cast<std::uint32_t>(d.below(70000));
      }
      std::vector<ipv6_cell> cells;
      for (const auto& [at, value] : table) {
        if (cells.empty() || cells.back().value != value) cells.push_back({{at.first, at.second}, value});
      }
      const aligned_bytes bytes(ipv6_index_writer::write(cells));
      REQUIRE(check_ipv6_index(bytes.part(), 70000));
      const ipv6_index index(bytes.part().at);
      std::vector<u128> asked{{}, u128_max};
      for (const auto& row : table) {
        const u128 x{row.first.first, row.first.second};
        for (const u128 near : {x - u128{0, 1}, x, x + u128{0, 1}}) asked.push_back(near);
      }
      std::size_t wrong = 0;
      const auto right = [&](u128 x) { return std::prev(table.upper_bound({x.hi, x.lo}))->second; };
      for (const u128 x : asked) wrong += index.find(x) != right(x) ? 1U : 0U;
      const halving_ipv6 halved(index);
      // every upper half with bounds inside it takes one interval, and one behind it
      if (cells.size() <= halving_ipv6::room / 2) REQUIRE(halved.is_usable());
      if (ranges > 300 && shape != 2) REQUIRE(!halved.is_usable());
      if (halved.is_usable()) {
        ++few;
        for (const u128 x : asked) {
          for (const u128 y : {x, u128{x.hi + 1, 0}, u128{x.hi - 1, ~std::uint64_t{0}}})
            wrong += halved.find(y) != right(y) ? 1U : 0U;
        }
      }
      index.find_many(
          asked.size(), [&](std::size_t i) { return asked[i]; },
          [&](std::size_t i, std::uint32_t value) { wrong += value != right(asked[i]) ? 1U : 0U; });
      REQUIRE(wrong == 0);
    }
  }
  CHECK(few >= 10);
}

TEST_CASE("index: the popcount of every processor is that of the portable one", "[index]") {
  generate::dice d(1);
  for (int i = 0; i < 10000; ++i) {
    const std::uint64_t bits = static_cast<std::uint64_t>(d.below(~std::size_t{0})) >> d.below(64);
    unsigned slow = 0;
    for (std::uint64_t rest = bits; rest != 0; rest &= rest - 1) ++slow;
    REQUIRE(portable_popcount()(bits) == slow);
    if (has_popcount()) REQUIRE(machine_popcount()(bits) == slow);
  }
}

TEST_CASE("index: trees that a stranger tied together are not taken apart", "[index]") {
  // a chain of inner nodes of one child
  std::vector<std::byte> lines(64 * 62);
  const auto put = [&](std::size_t line, std::size_t word, std::uint32_t value) { store(&lines[64 * line + 4 * word], value); };
  for (std::size_t line = 0; line < 62; ++line) {
    for (std::size_t i = 0; i < inner_keys; ++i) put(line, i, no_tree_key);
    put(line, inner_keys, line == 0 ? 0 : make_word(word_kind::inner_node, line - 1));
  }
  put(0, wide_keys, 1);
  put(1, inner_keys, make_word(word_kind::wide_leaf, 0));
  std::size_t budget = 1000;
  std::size_t visits = 0;
  auto visit = [&](std::uint32_t, std::uint32_t) {
    ++visits;
    return true;
  };
  CHECK(each_answer(lines.data(), make_word(word_kind::inner_node, 61), 0, budget, visit));
  CHECK(visits == 1);
  budget = 61;
  CHECK_FALSE(each_answer(lines.data(), make_word(word_kind::inner_node, 61), 0, budget, visit));
}

TEST_CASE("flatten: of random intervals the lowest rank wins at every point", "[index]") {
  const std::uint64_t seed = generate::seed();
  INFO("seed " << seed);
  generate::dice d(seed);
  struct interval {
    std::uint32_t first, last, rank;
  };
  constexpr std::uint32_t highest = 255;
  std::size_t wrong = 0;
  for (int round = 0; round < 3000; ++round) {
    std::vector<interval> all;
    const std::size_t longest = std::size_t{1} << d.below(9);
    for (std::uint32_t n = static_cast<std::uint32_t>(d.below(40)); n > 0; --n) {
      const auto first = static_cast<std::uint32_t>(d.below(highest + 1));
      const auto last = std::min(highest, first + static_cast<std::uint32_t>(d.below(longest)));
      all.push_back({first, last, n * 7 % 41});  // no two alike, and no order
    }
    std::stable_sort(all.begin(), all.end(), [](const interval& a, const interval& b) { return a.first < b.first; });
    std::vector<std::pair<std::uint32_t, std::size_t>> found;
    flatten(
        all, 0U, highest, [&](std::size_t i) { return all[i].rank; }, [](std::uint32_t last) { return last + 1; },
        [&](std::uint32_t first, std::size_t i) { found.emplace_back(first, i); });
    std::vector<std::pair<std::uint32_t, std::size_t>> wanted;
    for (std::uint32_t at = 0; at <= highest; ++at) {
      std::size_t best = all.size();
      for (std::size_t i = 0; i < all.size(); ++i) {
        const bool holds = all[i].first <= at && at <= all[i].last;
        if (holds && (best == all.size() || all[i].rank < all[best].rank)) best = i;
      }
      if (wanted.empty() || wanted.back().second != best) wanted.emplace_back(at, best);
    }
    wrong += found == wanted ? 0U : 1U;
  }
  CHECK(wrong == 0);
}

}  // namespace
