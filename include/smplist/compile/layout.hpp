// SPDX-License-Identifier: MIT
/// \file compile/layout.hpp
/// Floor 7. Where everything stands in a compiled policy: docs/reference/smpc.md in code.
#pragma once

#include <smplist/detail/bytes.hpp>
#include <smplist/evaluate.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace smplist::detail {

/// The parts of a compiled policy, in the order of their bytes.
enum class section : std::uint32_t {
  text,
  settings,
  gateways,
  servers,
  sources,
  lists,
  list_sources,
  statuses,
  chains,
  firsts,
  candidates,
  classes,
  ranges_ipv4,
  ranges_ipv6,
  cuts_ipv4,
  cuts_ipv6,
  index_ipv4,
  index_ipv6,
};
inline constexpr std::size_t section_count = 18;

// the head: magic, version, order mark, size, checksum of all behind it, then offset and size of each section
inline constexpr std::array<unsigned char, 8> smpc_magic = {0x89, 'S', 'M', 'P', 'C', '\r', '\n', 0x1A};
inline constexpr std::uint32_t smpc_version = 2;
inline constexpr std::uint32_t smpc_order_mark = 0x01020304;
inline constexpr std::size_t smpc_checked_from = 32;
inline constexpr std::size_t smpc_head = smpc_checked_from + 16 * section_count;
inline constexpr std::size_t section_alignment = 64;

// sizes of the records of a section
inline constexpr std::size_t settings_size = 48;
inline constexpr std::size_t gateway_size = 32;      // address, mac, has a mac
inline constexpr std::size_t server_size = 32;       // address or name, port, which of the two
inline constexpr std::size_t source_size = 56;       // name; for each service: identity, url, hash of the identity
inline constexpr std::size_t list_size = 32;         // name, proxy, order, first range, first source, number of sources
inline constexpr std::size_t chain_stage_size = 12;  // list, stage, statuses
inline constexpr std::size_t max_stages = 3;
inline constexpr std::size_t chain_size = 4 + max_stages * chain_stage_size;
inline constexpr std::size_t stacks = 4;  // none, IPv4, IPv6, both: the bits of a family_set
inline constexpr std::size_t combinations = 2 * stacks;
inline constexpr std::size_t first_size = 12;     // source, outcome and mark, candidates
inline constexpr std::size_t candidate_unit = 8;  // a record: number, hashes of identities, then the sources

inline constexpr std::uint32_t no_source = 0xFFFFFFFF;
inline constexpr std::uint32_t first_is_random = 0x100;

/// What becomes of a source of a stage, for a service and a stack: one byte.
enum class hop_code : std::uint8_t { ipv4, ipv6, ipv4_ipv4, ipv6_ipv6, ipv4_ipv6, ipv6_ipv4 };
inline constexpr std::uint8_t status_attempt = 0x80;
inline constexpr std::uint8_t status_unknown = 0x40;  // the note `family_unknown`
inline constexpr std::uint8_t status_code = 0x07;     // a hop_code, or a reason counted from service_not_offered

[[nodiscard]] constexpr reason ignored_reason(std::uint8_t status) noexcept {
  return static_cast<reason>(static_cast<unsigned>(reason::service_not_offered) + (status & status_code));
}

/// Families of the hops of an attempt; one or two.
struct hop_families {
  std::array<family, 2> value{};
  std::size_t count = 0;
};
[[nodiscard]] constexpr hop_families hops_of(std::uint8_t status) noexcept {
  constexpr family v4 = family::ipv4;
  constexpr family v6 = family::ipv6;
  switch (static_cast<hop_code>(status & status_code)) {
    case hop_code::ipv4: return {{v4, v4}, 1};
    case hop_code::ipv6: return {{v6, v6}, 1};
    case hop_code::ipv4_ipv4: return {{v4, v4}, 2};
    case hop_code::ipv6_ipv6: return {{v6, v6}, 2};
    case hop_code::ipv4_ipv6: return {{v4, v6}, 2};
    case hop_code::ipv6_ipv4: return {{v6, v4}, 2};
  }
  return {};
}

/// The number of a family set: 0 none, 1 IPv4, 2 IPv6, 3 both.
[[nodiscard]] constexpr std::size_t stack_number(family_set set) noexcept {
  return (set.contains(family::ipv4) ? 1U : 0U) + (set.contains(family::ipv6) ? 2U : 0U);
}

