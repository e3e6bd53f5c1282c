// SPDX-License-Identifier: MIT
/// \file analysis/rules/host_bits_boundary.hpp
/// Floor 8. Lint rule `host-bits-boundary`.
#pragma once

#include <smplist/analysis/holdings.hpp>

#include <optional>
#include <string>
#include <vector>

namespace smplist::detail {

/// The one address that a range lacks to be an aligned block of eight or more, if it is exactly one.
[[nodiscard]] inline std::optional<address> missing_from_block(const address_range& range) {
  if (range.prefix_length() || range.size() < address_count{0, {0, 7}}) return std::nullopt;
  const auto is_block = [](std::optional<address> first, std::optional<address> last) {
    const auto block = first && last ? address_range::try_make(*first, *last) : error_at(errc::mixed_families, 0, 0);
    return block && block->prefix_length();
  };
  if (is_block(range.first(), range.last().next())) return range.last().next();
  if (is_block(range.first().previous(), range.last())) return range.first().previous();
  return std::nullopt;
}

/// A range one address short of an aligned block, and the list does not decide that address either: the first or the last one was
/// left out as "not a host", which no client needs and one client will have. [S-05]
[[nodiscard]] inline std::vector<finding> check_host_bits_boundary(const partition& cut) {
  const policy& p = cut.policy();
  if (!cut.consults_lists()) return {};
  const asked_by_list asked(cut);
  std::vector<finding> found;
  for (std::uint32_t i = 0; i < cut.lists(); ++i) {
    const source_list& list = p.content().lists[i];
    for (std::size_t j = 0; j < list.ranges.size(); ++j) {
      const address_range& range = list.ranges[j];
      const auto missing = missing_from_block(range);
      if (!missing) continue;
      const address_piece& there = cut.piece_of(*missing);
      if (there.list == i) continue;
      const std::string block = text_of(std::min(*missing, range.first()), std::max(*missing, range.last()));
      finding one = found_at(
          pointer_to_range(i, j),
          "the range " + range.to_text() + " of " + in_quotes(list.name) + " is " + block + " without " + missing->to_text(),
          "write " + block + " if the whole block is meant");
      one.list = list.name;
      one.range = range.to_text();
      one.addresses = "1";
      one.different_outcome = asked.by(i, range.family(), there.usable) != asked.by(there.list, range.family(), there.usable);
      one.example = missing->to_text();
      found.push_back(std::move(one));
    }
  }
  return found;
}

}  // namespace smplist::detail
