// SPDX-License-Identifier: MIT
/// \file reason.hpp
/// Floor 6. Why: every decision an evaluation can take, with its clause and its sentence.
#pragma once

#include <smplist/detail/words.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace smplist {

enum class reason : std::uint8_t {
  // why a plan is what it is, in the order of a trace
  zone_dropped,
  location_declared,
  gateway_matched,
  gateway_not_matched,
  server_reached,
  server_not_reached,
  no_location_evidence,
  client_families,
  no_usable_address,
  external_client,
  web_reputation_to_network,
  no_sources_configured,
  standard_list_for_all,
  custom_list_matched,
  overlap_resolved,
  no_custom_list_matches,
  standard_list_as_fallback,
  network_as_fallback,
  as_written,
  random_order,
  // why a source is ignored, in the order of asking [S-53]
  service_not_offered,
  no_common_family,
  proxy_unreachable,
  proxy_cannot_reach_source,
  proxy_cannot_convert,
  already_listed,
};

template <>
struct detail::words<reason> {
  static constexpr std::string_view table[] = {
      "zone_dropped",
      "location_declared",
      "gateway_matched",
      "gateway_not_matched",
      "server_reached",
      "server_not_reached",
      "no_location_evidence",
      "client_families",
      "no_usable_address",
      "external_client",
      "web_reputation_to_network",
      "no_sources_configured",
      "standard_list_for_all",
      "custom_list_matched",
      "overlap_resolved",
      "no_custom_list_matches",
      "standard_list_as_fallback",
      "network_as_fallback",
      "as_written",
      "random_order",
      "service_not_offered",
      "no_common_family",
      "proxy_unreachable",
      "proxy_cannot_reach_source",
      "proxy_cannot_convert",
      "already_listed",
  };
};
static_assert(detail::count_of<reason> == static_cast<std::size_t>(reason::already_listed) + 1);

/// The clause of docs/explanation/semantics.md that decides so.
[[nodiscard]] constexpr std::string_view clause(reason why) noexcept {
  switch (why) {
    case reason::zone_dropped: return "S-04";
    case reason::location_declared: return "S-30";
    case reason::gateway_matched:
    case reason::gateway_not_matched: return "S-31";
    case reason::server_reached:
    case reason::server_not_reached: return "S-32";
    case reason::no_location_evidence: return "S-33";
    case reason::client_families:
    case reason::no_usable_address: return "S-50";
    case reason::external_client: return "S-40";
    case reason::web_reputation_to_network: return "S-41";
    case reason::no_sources_configured: return "S-47";
    case reason::standard_list_for_all: return "S-42";
    case reason::custom_list_matched:
    case reason::overlap_resolved: return "S-44";
    case reason::no_custom_list_matches: return "S-45";
    case reason::standard_list_as_fallback: return "S-43";
    case reason::network_as_fallback: return "S-46";
    case reason::as_written: return "S-20";
    case reason::random_order: return "S-21";
    case reason::service_not_offered:
    case reason::no_common_family:
    case reason::proxy_unreachable:
    case reason::proxy_cannot_reach_source:
    case reason::proxy_cannot_convert: return "S-53";
    case reason::already_listed: return "S-63";
  }
  return "";
}

/// The sentence: `{0}`, `{1}`, ... stand for what the decision is about, `{*}` for all of it, `{1*}` for all but the first.
[[nodiscard]] constexpr std::string_view sentence(reason why) noexcept {
  switch (why) {
    case reason::zone_dropped: return "the zone '{1}' of {0} says nothing here and is left out";
    case reason::location_declared: return "the caller says that the client is {0}";
    case reason::gateway_matched: return "the client's gateway {0} is one of the policy's, so it is internal";
    case reason::gateway_not_matched: return "none of the client's gateways is one of the policy's, so it is external";
    case reason::server_reached: return "the client reached {0}, so it is internal";
    case reason::server_not_reached: return "the client reached none of the policy's servers, so it is external";
    case reason::no_location_evidence: return "nothing shows that the client is internal, so it is external";
    case reason::client_families: return "the client can use {*}";
    case reason::no_usable_address: return "the client has no address that can reach anything";
    case reason::external_client: return "external clients ask the network only";
    case reason::web_reputation_to_network: return "the policy sends web reputation queries to the network";
    case reason::no_sources_configured: return "no source is configured in these lists, so the network is asked";
    case reason::standard_list_for_all: return "all internal clients use the standard list";
    case reason::custom_list_matched: return "{2} is in {1} of the list {0}";
    case reason::overlap_resolved: return "{1*} would match too; the rule '{0}' decides";
    case reason::no_custom_list_matches: return "no custom list holds an address of the client";
    case reason::standard_list_as_fallback: return "the standard list is the fallback";
    case reason::network_as_fallback: return "the network is the last fallback";
    case reason::as_written: return "the sources of {0} are tried as written";
    case reason::random_order: return "the sources of {0} are tried in a random order that is fixed by the client's {1}";
    case reason::service_not_offered: return "does not offer this service";
    case reason::no_common_family: return "shares no address family with the client";
    case reason::proxy_unreachable: return "stands behind a proxy that shares no address family with the client";
    case reason::proxy_cannot_reach_source: return "shares no address family with the proxy";
    case reason::proxy_cannot_convert: return "needs a proxy that converts between IPv4 and IPv6, and this one does not";
    case reason::already_listed: return "stands earlier in the plan, by the same endpoint and proxy";
  }
  return "";
}

/// One decision of an evaluation.
struct trace_step {
  reason why = reason::zone_dropped;
  std::vector<std::string> about = {};  // see "The trace" in docs/explanation/semantics.md

  friend bool operator==(const trace_step& a, const trace_step& b) noexcept { return a.why == b.why && a.about == b.about; }
  friend bool operator!=(const trace_step& a, const trace_step& b) noexcept { return !(a == b); }
};

namespace detail {

/// `a`, `a and b`, `a, b and c`.
[[nodiscard]] inline std::string enumerate(const std::vector<std::string>& items, std::size_t from) {
  std::string out;
  for (std::size_t i = from; i < items.size(); ++i) {
    if (i != from) out += i + 1 == items.size() ? " and " : ", ";
    out += items[i];
  }
  return out;
}

/// IPv4 and IPv6 as people write them; everything else as it is.
[[nodiscard]] inline std::string spoken(const std::string& word) {
  return word == "ipv4" ? "IPv4" : word == "ipv6" ? "IPv6" : word;
}

}  // namespace detail

/// The decision as a sentence, without a full stop.
[[nodiscard]] inline std::string to_text(const trace_step& step) {
  std::vector<std::string> about;
  for (const std::string& word : step.about) {
    about.push_back(step.why == reason::client_families ? detail::spoken(word) : word);
  }
  std::string out;
  const std::string_view form = sentence(step.why);
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (form[i] != '{') {
      out += form[i];
      continue;
    }
    const std::size_t end = form.find('}', i);
    const std::string_view slot = form.substr(i + 1, end - i - 1);
    const std::size_t from = slot[0] == '*' ? 0 : static_cast<std::size_t>(slot[0] - '0');
    if (slot.back() == '*') out += detail::enumerate(about, from);
    else if (from < about.size()) out += about[from];
    i = end;
  }
  return out;
}

}  // namespace smplist