/// What a policy decides by itself, for every client.
struct flat_settings {
  std::uint32_t lists = 0;  // custom lists; behind them stand the standard list and the network
  std::uint32_t mode = 0;
  std::uint32_t web_to_servers = 0;
  std::uint32_t nothing_configured = 0;
  std::uint32_t fallback_to_standard = 0;
  std::uint32_t file_falls_back = 0;
  std::uint32_t web_falls_back = 0;
  std::uint32_t on_overlap = 0;
  std::uint32_t preference = 0;
  std::uint32_t criterion = 0;
  std::uint32_t longest_chain = 0;  // sources
  std::uint32_t revision = 0;       // bytes of the text section, from its start
};

/// The ranges of one family, flat: by ascending first end; `highest` is the greatest last end of a subtree.
struct flat_ranges {
  std::uint32_t count = 0;
  bool nested = false;  // some overlap: then there are `highest` and the family's cuts
  std::size_t width = 4;
  const std::byte* first = nullptr;
  const std::byte* last = nullptr;
  const std::byte* id = nullptr;
  const std::byte* highest = nullptr;

  flat_ranges() = default;
  flat_ranges(const std::byte* section, family f) noexcept
      : count(load<std::uint32_t>(section)),
        nested(load<std::uint32_t>(section + 4) != 0),
        width(f == family::ipv4 ? 4 : 16),
        first(section + 16),
        last(first + width * count),
        id(last + width * count),
        highest(id + std::size_t{4} * count) {}

  [[nodiscard]] static std::size_t size_of(std::size_t count, bool nested, family f) noexcept {
    const std::size_t width = f == family::ipv4 ? 4 : 16;
    return 16 + count * (2 * width + 4 + (nested ? width : 0));
  }
  [[nodiscard]] u128 point(const std::byte* from, std::size_t i) const noexcept {
    if (width == 4) return address::from_ipv4(load<std::uint32_t>(from + 4 * i)).bits();
    return {load<std::uint64_t>(from + 16 * i), load<std::uint64_t>(from + 16 * i + 8)};
  }
  [[nodiscard]] u128 first_of(std::size_t i) const noexcept { return point(first, i); }
  [[nodiscard]] u128 last_of(std::size_t i) const noexcept { return point(last, i); }
  [[nodiscard]] std::uint32_t id_of(std::size_t i) const noexcept { return load<std::uint32_t>(id + 4 * i); }

  /// Calls `visit(i)` for every range that holds `p`, by ascending first end. O(log n + found).
  template <class Visit>
  void each_holding(u128 p, Visit&& visit) const {
    if (nested) return descend(0, count, p, visit);
    const std::size_t behind = first_behind(p);
    if (behind > 0 && p <= last_of(behind - 1)) visit(behind - 1);
  }
  /// The first range that starts behind `p`.
  [[nodiscard]] std::size_t first_behind(u128 p) const noexcept {
    std::size_t from = 0;
    for (std::size_t left = count; left > 0;) {
      const std::size_t half = left / 2;
      if (first_of(from + half) <= p) {
        from += half + 1;
        left -= half + 1;
      } else {
        left = half;
      }
    }
    return from;
  }

 private:
  template <class Visit>
  void descend(std::size_t begin, std::size_t end, u128 p, Visit& visit) const {
    while (begin != end) {
      const std::size_t middle = begin + (end - begin) / 2;
      if (point(highest, middle) < p) return;
      descend(begin, middle, p, visit);
      if (p < first_of(middle)) return;
      if (p <= last_of(middle)) visit(middle);
      begin = middle + 1;
    }
  }
};

/// Addresses of one family, both ends included, between which nothing changes.
struct plan_cell {
  address first;
  address last;

  void keep_above(address from) noexcept { first = std::max(first, from); }
  void keep_below(address to) noexcept { last = std::min(last, to); }
};

/// Keeps to the part around `a` where addresses are all link-local, all loopback or neither. [S-50]
inline void narrow_to_special(plan_cell& cell, address a) noexcept {
  using namespace literals;
  constexpr std::array<plan_cell, 2> ipv4 = {plan_cell{"127.0.0.0"_address, "127.255.255.255"_address},
                                             plan_cell{"169.254.0.0"_address, "169.254.255.255"_address}};
  constexpr std::array<plan_cell, 2> ipv6 = {plan_cell{"::1"_address, "::1"_address},
                                             plan_cell{"fe80::"_address, "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"_address}};
  for (const plan_cell& special : a.is_ipv4() ? ipv4 : ipv6) {
    if (special.last < a) {
      cell.keep_above(*special.last.next());
    } else if (a < special.first) {
      cell.keep_below(*special.first.previous());
    } else {
      cell.keep_above(special.first);
      cell.keep_below(special.last);
    }
  }
}

