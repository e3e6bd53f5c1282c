// SPDX-License-Identifier: MIT
/// \file analysis/finding.hpp
/// Floor 8. What a lint rule finds.
#pragma once

#include <smplist/detail/words.hpp>
#include <smplist/range.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace smplist {

enum class severity : std::uint8_t { error, warning, note };

template <>
struct detail::words<severity> {
  static constexpr std::string_view table[] = {"error", "warning", "note"};
};

/// Neighbouring addresses that a finding is about, and who decides there.
struct finding_region {
  address first;
  address last;
  address_count size;
  std::string list = {};  // the list that wins there; empty: none

  friend bool operator==(const finding_region& a, const finding_region& b) noexcept {
    return a.first == b.first && a.last == b.last && a.size == b.size && a.list == b.list;
  }
};

/// A valid policy that is likely not what its author meant.
struct finding {
  static constexpr std::size_t max_regions = 100;  // that are kept; `region_count` counts all

  std::string rule;  // the code of the rule; like the severity set by `lint`
  smplist::severity severity = smplist::severity::warning;
  std::string pointer;                         // JSON Pointer into the policy document
  std::string text;                            // one line, no full stop
  std::string fix;                             // what to do about it; left empty by a rule: what its row says
  std::string list = {};                       // the list that it is about, or empty
  std::string range = {};                      // the range, or empty
  std::string addresses = {};                  // how many are concerned, in decimal, or empty
  std::optional<bool> different_outcome = {};  // would anybody ask others, or otherwise, if it were mended?
  std::string example = {};                    // an address that shows it, or empty
  std::vector<finding_region> regions = {};    // the first of the addresses concerned
  std::uint64_t region_count = 0;              // of all
  std::string suppressed = {};                 // the reason why it is not to be reported, or empty

  friend bool operator==(const finding& a, const finding& b) noexcept {
    return a.rule == b.rule && a.severity == b.severity && a.pointer == b.pointer && a.text == b.text && a.fix == b.fix &&
           a.list == b.list && a.range == b.range && a.addresses == b.addresses && a.different_outcome == b.different_outcome &&
           a.example == b.example && a.regions == b.regions && a.region_count == b.region_count && a.suppressed == b.suppressed;
  }
  friend bool operator!=(const finding& a, const finding& b) noexcept { return !(a == b); }
};

namespace detail {

/// A finding as a rule makes it: `lint` adds the code, the severity and the usual advice.
[[nodiscard]] inline finding found_at(std::string pointer, std::string text, std::string fix = {}) {
  return {{}, {}, std::move(pointer), std::move(text), std::move(fix)};
}

/// `1 address`, `65,536 addresses`.
[[nodiscard]] inline std::string counted(std::string digits, const char* one, const char* many) {
  const bool single = digits == "1";
  return grouped(std::move(digits)) + " " + (single ? one : many);
}

/// A number of addresses for people: beyond 2^40 as a power of two, which is how IPv6 counts.
[[nodiscard]] inline std::string counted(const address_count& n) {
  unsigned power = 0;
  while (power < 128 && !(n < address_count{0, {0, 1}} + address_count{0, low_mask(power + 1)})) ++power;
  if (power < 40) return counted(n.to_text(), "address", "addresses");
  const bool exact = n == address_count{0, {0, 1}} + address_count{0, low_mask(power)};
  return (exact ? "2^" : "about 2^") + std::to_string(power) + " addresses";
}

/// The first of some texts, and how many more there are: `a, b, c and 7 more`. `total` counts those that nobody wrote out, too.
[[nodiscard]] inline std::string some_of(const std::vector<std::string>& texts, std::size_t total = 0,
                                         const char* last = " and ") {
  constexpr std::size_t shown = 3;
  total = total == 0 ? texts.size() : total;
  const bool all = total <= shown + 1;  // "and 1 more" is no shorter than its name
  const std::size_t named = all ? texts.size() : shown;
  std::string out;
  for (std::size_t i = 0; i < named; ++i) out += (i == 0 ? "" : all && i + 1 == named ? last : ", ") + texts[i];
  return all ? out : out + " and " + grouped(std::to_string(total - shown)) + " more";
}

}  // namespace detail

}  // namespace smplist
