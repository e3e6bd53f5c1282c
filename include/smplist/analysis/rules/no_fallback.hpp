// SPDX-License-Identifier: MIT
/// \file analysis/rules/no_fallback.hpp
/// Floor 8. Lint rule `no-fallback`.
#pragma once

#include <smplist/analysis/placed_list.hpp>

#include <string>
#include <vector>

namespace smplist::detail {

/// Custom lists and nothing behind them: when their servers are down, or for an address in no list, nobody is asked. [S-43] [S-45] [S-46]
[[nodiscard]] inline std::vector<finding> check_no_fallback(const partition& cut) {
  const policy_draft& draft = cut.policy().content();
  if (!cut.consults_lists() || draft.lists.empty()) return {};
  if (draft.fallback_to_standard && !draft.standard.sources.empty()) return {};
  std::vector<std::string> services;
  for (const service what : all_services) {
    const bool asked = what == service::file_reputation || draft.web_reputation_to_servers;
    const bool network = draft.falls_back_to_network(what) && !draft.network.sources.empty();
    if (asked && !network) services.emplace_back(words_for(what));
  }
  if (services.empty()) return {};
  const address_count outside = cut.count(family::ipv4, no_list) + cut.count(family::ipv6, no_list);
  std::string text =
      "for " + some_of(services) + " nobody stands behind the custom lists: clients whose servers are all down ask nobody";
  if (outside != address_count{}) {
    text += ", and neither do those in no list (" +
            counted(cut.count(family::ipv4, no_list).to_text(), "IPv4 address", "IPv4 addresses") + ")";
  }
  finding one = found_at("/internal/custom", std::move(text),
                         draft.fallback_to_standard       ? "give the standard list a source"
                         : draft.standard.sources.empty() ? "give the standard list a source and set fallback_to_standard: true"
                                                          : "set fallback_to_standard: true");
  one.addresses = outside.to_text();
  one.different_outcome = true;
  return {one};
}

}  // namespace smplist::detail
