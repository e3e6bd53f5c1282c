// SPDX-License-Identifier: MIT
/// \file analysis/rules/list_empty_for_service.hpp
/// Floor 8. Lint rule `list-empty-for-service`.
#pragma once

#include <smplist/analysis/placed_list.hpp>
#include <smplist/analysis/rules/list_empty_for_family.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace smplist::detail {

/// Does any declared source offer a service?
[[nodiscard]] inline bool is_offered(const policy& p, service what) {
  const auto& all = p.content().sources;
  return std::any_of(all.begin(), all.end(), [&](const source& s) { return s.at(what).has_value(); });
}

/// A list that is asked for a service and gives no client anything for it, while it does for the other. [S-13] [S-53]
[[nodiscard]] inline std::vector<finding> check_list_empty_for_service(const partition& cut) {
  std::vector<finding> found;
  for (const service what : all_services) {
    const bool wanted = what == service::file_reputation || cut.policy().content().web_reputation_to_servers;
    if (cut.policy().content().sources.empty() || !wanted || is_offered(cut.policy(), what)) continue;
    found.push_back(found_at("/sources",
                             "no source at all offers " + std::string(words_for(what)) + ", so no list gives it to anybody",
                             "add one that does, if clients are to have it"));
  }
  for (const placed_list& of : placed_lists(cut)) {
    const auto serves = [&](service what) {
      return std::any_of(of.clients.begin(), of.clients.end(),
                         [&](const client_class& who) { return !own_attempts(cut, of, who, what).empty(); });
    };
    const bool serves_any[] = {serves(service::file_reputation), serves(service::web_reputation)};
    for (const service what : all_services) {
      const bool serves_other = serves_any[1 - static_cast<std::size_t>(what)];
      if (serves_any[static_cast<std::size_t>(what)] || !serves_other || !is_asked_for(cut, of, what)) continue;
      if (!is_offered(cut.policy(), what)) continue;  // said already
      finding one = found_at(of.pointer + "/sources",
                             "no source of " + of.title() + " can be asked for " + std::string(words_for(what)) +
                                 " by its clients, " + instead_of(cut, of, of.clients.front(), what),
                             "add a source that offers " + std::string(words_for(what)));
      one.list = of.name_if_custom();
      one.different_outcome = true;
      found.push_back(std::move(one));
    }
  }
  return found;
}

}  // namespace smplist::detail
