// SPDX-License-Identifier: MIT
#include "dpdk.hpp"

#include "../tables.hpp"

#include <rte_eal.h>
#include <rte_fib.h>
#include <rte_fib6.h>
#include <rte_lpm.h>
#include <rte_memory.h>

#include <sched.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

// Without huge pages reserved for it, DPDK keeps its tables in a memory file, which gets none at all. Where there are no memory
// files it takes anonymous memory, and that may have transparent ones, as every other structure here.
extern "C" int memfd_create(const char*, unsigned) noexcept {
  errno = ENOSYS;
  return -1;
}

namespace bench {

namespace {

void start_dpdk() {
  static const bool started = [] {
    cpu_set_t before;
    sched_getaffinity(0, sizeof before, &before);
    std::vector<std::string> words{
        "bench", "--no-huge", "--no-pci",    "-m", "6144", "--no-telemetry", "--no-shconf", "--force-max-simd-bitwidth=512",
        "-l",    "0",         "--log-level", "1"};
    std::vector<char*> pointers;
    for (std::string& w : words) pointers.push_back(w.data());
    const bool good = rte_eal_init(static_cast<int>(pointers.size()), pointers.data()) >= 0;
    sched_setaffinity(0, sizeof before, &before);
    if (good) {
      rte_memseg_list_walk(
          [](const rte_memseg_list* list, void*) {
            if (list->len != 0) ::madvise(list->base_va, list->len, MADV_HUGEPAGE);
            return 0;
          },
          nullptr);
    }
    return good;
  }();
  if (!started) throw left_out("DPDK does not start");
}

/// Blocks of 2^(width - `level`) addresses that hold longer prefixes than `level`: each takes a table of 256.
[[nodiscard]] std::size_t blocks(const std::vector<bench_prefix>& prefixes, unsigned width, unsigned level) {
  std::vector<u128> found;
  for (const bench_prefix& p : prefixes) {
    if (p.length > level) found.push_back(u128{p.hi, p.lo} & ~smplist::detail::low_mask(width - level));
  }
  std::sort(found.begin(), found.end());
  return static_cast<std::size_t>(std::unique(found.begin(), found.end()) - found.begin());
}

[[nodiscard]] std::vector<bench_prefix> shortest_first(std::vector<bench_prefix> prefixes) {
  std::stable_sort(prefixes.begin(), prefixes.end(),
                   [](const bench_prefix& a, const bench_prefix& b) { return a.length < b.length; });
  return prefixes;
}

/// `rte_lpm_add` searches all rules of a length for each new one, minutes for a full table. The two tables are filled here, as it
/// would fill them; the look-ups are DPDK's.
class lpm {
 public:
  static constexpr const char* name = "DPDK rte_lpm (its tables filled by us)";

  explicit lpm(const table<std::uint32_t>& t) {
    start_dpdk();
    groups_ = blocks(t.prefixes, 32, 24);
    rte_lpm_config config{1, static_cast<std::uint32_t>(groups_ + 1), 0};
    lpm_.reset(rte_lpm_create("bench", SOCKET_ID_ANY, &config));
    if (!lpm_) throw left_out("rte_lpm_create: not enough memory");
    std::uint32_t next_group = 0;
    for (const bench_prefix& p : shortest_first(t.prefixes)) add(p, next_group);
  }
  [[nodiscard]] std::size_t bytes() const { return 4 * ((std::size_t{1} << 24U) + 256 * groups_); }
  [[nodiscard]] std::uint16_t find(std::uint32_t x) const {
    std::uint32_t found = 0;
    return rte_lpm_lookup(lpm_.get(), x, &found) == 0 ? static_cast<std::uint16_t>(found) : std::uint16_t{0};
  }
  void find_many(const std::uint32_t* queries, std::size_t n, std::uint16_t* out) const {
    constexpr std::size_t group = 64;
    std::array<std::uint32_t, group> found;
    for (std::size_t from = 0; from < n; from += group) {
      const std::size_t count = std::min(group, n - from);
      rte_lpm_lookup_bulk(lpm_.get(), queries + from, found.data(), static_cast<unsigned>(count));
      for (std::size_t i = 0; i < count; ++i) {
        const bool hit = (found[i] & RTE_LPM_LOOKUP_SUCCESS) != 0;
        out[from + i] = hit ? static_cast<std::uint16_t>(found[i]) : std::uint16_t{0};
      }
    }
  }