/// Which of `n` sources has the lowest rank, the first of equals; `hash_of(k)` gives the hash of an identity. `n` is not 0.
template <class HashOf>
[[nodiscard]] std::size_t lowest_rank(std::uint64_t base, std::size_t n, HashOf hash_of) noexcept {
  std::size_t best = 0;
  std::uint64_t best_rank = rank_of(base, hash_of(0));
  for (std::size_t k = 1; k < n; ++k) {
    // which is lowest is not predictable: no branch
    const std::uint64_t mine = rank_of(base, hash_of(k));
    const std::uint64_t better = std::uint64_t{0} - static_cast<std::uint64_t>(mine < best_rank);
    best ^= (best ^ k) & static_cast<std::size_t>(better);
    best_rank ^= (best_rank ^ mine) & better;
  }
  return best;
}

/// Reads the records of a compiled policy whose bytes were checked.
class flat_policy {
 public:
  flat_policy() = default;
  explicit flat_policy(const std::byte* bytes) noexcept {
    for (std::size_t i = 0; i < section_count; ++i) {
      const std::byte* const row = bytes + smpc_checked_from + 16 * i;
      parts_[i] = {bytes + load<std::uint64_t>(row), static_cast<std::size_t>(load<std::uint64_t>(row + 8))};
    }
    std::array<std::uint32_t, settings_size / 4> number{};
    for (std::size_t i = 0; i < number.size(); ++i) number[i] = load<std::uint32_t>(part(section::settings).at + 4 * i);
    settings = {number[0], number[1], number[2], number[3], number[4],  number[5],
                number[6], number[7], number[8], number[9], number[10], number[11]};
    ranges[0] = flat_ranges(part(section::ranges_ipv4).at, family::ipv4);
    ranges[1] = flat_ranges(part(section::ranges_ipv6).at, family::ipv6);
  }

  [[nodiscard]] const flat_part& part(section s) const noexcept { return parts_[static_cast<std::size_t>(s)]; }

  /// A text, its offset and length standing at `ref`.
  [[nodiscard]] std::string_view text(const std::byte* ref) const noexcept {
    const auto* const pool = reinterpret_cast<const char*>(part(section::text).at);
    return {pool + load<std::uint32_t>(ref), load<std::uint32_t>(ref + 4)};
  }
  [[nodiscard]] std::string_view revision() const noexcept {
    return {reinterpret_cast<const char*>(part(section::text).at), settings.revision};
  }

  /// Is the client's gateway one of the policy's? [S-31]
  [[nodiscard]] bool is_gateway(const gateway& used) const noexcept {
    const flat_part& all = part(section::gateways);
    for (std::size_t at = 0; at < all.size; at += gateway_size) {
      if (!is_address(all.at + at, used.address)) continue;
      const bool any_mac = load<std::uint64_t>(all.at + at + 24) == 0;
      if (any_mac || (used.mac && used.mac->bits() == load<std::uint64_t>(all.at + at + 16))) return true;
    }
    return false;
  }
  /// Did the client reach a server of the policy? [S-32]
  [[nodiscard]] bool is_server(const host_port& reached) const noexcept {
    const flat_part& all = part(section::servers);
    for (std::size_t at = 0; at < all.size; at += server_size) {
      const std::byte* const server = all.at + at;
      if (load<std::uint32_t>(server + 24) != reached.port) continue;
      const bool literal = load<std::uint32_t>(server + 28) != 0;
      if (literal != reached.host.literal().has_value()) continue;
      if (literal ? is_address(server, *reached.host.literal()) : text(server + 16) == reached.host.name()) return true;
    }
    return false;
  }

  [[nodiscard]] std::size_t sources() const noexcept { return part(section::sources).size / source_size; }
  [[nodiscard]] std::string_view source_name(std::size_t i) const noexcept { return text(source(i)); }
  [[nodiscard]] std::string_view identity(std::size_t i, service s) const noexcept { return text(source(i) + offer(s)); }
  [[nodiscard]] std::string_view url(std::size_t i, service s) const noexcept { return text(source(i) + offer(s) + 8); }
  [[nodiscard]] std::uint64_t identity_hash(std::size_t i, service s) const noexcept {
    return load<std::uint64_t>(source(i) + offer(s) + 16);
  }

