// SPDX-License-Identifier: MIT
/// \file host.hpp
/// Floor 3. A host, a host with a port, and the families a host answers on.
#pragma once

#include <smplist/address.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace smplist {

/// Some of the two families.
class family_set {
 public:
  constexpr family_set() noexcept = default;
  // NOLINTNEXTLINE(google-explicit-constructor): a family is a set of one
  constexpr family_set(family f) noexcept : bits_(bit(f)) {}

  [[nodiscard]] static constexpr family_set both() noexcept { return family_set(family::ipv4) | family::ipv6; }

  [[nodiscard]] constexpr bool empty() const noexcept { return bits_ == 0; }
  /// Its place among the four sets: none, IPv4, IPv6, both.
  [[nodiscard]] constexpr std::size_t index() const noexcept { return bits_; }
  [[nodiscard]] constexpr bool contains(family f) const noexcept { return (bits_ & bit(f)) != 0; }

  friend constexpr family_set operator|(family_set a, family_set b) noexcept { return from(a.bits_ | b.bits_); }
  friend constexpr family_set operator&(family_set a, family_set b) noexcept { return from(a.bits_ & b.bits_); }
  friend constexpr bool operator==(family_set a, family_set b) noexcept { return a.bits_ == b.bits_; }
  friend constexpr bool operator!=(family_set a, family_set b) noexcept { return !(a == b); }

 private:
  [[nodiscard]] static constexpr unsigned bit(family f) noexcept { return 1U << static_cast<unsigned>(f); }
  [[nodiscard]] static constexpr family_set from(unsigned bits) noexcept {
    family_set out;
    out.bits_ = bits;
    return out;
  }

  unsigned bits_ = 0;
};

/// A host name or an address. Names are kept in lower case, without a trailing dot. [S-11]
class host {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): an address is a host
  host(smplist::address a) : address_(a) {}

  /// Reads a name (RFC 1123, 2.1; `_` accepted) or an address in any form of `address::try_parse`.
  /// \returns the host, or `errc::non_ascii`, `errc::control_character`, `errc::name_too_long`, `errc::label_length`,
  ///          `errc::label_hyphen`, `errc::numeric_last_label`, `errc::unexpected_character` or an address's error
  [[nodiscard]] static result<host> try_parse(std::string_view text);

#if defined(__cpp_exceptions)
  /// \throws parse_exception
  [[nodiscard]] static host parse(std::string_view text) { return detail::parse_or_throw<host>(text); }
#endif

  /// The address, if the host is one.
  [[nodiscard]] std::optional<smplist::address> literal() const noexcept { return address_; }
  [[nodiscard]] bool is_name() const noexcept { return !address_.has_value(); }
  /// The name; empty if the host is an address.
  [[nodiscard]] std::string_view name() const noexcept { return name_; }

  /// Canonical: the name, or the address bare.
  [[nodiscard]] std::string to_text() const { return address_ ? address_->to_text() : name_; }
  /// As it stands before a port: an IPv6 address in brackets. [S-02]
  [[nodiscard]] std::string to_url_text() const {
    return address_ && !address_->is_ipv4() ? "[" + address_->to_text() + "]" : to_text();
  }

  friend bool operator==(const host& a, const host& b) noexcept { return a.address_ == b.address_ && a.name_ == b.name_; }
  friend bool operator!=(const host& a, const host& b) noexcept { return !(a == b); }

 private:
  explicit host(std::string name) : name_(std::move(name)) {}

  std::optional<smplist::address> address_;
  std::string name_;
};

/// A host and a port, `proxy.example:3128` or `[2001:db8::1]:443`.
struct host_port {
  smplist::host host;
  std::uint16_t port = 0;

  /// Reads `host:port`; an IPv6 address stands in an enclosure.
  /// \returns the pair, or `errc::missing_port`, `errc::port_out_of_range` or an error of `host::try_parse`
  [[nodiscard]] static result<host_port> try_parse(std::string_view text);

#if defined(__cpp_exceptions)
  /// \throws parse_exception
  [[nodiscard]] static host_port parse(std::string_view text) { return detail::parse_or_throw<host_port>(text); }
#endif

  [[nodiscard]] std::string to_text() const { return host.to_url_text() + ":" + std::to_string(port); }

  friend bool operator==(const host_port& a, const host_port& b) noexcept { return a.port == b.port && a.host == b.host; }
  friend bool operator!=(const host_port& a, const host_port& b) noexcept { return !(a == b); }
};