 private:
  struct free_lpm {
    void operator()(rte_lpm* l) const { rte_lpm_free(l); }
  };
  void add(const bench_prefix& p, std::uint32_t& next_group) {
    rte_lpm_tbl_entry entry{};
    entry.next_hop = p.value;
    entry.valid = 1;
    entry.depth = static_cast<std::uint8_t>(p.length) & 0x3FU;
    const auto first = static_cast<std::uint32_t>(p.lo);
    if (p.length <= 24) {
      std::fill_n(lpm_->tbl24 + (first >> 8U), std::size_t{1} << (24 - p.length), entry);
      return;
    }
    entry.valid_group = 1;
    rte_lpm_tbl_entry& above = lpm_->tbl24[first >> 8U];
    if (above.valid == 0 || above.valid_group == 0) {
      rte_lpm_tbl_entry outer = above;
      outer.valid_group = 1;
      std::fill_n(lpm_->tbl8 + std::size_t{256} * next_group, 256, outer);
      above.next_hop = next_group++;
      above.valid = 1;
      above.valid_group = 1;
    }
    std::fill_n(lpm_->tbl8 + std::size_t{256} * above.next_hop + (first & 0xFFU), std::size_t{1} << (32 - p.length), entry);
  }
  std::unique_ptr<rte_lpm, free_lpm> lpm_;
  std::size_t groups_ = 0;
};

constexpr std::size_t most_groups = std::size_t{1} << 18U;
constexpr std::size_t most_narrow_groups = 32767;  // more than that, and a next hop takes four bytes

class fib4 {
 public:
  static constexpr const char* name = "DPDK rte_fib";

  explicit fib4(const table<std::uint32_t>& t) {
    start_dpdk();
    groups_ = blocks(t.prefixes, 32, 24);
    narrow_ = groups_ + 1 < most_narrow_groups;
    rte_fib_conf config{};
    config.type = RTE_FIB_DIR24_8;
    config.max_routes = static_cast<int>(t.prefixes.size() + 16);
    config.dir24_8 = {narrow_ ? RTE_FIB_DIR24_8_2B : RTE_FIB_DIR24_8_4B, static_cast<std::uint32_t>(groups_ + 64)};
    fib_.reset(rte_fib_create("bench4", SOCKET_ID_ANY, &config));
    if (!fib_) throw left_out("rte_fib_create: not enough memory");
    for (const bench_prefix& p : t.prefixes) {
      if (rte_fib_add(fib_.get(), static_cast<std::uint32_t>(p.lo), static_cast<std::uint8_t>(p.length), p.value) != 0)
        throw left_out("rte_fib_add refuses a prefix");
    }
    rte_fib_select_lookup(fib_.get(), RTE_FIB_LOOKUP_DEFAULT);
  }
  [[nodiscard]] std::size_t bytes() const { return (narrow_ ? 2 : 4) * ((std::size_t{1} << 24U) + 256 * groups_); }
  [[nodiscard]] std::uint16_t find(std::uint32_t x) const {
    std::uint64_t found = 0;
    rte_fib_lookup_bulk(fib_.get(), &x, &found, 1);
    return static_cast<std::uint16_t>(found);
  }
  void find_many(const std::uint32_t* queries, std::size_t n, std::uint16_t* out) const {
    constexpr std::size_t group = 256;
    std::array<std::uint64_t, group> found;
    for (std::size_t from = 0; from < n; from += group) {
      const std::size_t count = std::min(group, n - from);
      // it asks for a pointer to what it only reads
      rte_fib_lookup_bulk(fib_.get(), const_cast<std::uint32_t*>(queries + from), found.data(), static_cast<int>(count));
      for (std::size_t i = 0; i < count; ++i) out[from + i] = static_cast<std::uint16_t>(found[i]);
    }
  }

