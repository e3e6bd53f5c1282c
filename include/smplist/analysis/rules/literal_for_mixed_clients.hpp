// SPDX-License-Identifier: MIT
/// \file analysis/rules/literal_for_mixed_clients.hpp
/// Floor 8. Lint rule `literal-for-mixed-clients`.
#pragma once

#include <smplist/analysis/placed_list.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace smplist::detail {

/// A source given by address, in lists whose clients have both families: those with the other one alone cannot ask it. [S-12] [S-51]
[[nodiscard]] inline std::vector<finding> check_literal_for_mixed_clients(const partition& cut) {
  std::map<std::string_view, std::vector<std::string>> lists;  // by source: whose clients cannot ask it
  for (const placed_list& of : placed_lists(cut)) {
    for (const client_class& who : of.clients) {
      if (who.stack == family_set::both() || of.clients.size() < 3) continue;  // both families alone, and together
      if (!expects(cut, of, family::ipv4) || !expects(cut, of, family::ipv6)) continue;
      for (const std::string& name : of.list->sources) {
        const source& s = *cut.policy().find_source(name);
        if (!s.host.literal() || who.stack.contains(s.host.literal()->family())) continue;
        const auto asked = [&](service what) {
          const auto attempts = own_attempts(cut, of, who, what);
          return std::any_of(attempts.begin(), attempts.end(), [&](const attempt& a) { return a.source == name; });
        };
        if (!asked(service::file_reputation) && !asked(service::web_reputation)) lists[name].push_back(of.title());
      }
    }
  }
  std::vector<finding> found;
  for (const source& s : cut.policy().content().sources) {
    const auto at = lists.find(s.name);
    if (at == lists.end()) continue;
    const family other = s.host.literal()->is_ipv4() ? family::ipv6 : family::ipv4;
    finding one = found_at("/sources" + pointer_step(s.name) + "/host",
                           in_quotes(s.name) + " is given by its " + std::string(words_for(s.host.literal()->family())) +
                               " address, and clients with " + std::string(words_for(family_set(other))) + " cannot ask it: in " +
                               some_of(at->second));
    one.different_outcome = true;
    found.push_back(std::move(one));
  }
  return found;
}

}  // namespace smplist::detail
