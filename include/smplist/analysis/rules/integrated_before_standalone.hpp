// SPDX-License-Identifier: MIT
/// \file analysis/rules/integrated_before_standalone.hpp
/// Floor 8. Lint rule `integrated-before-standalone`.
#pragma once

#include <smplist/analysis/placed_list.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace smplist::detail {

/// Does a client of the list have one attempt before another one?
[[nodiscard]] inline bool asks_before(const partition& cut, const placed_list& of, const std::string& a, const std::string& b) {
  for (const client_class& who : of.clients) {
    for (const service what : all_services) {
      const auto attempts = own_attempts(cut, of, who, what);
      const auto position = [&](const std::string& name) {
        return std::find_if(attempts.begin(), attempts.end(), [&](const attempt& x) { return x.source == name; });
      };
      if (position(b) != attempts.end() && position(a) < position(b)) return true;
    }
  }
  return false;
}

/// An integrated server before a standalone one: the computer that manages everybody also answers first. A standalone server should,
/// and the integrated one be its backup. [S-10] [S-20]
[[nodiscard]] inline std::vector<finding> check_integrated_before_standalone(const partition& cut) {
  std::vector<finding> found;
  for (const placed_list& of : placed_lists(cut)) {
    if (of.list->order != order::ordered) continue;
    const source* integrated = nullptr;
    std::size_t at = 0;
    for (std::size_t i = 0; i < of.list->sources.size(); ++i) {
      const source& s = *cut.policy().find_source(of.list->sources[i]);
      if (s.kind == source_kind::integrated && integrated == nullptr) {
        integrated = &s;
        at = i;
      }
      if (s.kind != source_kind::standalone || integrated == nullptr) continue;
      finding one = found_at(of.pointer + "/sources" + pointer_step(at), "in " + of.title() + " the integrated server " +
                                                                             in_quotes(integrated->name) +
                                                                             " comes before the standalone " + in_quotes(s.name));
      one.list = of.name_if_custom();
      one.different_outcome = asks_before(cut, of, integrated->name, s.name);
      found.push_back(std::move(one));
      break;
    }
  }
  return found;
}

}  // namespace smplist::detail