 private:
  struct free_fib {
    void operator()(rte_fib* f) const { rte_fib_free(f); }
  };
  std::unique_ptr<rte_fib, free_fib> fib_;
  std::size_t groups_ = 0;
  bool narrow_ = true;
};

class fib6 {
 public:
  static constexpr const char* name = "DPDK rte_fib6";
  using text = std::array<std::uint8_t, RTE_FIB6_IPV6_ADDR_SIZE>;

  explicit fib6(const table<u128>& t) {
    start_dpdk();
    for (unsigned level = 24; level < 128; level += 8) groups_ += blocks(t.prefixes, 128, level);
    // it reserves more tables than it fills
    for (groups_ += 64; !build(t.prefixes); groups_ *= 2) {
      if (groups_ > most_groups) throw left_out("rte_fib6_add asks for over 1/2 GiB");
    }
  }
  [[nodiscard]] std::size_t bytes() const { return (narrow_ ? 2 : 4) * ((std::size_t{1} << 24U) + 256 * groups_); }
  [[nodiscard]] std::uint16_t find(u128 x) const {
    text at = in_order(x);
    std::uint64_t found = 0;
    rte_fib6_lookup_bulk(fib_.get(), reinterpret_cast<std::uint8_t(*)[RTE_FIB6_IPV6_ADDR_SIZE]>(at.data()), &found, 1);
    return static_cast<std::uint16_t>(found);
  }
  void find_many(const u128* queries, std::size_t n, std::uint16_t* out) const {
    constexpr std::size_t group = 256;
    std::array<text, group> at;
    std::array<std::uint64_t, group> found;
    for (std::size_t from = 0; from < n; from += group) {
      const std::size_t count = std::min(group, n - from);
      for (std::size_t i = 0; i < count; ++i) at[i] = in_order(queries[from + i]);
      rte_fib6_lookup_bulk(fib_.get(), reinterpret_cast<std::uint8_t(*)[RTE_FIB6_IPV6_ADDR_SIZE]>(at.data()), found.data(),
                           static_cast<int>(count));
      for (std::size_t i = 0; i < count; ++i) out[from + i] = static_cast<std::uint16_t>(found[i]);
    }
  }

 private:
  struct free_fib {
    void operator()(rte_fib6* f) const { rte_fib6_free(f); }
  };
  [[nodiscard]] bool build(const std::vector<bench_prefix>& prefixes) {
    narrow_ = groups_ < most_narrow_groups;
    fib_.reset();
    rte_fib6_conf config{};
    config.type = RTE_FIB6_TRIE;
    config.max_routes = static_cast<int>(prefixes.size() + 16);
    config.trie = {narrow_ ? RTE_FIB6_TRIE_2B : RTE_FIB6_TRIE_4B, static_cast<std::uint32_t>(groups_)};
    fib_.reset(rte_fib6_create("bench6", SOCKET_ID_ANY, &config));
    if (!fib_) throw left_out("rte_fib6_create: not enough memory");
    for (const bench_prefix& p : prefixes) {
      const text at = in_order({p.hi, p.lo});
      if (rte_fib6_add(fib_.get(), at.data(), static_cast<std::uint8_t>(p.length), p.value) != 0) return false;
    }
    rte_fib6_select_lookup(fib_.get(), RTE_FIB6_LOOKUP_DEFAULT);
    return true;
  }
  [[nodiscard]] static text in_order(u128 x) {
    const std::uint64_t words[] = {__builtin_bswap64(x.hi), __builtin_bswap64(x.lo)};
    text out;
    std::memcpy(out.data(), words, sizeof words);
    return out;
  }
  std::unique_ptr<rte_fib6, free_fib> fib_;
  std::size_t groups_ = 0;
  bool narrow_ = true;
};

}  // namespace

void add_dpdk(std::vector<candidate<std::uint32_t>>& to) {
  to.push_back(of<fib4, std::uint32_t>());
  to.push_back(of<lpm, std::uint32_t>());
}
void add_dpdk(std::vector<candidate<u128>>& to) { to.push_back(of<fib6, u128>()); }

}  // namespace bench
