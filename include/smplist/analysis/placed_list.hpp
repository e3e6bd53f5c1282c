// SPDX-License-Identifier: MIT
/// \file analysis/placed_list.hpp
/// Floor 8. Each list of a policy with its place in the document and the classes of clients that come to it.
#pragma once

#include <smplist/analysis/partition.hpp>
#include <smplist/analysis/holdings.hpp>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace smplist::detail {

enum class list_role : std::uint8_t { custom, standard, network };

/// The three stacks of clients that can ask anybody.
inline const family_set all_stacks[] = {family::ipv4, family::ipv6, family_set::both()};

/// `IPv4 only`, `IPv6 only`, `IPv4 and IPv6`.
[[nodiscard]] inline std::string_view words_for(family_set stack) noexcept {
  if (stack == family_set::both()) return "IPv4 and IPv6";
  return stack.contains(family::ipv4) ? "IPv4 only" : "IPv6 only";
}
[[nodiscard]] inline std::string_view words_for(family f) noexcept { return f == family::ipv4 ? "IPv4" : "IPv6"; }
[[nodiscard]] inline std::string_view words_for(service s) noexcept {
  return s == service::file_reputation ? "file reputation" : "web reputation";
}

struct placed_list {
  const source_list* list;
  list_role role;
  std::string pointer;
  std::string proxy_pointer;
  std::vector<client_class> clients;  // who comes to it; of a fallback also those who come to it last

  /// `'manila'`, `the standard list`, `the network`.
  [[nodiscard]] std::string title() const {
    switch (role) {
      case list_role::custom: return in_quotes(list->name);
      case list_role::standard: return "the standard list";
      case list_role::network: break;
    }
    return "the network";
  }
  [[nodiscard]] std::string name_if_custom() const { return role == list_role::custom ? list->name : std::string(); }

  /// Is a stage this list's?
  [[nodiscard]] bool is_of(const answer_stage& s) const {
    const stage kind = s.attempts.front().stage;
    switch (role) {
      case list_role::custom: return kind == stage::custom_list && s.attempts.front().list == list->name;
      case list_role::standard: return kind == stage::standard_list || kind == stage::fallback_standard;
      case list_role::network: break;
    }
    return kind == stage::network;
  }
};

/// Who comes to a list of their own: those with one usable address of a family, and with one of each. [S-44]
[[nodiscard]] inline std::vector<client_class> clients_of(const partition& cut, std::uint32_t list) {
  std::vector<client_class> out;
  for (const family f : {family::ipv4, family::ipv6}) {
    if (cut.count(f, list) != address_count{}) out.push_back({location::internal, f, list});
  }
  if (cut.dual_count(list) != address_count{}) out.push_back({location::internal, family_set::both(), list});
  return out;
}

/// Every list that clients come to: custom ones, the standard one, the network. [S-40] to [S-47]
[[nodiscard]] inline std::vector<placed_list> placed_lists(const partition& cut) {
  const policy_draft& draft = cut.policy().content();
  std::vector<placed_list> out;
  if (cut.consults_lists()) {
    for (std::uint32_t i = 0; i < cut.lists(); ++i) {
      auto clients = clients_of(cut, i);
      const std::string at = pointer_to_list(i);
      if (!clients.empty()) out.push_back({&draft.lists[i], list_role::custom, at, at + "/proxy", std::move(clients)});
    }
  }
  const auto everybody = [](location where) {
    std::vector<client_class> all;
    for (const family_set stack : all_stacks) all.push_back({where, stack, no_list});
    return all;
  };
  const bool standard = !draft.nothing_configured() && (draft.mode == list_mode::standard || draft.fallback_to_standard);
  if (standard && !draft.standard.sources.empty()) {
    out.push_back({&draft.standard, list_role::standard, "/internal/standard", "/internal/proxy", everybody(location::internal)});
  }
  if (!draft.network.sources.empty()) {
    out.push_back({&draft.network, list_role::network, "/network", "/network/proxy", everybody(location::external)});
  }
  return out;
}

/// Does a policy say anything that there are clients with a family? A list of one's own has them by its ranges; for the standard list
/// and the network only ranges tell that anybody has this family alone, and an office without IPv6 is no fault.
[[nodiscard]] inline bool expects(const partition& cut, const placed_list& of, family f) {
  return of.role == list_role::custom || !cut.policy().ranges(f).empty();
}

/// What a class gets; null if there is no such client.
[[nodiscard]] inline const answer* answer_for(const partition& cut, const client_class& who, service what) {
  const std::uint32_t found = cut.answer_to(who, what);
  return found == no_answer ? nullptr : &cut.answers()[found];
}

/// The attempts of a class at this very list; empty if it has none there.
[[nodiscard]] inline std::vector<attempt> own_attempts(const partition& cut, const placed_list& of, const client_class& who,
                                                       service what) {
  if (const answer* const found = answer_for(cut, who, what)) {
    for (const answer_stage& s : found->stages) {
      if (of.is_of(s)) return s.attempts;
    }
  }
  return {};
}

/// Is a list asked for a service at all? Web reputation may go to the network alone. [S-41]
[[nodiscard]] inline bool is_asked_for(const partition& cut, const placed_list& of, service what) {
  return of.role == list_role::network || what == service::file_reputation || cut.policy().content().web_reputation_to_servers;
}

}  // namespace smplist::detail