  [[nodiscard]] std::size_t lists() const noexcept { return settings.lists + 2; }
  [[nodiscard]] std::string_view list_name(std::size_t i) const noexcept { return text(list(i)); }
  [[nodiscard]] std::string_view list_proxy(std::size_t i) const noexcept { return text(list(i) + 8); }
  [[nodiscard]] smplist::order list_order(std::size_t i) const noexcept {
    return static_cast<smplist::order>(load<std::uint32_t>(list(i) + 16));
  }
  [[nodiscard]] std::uint32_t first_range(std::size_t i) const noexcept { return load<std::uint32_t>(list(i) + 20); }
  [[nodiscard]] std::size_t source_count(std::size_t i) const noexcept { return load<std::uint32_t>(list(i) + 28); }
  [[nodiscard]] std::uint32_t list_source(std::size_t i, std::size_t position) const noexcept {
    return load<std::uint32_t>(part(section::list_sources).at + 4 * (std::size_t{load<std::uint32_t>(list(i) + 24)} + position));
  }
  [[nodiscard]] std::uint64_t rank(std::uint64_t base, std::size_t source, service s) const noexcept {
    return rank_of(base, identity_hash(source, s));
  }
  /// The custom list that a range belongs to: the last that begins at it or before (empty lists begin where the next does).
  [[nodiscard]] std::size_t list_of_range(std::uint32_t id) const noexcept {
    std::size_t from = 0;
    for (std::size_t left = settings.lists; left > 1;) {
      const std::size_t half = left / 2;
      if (first_range(from + half) <= id) from += half;
      left -= half;
    }
    return from;
  }

  // chains: 0 nothing matches, i + 1 custom list i, then the standard list alone, then the network alone
  [[nodiscard]] std::size_t standard_chain() const noexcept { return settings.lists + 1; }
  [[nodiscard]] std::size_t network_chain() const noexcept { return settings.lists + 2; }
  [[nodiscard]] std::size_t chains() const noexcept { return settings.lists + 3; }

  struct stage_record {
    std::uint32_t list;
    smplist::stage stage;
    const std::byte* statuses;  // one byte for each source of the list
  };
  [[nodiscard]] std::size_t stage_count(std::size_t chain, service s) const noexcept {
    return load<std::uint32_t>(chain_at(chain, s));
  }
  [[nodiscard]] stage_record stage(std::size_t chain, service s, std::size_t stack, std::size_t i) const noexcept {
    const std::byte* const at = chain_at(chain, s) + 4 + chain_stage_size * i;
    const auto list = load<std::uint32_t>(at);
    const std::size_t block = (static_cast<std::size_t>(s) * stacks + stack) * source_count(list);
    return {list, static_cast<smplist::stage>(load<std::uint32_t>(at + 4)),
            part(section::statuses).at + load<std::uint32_t>(at + 8) + block};
  }

  struct first_record {
    std::uint32_t source;      // or no_source
    std::uint32_t outcome;     // and `first_is_random`
    std::uint32_t candidates;  // of a random order: where they stand
  };
  [[nodiscard]] first_record first(std::size_t chain, service s, std::size_t stack) const noexcept {
    const std::byte* const at =
        part(section::firsts).at + first_size * (chain * combinations + static_cast<std::size_t>(s) * stacks + stack);
    return {load<std::uint32_t>(at), load<std::uint32_t>(at + 4), load<std::uint32_t>(at + 8)};
  }
  /// The candidate with the lowest rank. [S-21]
  [[nodiscard]] std::uint32_t draw(std::uint32_t candidates, std::uint64_t base) const noexcept {
    const std::byte* const hashes = part(section::candidates).at + candidate_unit * candidates + 8;
    const auto n = static_cast<std::size_t>(load<std::uint64_t>(hashes - 8));
    const std::size_t best = lowest_rank(base, n, [&](std::size_t k) { return load<std::uint64_t>(hashes + 8 * k); });
    return load<std::uint32_t>(hashes + 8 * n + 4 * best);
  }

