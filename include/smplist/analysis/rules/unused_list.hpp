// SPDX-License-Identifier: MIT
/// \file analysis/rules/unused_list.hpp
/// Floor 8. Lint rule `unused-list`.
#pragma once

#include <smplist/analysis/holdings.hpp>

#include <string>
#include <vector>

namespace smplist::detail {

/// A list that is written down and never asked: without ranges, of the mode that is off, or a standard list nobody falls back to.
/// [S-42] [S-43]
[[nodiscard]] inline std::vector<finding> check_unused_list(const partition& cut) {
  const policy_draft& draft = cut.policy().content();
  if (draft.mode == list_mode::standard) {
    if (draft.lists.empty()) return {};
    const std::string count = counted(std::to_string(draft.lists.size()), "custom list is", "custom lists are");
    return {found_at("/internal/custom/lists", count + " never asked: the mode is standard",
                     "set mode: custom, or remove the lists")};
  }
  std::vector<finding> found;
  for (std::size_t i = 0; i < draft.lists.size(); ++i) {
    if (!draft.lists[i].ranges.empty()) continue;
    finding one =
        found_at(pointer_to_list(i), "the list " + in_quotes(draft.lists[i].name) + " has no ranges, so no client gets it");
    one.list = draft.lists[i].name;
    found.push_back(std::move(one));
  }
  if (!draft.fallback_to_standard && !draft.standard.sources.empty()) {
    found.push_back(found_at("/internal/standard",
                             "the standard list is never asked: the mode is custom and nothing falls back to it",
                             "set fallback_to_standard: true, or remove its sources"));
  }
  return found;
}

}  // namespace smplist::detail
