// SPDX-License-Identifier: MIT
/// \file analysis/rules/list_empty_for_family.hpp
/// Floor 8. Lint rule `list-empty-for-family`.
#pragma once

#include <smplist/analysis/placed_list.hpp>

#include <string>
#include <vector>

namespace smplist::detail {

/// What a class gets that its own list gives nothing, in words.
[[nodiscard]] inline std::string instead_of(const partition& cut, const placed_list& of, const client_class& who, service what) {
  const answer* const found = answer_for(cut, who, what);
  if (found == nullptr || found->stages.empty()) return "so they reach nobody";
  const stage next = found->stages.front().attempts.front().stage;
  if (next == stage::network && of.role != list_role::network) return "so they ask the network instead";
  return next == stage::custom_list ? "so they ask their own list" : "so they ask the standard list instead";
}

/// Does a class get nothing from this list for any service that it is asked for?
[[nodiscard]] inline bool gives_nothing(const partition& cut, const placed_list& of, const client_class& who) {
  for (const service what : all_services) {
    if (is_asked_for(cut, of, what) && !own_attempts(cut, of, who, what).empty()) return false;
  }
  return true;
}

/// A list whose clients with one family only cannot ask any of its sources. The network's are `cloud-only-ipv6`. [S-51] [S-53]
[[nodiscard]] inline std::vector<finding> check_list_empty_for_family(const partition& cut) {
  std::vector<finding> found;
  for (const placed_list& of : placed_lists(cut)) {
    if (of.role == list_role::network) continue;
    for (const client_class& who : of.clients) {
      const family f = who.stack.contains(family::ipv4) ? family::ipv4 : family::ipv6;
      if (who.stack == family_set::both() || !expects(cut, of, f) || !gives_nothing(cut, of, who)) continue;
      const bool empty = of.list->sources.empty();
      const std::string clients = "clients of " + of.title() + " with " + std::string(words_for(who.stack));
      finding one = found_at(of.pointer + (empty ? "" : "/sources"),
                             (empty ? "the list has no sources, so " + clients + " get nothing from it, "
                                    : clients + " cannot ask any of its sources, ") +
                                 instead_of(cut, of, who, service::file_reputation));
      if (!empty) one.fix = "add a source that answers on " + std::string(words_for(f)) + ", or a proxy that converts";
      one.list = of.name_if_custom();
      one.addresses = cut.count(f, who.list).to_text();
      one.different_outcome = true;
      if (const auto client = cut.witness(who); client && !client->addresses.empty())
        one.example = client->addresses.front().value.to_text();
      found.push_back(std::move(one));
    }
  }
  return found;
}

}  // namespace smplist::detail
