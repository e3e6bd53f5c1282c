// SPDX-License-Identifier: MIT
/// \file source.hpp
/// Floor 3. A protection source: anything that answers reputation queries.
#pragma once

#include <smplist/host.hpp>
#include <smplist/service.hpp>

#include <optional>
#include <string>

namespace smplist {

/// The kind sets defaults and feeds lint rules; it never changes an order. [S-10]
enum class source_kind : std::uint8_t { standalone, integrated, network, gateway };

template <>
struct detail::words<source_kind> {
  static constexpr std::string_view table[] = {"standalone", "integrated", "network", "gateway"};
};

struct source {
  std::string name;
  source_kind kind = source_kind::standalone;
  smplist::host host;
  std::optional<family_set> families = {};  // empty: unknown; of an address: its own [S-12]
  std::optional<endpoint> file_reputation = {};
  std::optional<endpoint> web_reputation = {};

  /// Where it listens for a service, if it offers it. [S-13]
  [[nodiscard]] const std::optional<endpoint>& at(service s) const noexcept {
    return s == service::file_reputation ? file_reputation : web_reputation;
  }

  /// `scheme://host:port`, what makes two endpoints the same; empty if the service is not offered. [S-14]
  [[nodiscard]] std::string identity(service s) const {
    const auto& where = at(s);
    if (!where) return {};
    return std::string(smplist::name(where->scheme)) + "://" + host_port{host, where->port}.to_text();
  }

  /// What a client asks: the identity, for file reputation with the path `/tmcss`. [S-14]
  [[nodiscard]] std::string url(service s) const {
    return at(s) && s == service::file_reputation ? identity(s) + "/tmcss" : identity(s);
  }

  friend bool operator==(const source& a, const source& b) noexcept {
    return a.name == b.name && a.kind == b.kind && a.host == b.host && a.families == b.families &&
           a.file_reputation == b.file_reputation && a.web_reputation == b.web_reputation;
  }
  friend bool operator!=(const source& a, const source& b) noexcept { return !(a == b); }
};

}  // namespace smplist
