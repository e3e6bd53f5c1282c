// SPDX-License-Identifier: MIT
/// \file analysis/rules/unreachable_source.hpp
/// Floor 8. Lint rule `unreachable-source`.
#pragma once

#include <smplist/analysis/placed_list.hpp>

#include <set>
#include <string>
#include <vector>

namespace smplist::detail {

/// Why a plan of a client leaves out a source of a list, in words; empty if none does.
[[nodiscard]] inline std::string why_ignored(const partition& cut, const placed_list& of, const source& s) {
  for (const client_class& who : of.clients) {
    const auto asks = cut.witness(who);
    for (const service what : all_services) {
      if (!asks || !s.at(what)) continue;
      const plan p = evaluation(cut.policy(), *asks, what, cut.given()).run();
      for (const ignored_source& i : p.ignored) {
        if (i.list == of.list->name && i.source == s.name && i.reason != reason::already_listed)
          return std::string(sentence(i.reason));
      }
    }
  }
  return {};
}

/// A source that no client of a list can ask, whatever its family: not directly, and not through the list's proxy. [S-51] [S-52]
[[nodiscard]] inline std::vector<finding> check_unreachable_source(const partition& cut) {
  std::vector<finding> found;
  for (const placed_list& of : placed_lists(cut)) {
    std::set<std::string> reached;
    for (const client_class& who : of.clients) {
      for (const service what : all_services) {
        for (const attempt& a : own_attempts(cut, of, who, what)) reached.insert(a.source);
      }
    }
    for (std::size_t i = 0; i < of.list->sources.size(); ++i) {
      const source& s = *cut.policy().find_source(of.list->sources[i]);
      if (reached.count(s.name) != 0) continue;
      std::string why = why_ignored(cut, of, s);
      const bool unasked = why.empty() && !s.file_reputation && !is_asked_for(cut, of, service::web_reputation);
      if (unasked) why = "web reputation goes to the network";
      if (why.empty()) continue;
      finding one = found_at(of.pointer + "/sources" + pointer_step(i),
                             "no client of " + of.title() + " can ask " + in_quotes(s.name) + ": " + why);
      if (unasked) one.fix = "set web_reputation_to_servers: true, or take the source out of the list";
      one.list = of.name_if_custom();
      one.different_outcome = true;
      found.push_back(std::move(one));
    }
  }
  return found;
}

}  // namespace smplist::detail
