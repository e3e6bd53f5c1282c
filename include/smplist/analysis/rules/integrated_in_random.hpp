// SPDX-License-Identifier: MIT
/// \file analysis/rules/integrated_in_random.hpp
/// Floor 8. Lint rule `integrated-in-random`.
#pragma once

#include <smplist/analysis/placed_list.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace smplist::detail {

/// An integrated server among others in a random order: it is the first for as many clients as each of them. [S-10] [S-21]
[[nodiscard]] inline std::vector<finding> check_integrated_in_random(const partition& cut) {
  std::vector<finding> found;
  for (const placed_list& of : placed_lists(cut)) {
    if (of.list->order != order::random || of.list->sources.size() < 2) continue;
    for (std::size_t i = 0; i < of.list->sources.size(); ++i) {
      const source& s = *cut.policy().find_source(of.list->sources[i]);
      if (s.kind != source_kind::integrated) continue;
      bool shared = false;  // does it take its turn with another one for any client?
      for (const client_class& who : of.clients) {
        for (const service what : all_services) {
          const auto attempts = own_attempts(cut, of, who, what);
          const bool asked = std::any_of(attempts.begin(), attempts.end(), [&](const attempt& a) { return a.source == s.name; });
          shared = shared || (asked && attempts.size() > 1);
        }
      }
      finding one = found_at(of.pointer + "/sources" + pointer_step(i),
                             "in the random order of " + of.title() + " the integrated server " + in_quotes(s.name) +
                                 " comes first for one client in " + std::to_string(of.list->sources.size()));
      if (!shared) one.text = "the random order of " + of.title() + " has the integrated server " + in_quotes(s.name);
      one.list = of.name_if_custom();
      one.different_outcome = shared;
      found.push_back(std::move(one));
    }
  }
  return found;
}

}  // namespace smplist::detail
