// SPDX-License-Identifier: MIT
/// \file analysis/rules/unused_source.hpp
/// Floor 8. Lint rule `unused-source`.
#pragma once

#include <smplist/analysis/finding.hpp>
#include <smplist/analysis/partition.hpp>

#include <set>
#include <string_view>
#include <vector>

namespace smplist::detail {

/// A declared source that no list names: dead, or forgotten in a list.
[[nodiscard]] inline std::vector<finding> check_unused_source(const partition& cut) {
  const policy& p = cut.policy();
  std::set<std::string_view> used;
  const auto note = [&](const source_list& list) { used.insert(list.sources.begin(), list.sources.end()); };
  for (const source_list& list : p.content().lists) note(list);
  note(p.content().standard);
  note(p.content().network);
  std::vector<finding> found;
  for (const source& s : p.content().sources) {
    if (used.count(s.name) == 0) {
      found.push_back(found_at("/sources" + pointer_step(s.name), "no list names the source " + in_quotes(s.name)));
    }
  }
  return found;
}

}  // namespace smplist::detail
