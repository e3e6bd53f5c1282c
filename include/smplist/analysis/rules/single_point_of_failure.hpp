// SPDX-License-Identifier: MIT
/// \file analysis/rules/single_point_of_failure.hpp
/// Floor 8. Lint rule `single-point-of-failure`.
#pragma once

#include <smplist/analysis/placed_list.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace smplist::detail {

/// The one thing that all attempts of an answer need, in words; empty if there is none. The vendor's network counts as many: its
/// name stands for many computers.
[[nodiscard]] inline std::string needed_by_all(const policy& p, const answer& a) {
  const auto attempts = a.attempts();
  if (attempts.empty()) return {};
  const auto all = [&](auto same) { return std::all_of(attempts.begin(), attempts.end(), same); };
  const attempt& one = attempts.front();
  if (!one.via.empty() && all([&](const attempt& x) { return x.via == one.via; })) return "the proxy " + in_quotes(one.via);
  const source& s = *p.find_source(one.source);
  if (!all([&](const attempt& x) { return p.find_source(x.source)->kind != source_kind::network; })) return {};
  if (all([&](const attempt& x) { return x.source == one.source; })) return "the source " + in_quotes(s.name);
  const bool one_host = all([&](const attempt& x) { return p.find_source(x.source)->host == s.host; });
  return one_host ? "the host " + in_quotes(s.host.to_text()) : std::string();
}

/// Clients all of whose attempts need one source, host or proxy: when it is down, they ask nobody. One finding for each such thing
/// and the clients that need it. [S-23] [S-65]
[[nodiscard]] inline std::vector<finding> check_single_point_of_failure(const partition& cut) {
  std::vector<finding> found;
  for (const placed_list& of : placed_lists(cut)) {
    std::map<std::pair<std::string, std::string>, std::vector<std::string>> needed;  // what, by whom: for which services
    for (const service what : all_services) {
      std::map<std::string, std::vector<std::string>> asked_by;
      for (const client_class& who : of.clients) {
        const answer* const a = answer_for(cut, who, what);
        const bool comes = a != nullptr && (of.role == list_role::custom || !own_attempts(cut, of, who, what).empty());
        const std::string need = comes ? needed_by_all(cut.policy(), *a) : std::string();
        if (!need.empty()) asked_by[need].emplace_back(words_for(who.stack));
      }
      for (const auto& [need, who] : asked_by) {
        const bool all = who.size() == of.clients.size();
        needed[{need, all ? std::string() : " with " + some_of(who, 0, " or ")}].emplace_back(words_for(what));
      }
    }
    for (const auto& [key, services] : needed) {
      finding one = found_at(
          of.pointer, "all that clients of " + of.title() + key.second + " ask for " + some_of(services) + " needs " + key.first);
      one.list = of.name_if_custom();
      one.different_outcome = true;
      found.push_back(std::move(one));
    }
  }
  return found;
}

}  // namespace smplist::detail
