// SPDX-License-Identifier: MIT
/// \file client.hpp
/// Floor 5. A client: one computer, with what is known of it.
#pragma once

#include <smplist/host.hpp>
#include <smplist/mac.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace smplist {

enum class location : std::uint8_t { internal, external };

template <>
struct detail::words<location> {
  static constexpr std::string_view table[] = {"internal", "external"};
};

/// A gateway: in a policy, one that makes clients internal; in a client, one that it uses. [S-31]
struct gateway {
  smplist::address address;
  std::optional<mac_address> mac = {};

  friend bool operator==(const gateway& a, const gateway& b) noexcept { return a.address == b.address && a.mac == b.mac; }
  friend bool operator!=(const gateway& a, const gateway& b) noexcept { return !(a == b); }
};

/// An address as the client has it. Its zone decides nothing; the trace says that it was dropped. [S-04]
struct client_address {
  smplist::address value;
  std::string zone = {};

  // NOLINTNEXTLINE(google-explicit-constructor): an address is a client's address without a zone
  client_address(smplist::address a) : value(a) {}
  client_address(smplist::address a, std::string dropped_zone) : value(a), zone(std::move(dropped_zone)) {}

  /// Reads an address in any form of `address::try_parse`, IPv6 also with a zone. [S-04]
  [[nodiscard]] static result<client_address> try_parse(std::string_view text) {
    const auto scanned = detail::scan_address(text);
    if (!scanned) return scanned.error();
    return client_address(scanned->value, std::string(scanned->zone));
  }

  /// Reads back as it was: a zone stands behind IPv6 text only, so a mapped address that has one keeps its mapped form.
  [[nodiscard]] std::string to_text() const {
    if (zone.empty()) return value.to_text();
    return (value.is_ipv4() ? "::ffff:" : "") + value.to_text() + "%" + zone;
  }

  friend bool operator==(const client_address& a, const client_address& b) noexcept {
    return a.value == b.value && a.zone == b.zone;
  }
  friend bool operator!=(const client_address& a, const client_address& b) noexcept { return !(a == b); }
};

struct client {
  std::string id = {};                             // empty: none
  std::vector<client_address> addresses = {};      // in the client's order
  std::optional<smplist::location> location = {};  // declared; it wins over evidence [S-30]
  std::vector<gateway> gateways = {};              // evidence [S-31]
  std::vector<host_port> reached = {};             // evidence [S-32]
  std::optional<family_set> stack = {};            // stated, never empty [S-50]

  /// The first address in canonical order: IPv4 before IPv6, then by value. [S-21]
  [[nodiscard]] std::optional<smplist::address> first_address() const {
    std::optional<smplist::address> first;
    for (const client_address& a : addresses) {
      if (!first || a.value < *first) first = a.value;
    }
    return first;
  }

  /// The families that the client can use: stated, or those of its addresses, link-local and loopback not counted. [S-50]
  [[nodiscard]] family_set families() const noexcept {
    if (stack) return *stack;
    family_set found;
    for (const client_address& a : addresses) {
      if (!a.value.is_link_local() && !a.value.is_loopback()) found = found | a.value.family();
    }
    return found;
  }

  friend bool operator==(const client& a, const client& b) noexcept {
    return a.id == b.id && a.addresses == b.addresses && a.location == b.location && a.gateways == b.gateways &&
           a.reached == b.reached && a.stack == b.stack;
  }
  friend bool operator!=(const client& a, const client& b) noexcept { return !(a == b); }
};

namespace detail {

/// What fixes the random order for a client without an id. [S-21]
[[nodiscard]] constexpr std::uint64_t address_key(u128 bits) noexcept { return mix64(bits.hi ^ mix64(bits.lo)); }

}  // namespace detail

/// What fixes the random order for a client: its id, else its first address, else nothing (0). [S-21]
[[nodiscard]] inline std::uint64_t random_key(const client& who) {
  if (!who.id.empty()) return detail::fnv1a64(who.id);
  const auto first = who.first_address();
  return first ? detail::address_key(first->bits()) : 0;
}

}  // namespace smplist
