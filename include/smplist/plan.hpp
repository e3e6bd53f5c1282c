// SPDX-License-Identifier: MIT
/// \file plan.hpp
/// Floor 6. The answer: whom a client asks, in what order, through what, and why.
#pragma once

#include <smplist/client.hpp>
#include <smplist/order.hpp>
#include <smplist/range.hpp>
#include <smplist/reason.hpp>
#include <smplist/service.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace smplist {

/// Where the first attempt comes from, or why there is none. Closed. [S-64]
enum class outcome : std::uint8_t { custom_list, standard_list, fallback_standard, network, none_reachable, no_list };

template <>
struct detail::words<outcome> {
  static constexpr std::string_view table[] = {"custom_list", "standard_list",  "fallback_standard",
                                               "network",     "none_reachable", "no_list"};
};

/// What a list is in a plan; the outcomes that name a stage are its first four. [S-64]
enum class stage : std::uint8_t { custom_list, standard_list, fallback_standard, network };

template <>
struct detail::words<stage> {
  static constexpr std::string_view table[] = {"custom_list", "standard_list", "fallback_standard", "network"};
};

/// What happens when nothing answers. [S-66]
enum class exhausted_action : std::uint8_t { allow_and_rescan, local_lists_only };

template <>
struct detail::words<exhausted_action> {
  static constexpr std::string_view table[] = {"allow_and_rescan", "local_lists_only"};
};

/// What an attempt rests on that nobody stated. [S-12]
enum class attempt_note : std::uint8_t { family_unknown };

template <>
struct detail::words<attempt_note> {
  static constexpr std::string_view table[] = {"family_unknown"};
};

/// A list that the plan goes through.
struct planned_stage {
  smplist::stage stage = stage::network;
  std::string list;
  smplist::order order = order::ordered;
  std::string proxy = {};  // `host:port`, or empty

  friend bool operator==(const planned_stage& a, const planned_stage& b) noexcept {
    return a.stage == b.stage && a.list == b.list && a.order == b.order && a.proxy == b.proxy;
  }
};

/// One step: ask this source, this way.
struct attempt {
  smplist::stage stage = stage::network;
  std::string list;
  std::string source;
  std::string identity;               // `scheme://host:port` [S-14]
  std::string url;                    // [S-14]
  std::string via = {};               // the proxy's `host:port`, or empty
  std::vector<family> families = {};  // of each hop [S-54]
  std::vector<attempt_note> notes = {};

  friend bool operator==(const attempt& a, const attempt& b) noexcept {
    return a.stage == b.stage && a.list == b.list && a.source == b.source && a.identity == b.identity && a.url == b.url &&
           a.via == b.via && a.families == b.families && a.notes == b.notes;
  }
  friend bool operator!=(const attempt& a, const attempt& b) noexcept { return !(a == b); }
};

/// A source that the plan leaves out. [S-53]
struct ignored_source {
  smplist::stage stage = stage::network;
  std::string list;
  std::string source;
  smplist::reason reason = reason::no_common_family;

  friend bool operator==(const ignored_source& a, const ignored_source& b) noexcept {
    return a.stage == b.stage && a.list == b.list && a.source == b.source && a.reason == b.reason;
  }
  friend bool operator!=(const ignored_source& a, const ignored_source& b) noexcept { return !(a == b); }
};

/// What picked the custom list. [S-44]
struct deciding_range {
  std::string list;
  address_range range;
  smplist::address address;

  friend bool operator==(const deciding_range& a, const deciding_range& b) noexcept {
    return a.list == b.list && a.range == b.range && a.address == b.address;
  }
};

/// The addresses that get the same plan. [S-62]
struct plan_scope {
  address first;
  address last;
  bool order_varies = false;

  friend bool operator==(const plan_scope& a, const plan_scope& b) noexcept {
    return a.first == b.first && a.last == b.last && a.order_varies == b.order_varies;
  }
};

/// A value that stands by itself: it needs neither the policy nor the client any more. [S-61]
struct plan {
  std::string revision;
  smplist::service service = service::file_reputation;
  std::string client_id = {};                  // empty: none
  std::vector<address> client_addresses = {};  // without zones
  family_set client_stack = {};                // [S-50]
  smplist::location location = location::external;
  smplist::outcome outcome = outcome::no_list;
  std::vector<std::string> lists = {};  // that matched, the chosen one first
  std::optional<deciding_range> decided_by = {};
  std::vector<planned_stage> stages = {};
  std::vector<attempt> attempts = {};
  std::vector<ignored_source> ignored = {};
  exhausted_action exhausted = exhausted_action::allow_and_rescan;
  std::optional<plan_scope> scope = {};
  std::vector<trace_step> trace = {};

  friend bool operator==(const plan& a, const plan& b) noexcept {
    return a.revision == b.revision && a.service == b.service && a.client_id == b.client_id &&
           a.client_addresses == b.client_addresses && a.client_stack == b.client_stack && a.location == b.location &&
           a.outcome == b.outcome && a.lists == b.lists && a.decided_by == b.decided_by && a.stages == b.stages &&
           a.attempts == b.attempts && a.ignored == b.ignored && a.exhausted == b.exhausted && a.scope == b.scope &&
           a.trace == b.trace;
  }
  friend bool operator!=(const plan& a, const plan& b) noexcept { return !(a == b); }
};

/// Whether an endpoint answers. [S-65]
enum class availability : std::uint8_t { up, down, unknown };

template <>
struct detail::words<availability> {
  static constexpr std::string_view table[] = {"up", "down", "unknown"};
};

/// By endpoint identity; endpoints not named are unknown, which counts as up.
using availability_map = std::map<std::string, availability, std::less<>>;

/// The first attempt whose endpoint is not down; null if none is left. [S-65]
[[nodiscard]] inline const attempt* first_available(const plan& p, const availability_map& known) {
  const auto usable = [&](const attempt& a) {
    const auto found = known.find(a.identity);
    return found == known.end() || found->second != availability::down;
  };
  const auto found = std::find_if(p.attempts.begin(), p.attempts.end(), usable);
  return found == p.attempts.end() ? nullptr : &*found;
}

}  // namespace smplist
