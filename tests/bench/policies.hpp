// SPDX-License-Identifier: MIT
// Policies of any size: a thousand lists, four ranges of IPv4 for one of IPv6.
#pragma once

#include <smplist/policy.hpp>

#include <algorithm>
#include <random>
#include <string>

namespace bench {

enum class shape { overlapping, disjoint };

struct policy_size {
  shape how = shape::disjoint;
  std::size_t ranges = 0;
  smplist::order order = smplist::order::ordered;
};

inline constexpr std::size_t policy_lists = 1000;
inline constexpr std::size_t policy_sources = 50;

[[nodiscard]] inline smplist::policy_draft draft_without_ranges(smplist::order order) {
  smplist::policy_draft draft;
  draft.mode = smplist::list_mode::custom;
  for (std::size_t i = 0; i < policy_sources; ++i) {
    const std::string name = "s" + std::to_string(i);
    smplist::source s{name, smplist::source_kind::standalone, *smplist::host::try_parse(name + ".example")};
    s.file_reputation = smplist::endpoint{smplist::scheme::https, 443};
    draft.sources.push_back(s);
  }
  for (std::size_t i = 0; i < policy_lists; ++i) {
    smplist::source_list list{"l" + std::to_string(i), {}, order, {}};
    for (std::size_t k = 0; k < 5; ++k) list.sources.push_back("s" + std::to_string((i * 7 + k * 11) % policy_sources));
    draft.lists.push_back(list);
  }
  return draft;
}

/// The IPv4 range number `i` of `n`: somewhere, or in the `i`-th of `n` equal parts of the family, two of three whole /24s.
[[nodiscard]] inline smplist::address_range ipv4_range(std::mt19937_64& r, shape how, std::size_t i, std::size_t n) {
  const std::uint64_t part = (std::uint64_t{1} << 32U) / n;
  const bool blocks = r() % 3 != 0;
  std::uint64_t first = how == shape::disjoint ? i * part : r() & 0xFFFFFFFFU;
  std::uint64_t last = first + (how == shape::disjoint ? r() % part : r() >> (40 + r() % 24));
  if (blocks) {
    first &= ~std::uint64_t{0xFF};
    last |= 0xFFU;
  }
  if (how == shape::disjoint) {
    first = std::max<std::uint64_t>(first, i * part);
    last = std::min<std::uint64_t>(last, (i + 1) * part - 1);
  }
  last = std::min<std::uint64_t>(last, 0xFFFFFFFFU);
  return *smplist::address_range::try_make(smplist::address::from_ipv4(static_cast<std::uint32_t>(first)),
                                           smplist::address::from_ipv4(static_cast<std::uint32_t>(last)));
}

/// The same in 2000::/3: whole /48s, or sizes from a /48 to a /32 where they may overlap.
[[nodiscard]] inline smplist::address_range ipv6_range(std::mt19937_64& r, shape how, std::size_t i, std::size_t n) {
  const std::uint64_t base = std::uint64_t{1} << 61U;
  const std::uint64_t part = base / n;
  const std::uint64_t start = base + (how == shape::disjoint ? i * part : r() >> 3U);
  const std::uint64_t size = how == shape::disjoint ? part / 2 : r() >> (32 + r() % 16);
  const std::uint64_t first = start & ~std::uint64_t{0xFFFF};
  const std::uint64_t last = std::min((first + size) | 0xFFFFU, 2 * base - 1);
  return *smplist::address_range::try_make(smplist::address::from_ipv6(first, 0),
                                           smplist::address::from_ipv6(last, ~std::uint64_t{0}));
}

[[nodiscard]] inline smplist::policy make_policy(policy_size size) {
  std::mt19937_64 r(size.ranges);
  smplist::policy_draft draft = draft_without_ranges(size.order);
  const std::size_t ipv6 = size.ranges / 5;
  const std::size_t ipv4 = size.ranges - ipv6;
  for (std::size_t i = 0; i < ipv4; ++i) draft.lists[r() % policy_lists].ranges.push_back(ipv4_range(r, size.how, i, ipv4));
  for (std::size_t i = 0; i < ipv6; ++i) draft.lists[r() % policy_lists].ranges.push_back(ipv6_range(r, size.how, i, ipv6));
  return *smplist::policy::make(draft);
}

}  // namespace bench