  /// The position of the source of a stage that is asked first of those that are not down; their number if there is none.
  template <class IsDown>
  [[nodiscard]] std::size_t first_position(const stage_record& s, service what, std::uint64_t base, IsDown is_down) const {
    const std::size_t n = source_count(s.list);
    const bool random = list_order(s.list) == order::random;
    std::size_t best = n;
    std::uint64_t best_rank = 0;
    for (std::size_t k = 0; k < n; ++k) {
      if ((static_cast<std::uint8_t>(s.statuses[k]) & status_attempt) == 0) continue;
      const std::uint32_t source = list_source(s.list, k);
      if (is_down(source)) continue;
      if (!random) return k;
      // which is lowest is not predictable: no branch
      const std::uint64_t mine = rank(base, source, what);
      const auto better = std::uint64_t{0} - static_cast<std::uint64_t>((best == n) | (mine < best_rank));
      best ^= (best ^ k) & static_cast<std::size_t>(better);
      best_rank ^= (best_rank ^ mine) & better;
    }
    return best;
  }

  /// The ranges of the custom lists that hold `a`, each as list and range position. O(log n + found).
  template <class Visit>
  void each_range_holding(address a, Visit&& visit) const {
    const flat_ranges& all = ranges[static_cast<std::size_t>(a.family())];
    all.each_holding(a.bits(), [&](std::size_t i) {
      const std::uint32_t id = all.id_of(i);
      const std::size_t list = list_of_range(id);
      visit(labelled_interval{all.first_of(i), all.last_of(i), static_cast<std::uint32_t>(list), id - first_range(list)});
    });
  }

  /// Keeps to the part around `a` where the same ranges hold. [S-62]
  void narrow_to_cell(plan_cell& cell, address a) const noexcept {
    const auto f = static_cast<std::size_t>(a.family());
    const flat_ranges& all = ranges[f];
    const u128 bits = a.bits();
    if (!all.nested) {
      const std::size_t behind = all.first_behind(bits);
      const bool held = behind > 0 && bits <= all.last_of(behind - 1);
      if (held) {
        cell.keep_above(address::from_bits(all.first_of(behind - 1)));
        cell.keep_below(address::from_bits(all.last_of(behind - 1)));
        return;
      }
      if (behind > 0) cell.keep_above(*address::from_bits(all.last_of(behind - 1)).next());
      if (behind < all.count) cell.keep_below(*address::from_bits(all.first_of(behind)).previous());
      return;
    }
    const flat_part& cuts = part(f == 0 ? section::cuts_ipv4 : section::cuts_ipv6);
    std::size_t from = 0;
    for (std::size_t left = cuts.size / all.width; left > 0;) {
      const std::size_t half = left / 2;
      const bool before = all.point(cuts.at, from + half) <= bits;
      if (before) from += half + 1;
      left = before ? left - half - 1 : half;
    }
    if (from > 0) cell.keep_above(address::from_bits(all.point(cuts.at, from - 1)));
    if (from < cuts.size / all.width) cell.keep_below(*address::from_bits(all.point(cuts.at, from)).previous());
  }

  /// Does every source of a chain get the same under two stacks?
  [[nodiscard]] bool same_answers(std::size_t chain, service s, std::size_t a, std::size_t b) const noexcept {
    for (std::size_t i = 0; a != b && i < stage_count(chain, s); ++i) {
      const auto one = stage(chain, s, a, i);
      if (!std::equal(one.statuses, one.statuses + source_count(one.list), stage(chain, s, b, i).statuses)) return false;
    }
    return true;
  }

  [[nodiscard]] std::size_t classes() const noexcept { return part(section::classes).size / 4; }
  /// The chain of a class, doubled, plus one if its addresses reach nothing. [S-50]
  [[nodiscard]] std::uint32_t class_record(std::size_t i) const noexcept {
    return load<std::uint32_t>(part(section::classes).at + 4 * i);
  }

  flat_settings settings;
  std::array<flat_ranges, 2> ranges;

 private:
  [[nodiscard]] static bool is_address(const std::byte* at, address a) noexcept {
    return load<std::uint64_t>(at) == a.bits().hi && load<std::uint64_t>(at + 8) == a.bits().lo;
  }
  [[nodiscard]] const std::byte* source(std::size_t i) const noexcept { return part(section::sources).at + source_size * i; }
  [[nodiscard]] static std::size_t offer(service s) noexcept { return s == service::file_reputation ? 8 : 32; }
  [[nodiscard]] const std::byte* list(std::size_t i) const noexcept { return part(section::lists).at + list_size * i; }
  [[nodiscard]] const std::byte* chain_at(std::size_t chain, service s) const noexcept {
    return part(section::chains).at + chain_size * (2 * chain + static_cast<std::size_t>(s));
  }

  std::array<flat_part, section_count> parts_{};
};

}  // namespace smplist::detail
