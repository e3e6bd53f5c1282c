// SPDX-License-Identifier: MIT
/// \file route.hpp
/// Floor 6. How a client reaches a source: directly or through a proxy, over which families.
#pragma once

#include <smplist/draft.hpp>
#include <smplist/reason.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace smplist {

/// Facts that are not the client's own: they differ from question to question and are no part of the policy.
struct facts {
  std::uint64_t epoch = 0;                                       // reshuffles every random order [S-21]
  std::map<std::string, family_set, std::less<>> resolved = {};  // host in canonical text: its families [S-12]
};

namespace detail {

/// The families that a host answers on, and whether anybody said so. [S-12]
struct known_families {
  family_set set;
  bool unknown = false;
};

[[nodiscard]] inline known_families families_of(const std::optional<family_set>& stated, const host& where, const facts& given) {
  if (stated) return {*stated, false};
  const auto resolved = given.resolved.find(where.to_text());
  return resolved == given.resolved.end() ? known_families{family_set::both(), true} : known_families{resolved->second, false};
}

/// The families of a client, preferred first. [S-50]
[[nodiscard]] inline std::vector<family> preferred_families(family_set stack, ip_preference preference) {
  if (stack != family_set::both()) {
    if (stack.empty()) return {};
    return {stack.contains(family::ipv4) ? family::ipv4 : family::ipv6};
  }
  switch (preference) {
    case ip_preference::ipv4_first: return {family::ipv4, family::ipv6};
    case ip_preference::ipv6_first: return {family::ipv6, family::ipv4};
    case ip_preference::ipv4_only: return {family::ipv4};
    case ip_preference::ipv6_only: return {family::ipv6};
  }
  return {};
}

/// A way to a source, or why there is none.
struct route {
  std::vector<family> families = {};  // one per hop [S-54]; empty: no way
  reason why_not = reason::no_common_family;
  bool family_unknown = false;
};

[[nodiscard]] inline std::optional<family> first_shared(const std::vector<family>& preferred, family_set with) {
  for (const family f : preferred) {
    if (with.contains(f)) return f;
  }
  return std::nullopt;
}

/// [S-51] [S-54]
[[nodiscard]] inline route direct_route(const std::vector<family>& client, const known_families& source) {
  const auto shared = first_shared(client, source.set);
  if (!shared) return {{}, reason::no_common_family};
  return {{*shared}, {}, source.unknown};
}

/// [S-52] [S-53] [S-54]
[[nodiscard]] inline route proxied_route(const std::vector<family>& client, const proxy& through, const known_families& source,
                                         const facts& given) {
  if (client.empty()) return {{}, reason::no_common_family};
  const known_families listens = families_of(through.families, through.host, given);
  const auto to_proxy = first_shared(client, listens.set);
  if (!to_proxy) return {{}, reason::proxy_unreachable};
  const family_set onward = through.leaves_on.value_or(listens.set) & source.set;
  if (onward.empty()) return {{}, reason::proxy_cannot_reach_source};
  const bool unknown = listens.unknown || source.unknown;
  if (const auto same = first_shared(client, listens.set & onward)) return {{*same, *same}, {}, unknown};
  if (!through.converts) return {{}, reason::proxy_cannot_convert};
  return {{*to_proxy, onward.contains(family::ipv4) ? family::ipv4 : family::ipv6}, {}, unknown};
}

}  // namespace detail

}  // namespace smplist
