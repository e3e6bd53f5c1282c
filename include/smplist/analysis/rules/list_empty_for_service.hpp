// SPDX-License-Identifier: MIT
/// \file analysis/rules/list_empty_for_service.hpp
/// Floor 8. Lint rule `list-empty-for-service`.
#pragma once

#include <smplist/analysis/audience.hpp>
#include <smplist/analysis/rules/list_empty_for_family.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace smplist::detail {

/// A list that is asked for a service and gives no client anything for it, while it does for the other. [S-13] [S-53]
[[nodiscard]] inline std::vector<finding> check_list_empty_for_service(const partition& cut) {
  std::vector<finding> found;
  for (const audience& of : audiences(cut)) {
    const auto serves = [&](service what) {
      return std::any_of(of.clients.begin(), of.clients.end(),
                         [&](const client_class& who) { return !own_attempts(cut, of, who, what).empty(); });
    };
    const bool serves_any[] = {serves(service::file_reputation), serves(service::web_reputation)};
    for (const service what : all_services) {
      const bool serves_other = serves_any[1 - static_cast<std::size_t>(what)];
      if (serves_any[static_cast<std::size_t>(what)] || !serves_other || !is_asked_for(cut, of, what)) continue;
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