namespace detail {

[[nodiscard]] constexpr bool is_label_character(char c) noexcept { return is_alpha(c) || is_digit(c) || c == '-' || c == '_'; }

/// Decimal, or hexadecimal behind `0x`: what some resolvers would read as part of an IPv4 address.
[[nodiscard]] constexpr bool is_number_label(std::string_view label) noexcept {
  const bool hexadecimal = label.size() >= 2 && label[0] == '0' && lower(label[1]) == 'x';
  for (const char c : hexadecimal ? label.substr(2) : label) {
    if (hexadecimal ? hex_value(c) < 0 : !is_digit(c)) return false;
  }
  return true;
}

/// What is wrong with one label, at `offset` of the whole name.
[[nodiscard]] constexpr std::optional<parse_error> check_label(std::string_view label, std::size_t offset) noexcept {
  for (std::size_t i = 0; i < label.size(); ++i) {
    if (!is_label_character(label[i])) return error_at(errc::unexpected_character, offset + i, 1);
  }
  if (label.empty() || label.size() > 63) return error_at(errc::label_length, offset, label.size());
  if (label.front() == '-') return error_at(errc::label_hyphen, offset, 1);
  if (label.back() == '-') return error_at(errc::label_hyphen, offset + label.size() - 1, 1);
  return std::nullopt;
}

/// What is wrong with a host name, without its trailing dot. [S-11]
[[nodiscard]] constexpr std::optional<parse_error> check_host_name(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_ascii(text[i])) return error_at(errc::non_ascii, i, 1);
    if (is_control(text[i])) return error_at(errc::control_character, i, 1);
  }
  if (text.size() > 253) return error_at(errc::name_too_long, 0, text.size());
  for (std::size_t at = 0;;) {
    const std::size_t dot = find_char(text.substr(at), '.');
    const std::string_view label = text.substr(at, dot);
    if (const auto error = check_label(label, at)) return error;
    if (dot == std::string_view::npos) {
      return is_number_label(label) ? std::optional(error_at(errc::numeric_last_label, at, label.size())) : std::nullopt;
    }
    at += dot + 1;
  }
}

[[nodiscard]] constexpr bool looks_like_address(std::string_view text) noexcept {
  bool dotted = true;
  for (const char c : text) {
    if (c == ':' || is_bracket(c)) return true;
    dotted = dotted && (is_digit(c) || c == '.');
  }
  return dotted;
}

/// Reads a port, 1 to 65535, no sign, no leading zero, the whole of `text`.
[[nodiscard]] constexpr result<std::uint16_t> scan_port(std::string_view text) noexcept {
  const scanned_number n = scan_decimal(text);
  if (text.empty()) return error_at(errc::missing_port, 0, 0);
  if (n.digits != text.size()) return error_at(errc::unexpected_character, n.digits, 1);
  if (text[0] == '0' || n.value > 65535) return error_at(errc::port_out_of_range, 0, text.size());
  return static_cast<std::uint16_t>(n.value);
}

}  // namespace detail

inline result<host> host::try_parse(std::string_view text) {
  if (text.empty()) return error_at(errc::empty_text, 0, 0);
  if (detail::looks_like_address(text)) {
    const auto literal = address::try_parse(text);
    return literal ? result<host>(host(*literal)) : result<host>(literal.error());
  }
  if (text.size() > 1 && text.back() == '.') text.remove_suffix(1);
  if (const auto error = detail::check_host_name(text)) return *error;
  std::string name(text);
  for (char& c : name) c = detail::lower(c);
  return host(std::move(name));
}

inline result<host_port> host_port::try_parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const std::size_t bracket = text.find_last_of("])");
  const bool enclosed = bracket != std::string_view::npos;
  if (colon == std::string_view::npos || (enclosed && colon < bracket)) return error_at(errc::missing_port, text.size(), 0);
  const std::string_view front = text.substr(0, colon);
  // `2001:db8::1:443` could be an address or an address and a port: brackets decide
  if (!enclosed && front.find(':') != std::string_view::npos) return error_at(errc::missing_port, text.size(), 0);
  const auto where = smplist::host::try_parse(front);
  if (!where) return where.error();
  const auto port = detail::scan_port(text.substr(colon + 1));
  if (!port) return shifted(port.error(), colon + 1);
  return host_port{*where, *port};
}

}  // namespace smplist
