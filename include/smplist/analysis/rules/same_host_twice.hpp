// SPDX-License-Identifier: MIT
/// \file analysis/rules/same_host_twice.hpp
/// Floor 8. Lint rule `same-host-twice`.
#pragma once

#include <smplist/analysis/placed_list.hpp>

#include <map>
#include <string>
#include <vector>

namespace smplist::detail {

/// Two sources of one list on one host: it looks like a spare and is none. [S-15]
[[nodiscard]] inline std::vector<finding> check_same_host_twice(const partition& cut) {
  std::vector<finding> found;
  for (const placed_list& of : placed_lists(cut)) {
    std::map<std::string, std::string_view> by_host;
    for (std::size_t i = 0; i < of.list->sources.size(); ++i) {
      const source& s = *cut.policy().find_source(of.list->sources[i]);
      const auto [other, fresh] = by_host.emplace(s.host.to_text(), s.name);
      if (fresh) continue;
      finding one = found_at(of.pointer + "/sources" + pointer_step(i),
                             "in " + of.title() + " the sources " + in_quotes(other->second) + " and " + in_quotes(s.name) +
                                 " are one host, " + in_quotes(s.host.to_text()));
      one.list = of.name_if_custom();
      found.push_back(std::move(one));
    }
  }
  return found;
}

}  // namespace smplist::detail
