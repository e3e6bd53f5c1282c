// SPDX-License-Identifier: MIT
/// \file address.hpp
/// Floor 1. An IPv4 or IPv6 address.
#pragma once

#include <smplist/detail/hash.hpp>
#include <smplist/detail/scan.hpp>
#include <smplist/detail/u128.hpp>
#include <smplist/error.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace smplist {

enum class family : std::uint8_t { ipv4, ipv6 };

template <>
struct detail::words<family> {
  static constexpr std::string_view table[] = {"ipv4", "ipv6"};
};

/// 32 or 128.
[[nodiscard]] constexpr unsigned width(family f) noexcept { return f == family::ipv4 ? 32 : 128; }

class address;

namespace detail {

/// An address as a client may write it: the zone is kept apart. [S-04]
struct scoped_address;

[[nodiscard]] constexpr result<scoped_address> scan_address(std::string_view text) noexcept;

inline constexpr u128 mapped_first{0, 0x0000FFFF00000000U};
inline constexpr u128 mapped_last{0, 0x0000FFFFFFFFFFFFU};

}  // namespace detail

/// An address. 16 bytes, ordered IPv4 before IPv6 and then by value.
///
/// An IPv4 address is stored as its IPv4-mapped IPv6 form (RFC 4291, 2.5.5.2), so the two are one value. [S-03]
class address {
 public:
  /// `0.0.0.0`
  constexpr address() noexcept = default;

  [[nodiscard]] static constexpr address from_ipv4(std::uint32_t bits) noexcept {
    return address(detail::mapped_first + detail::u128{0, bits});
  }
  /// From 128 bits; those of an IPv4-mapped address give the IPv4 address. [S-03]
  [[nodiscard]] static constexpr address from_ipv6(std::uint64_t high, std::uint64_t low) noexcept {
    return address(detail::u128{high, low});
  }

  /// From what `bits()` gives.
  [[nodiscard]] static constexpr address from_bits(detail::u128 bits) noexcept { return address(bits); }

  /// Reads `10.0.0.1`, `2001:db8::1`, `[2001:db8::1]` or `(2001:db8::1)`. [S-01] [S-02]
  /// \returns the address, or the error with its bytes; zones are refused. [S-04]
  [[nodiscard]] static constexpr result<address> try_parse(std::string_view text) noexcept;

#if defined(__cpp_exceptions)
  /// \throws parse_exception
  [[nodiscard]] static address parse(std::string_view text) { return detail::parse_or_throw<address>(text); }
#endif

  /// The first address of a family: `0.0.0.0` or `::`.
  [[nodiscard]] static constexpr address lowest(family f) noexcept {
    return f == family::ipv4 ? address() : address(detail::u128{});
  }
  /// The last address of a family.
  [[nodiscard]] static constexpr address highest(family f) noexcept {
    return address(f == family::ipv4 ? detail::mapped_last : detail::u128_max);
  }

  [[nodiscard]] constexpr smplist::family family() const noexcept {
    return bits_.hi == 0 && bits_.lo >> 32U == 0xFFFFU ? smplist::family::ipv4 : smplist::family::ipv6;
  }
  [[nodiscard]] constexpr bool is_ipv4() const noexcept { return family() == smplist::family::ipv4; }

  /// The 128 bits, an IPv4 address as its mapped form.
  [[nodiscard]] constexpr detail::u128 bits() const noexcept { return bits_; }
  /// The 32 bits of an IPv4 address; of an IPv6 address the lowest 32.
  [[nodiscard]] constexpr std::uint32_t ipv4_bits() const noexcept { return static_cast<std::uint32_t>(bits_.lo); }

  /// 169.254.0.0/16 (RFC 3927) and fe80::/10 (RFC 4291, 2.5.6).
  [[nodiscard]] constexpr bool is_link_local() const noexcept {
    return is_ipv4() ? ipv4_bits() >> 16U == 0xA9FEU : bits_.hi >> 54U == 0xFE80U >> 6U;
  }
  /// 127.0.0.0/8 and ::1.
  [[nodiscard]] constexpr bool is_loopback() const noexcept {
    return is_ipv4() ? ipv4_bits() >> 24U == 127 : bits_ == detail::u128{0, 1};
  }

  /// The address behind this one in its family, if there is one; the mapped block is not IPv6 and is stepped over. [S-03]
  [[nodiscard]] constexpr std::optional<address> next() const noexcept {
    if (*this == highest(family())) return std::nullopt;
    const detail::u128 up = bits_ + detail::u128{0, 1};
    return address(!is_ipv4() && up == detail::mapped_first ? detail::mapped_last + detail::u128{0, 1} : up);
  }
  /// The address before this one in its family, if there is one.
  [[nodiscard]] constexpr std::optional<address> previous() const noexcept {
    if (*this == lowest(family())) return std::nullopt;
    const detail::u128 down = bits_ - detail::u128{0, 1};
    return address(!is_ipv4() && down == detail::mapped_last ? detail::mapped_first - detail::u128{0, 1} : down);
  }

  /// RFC 5952; IPv4 dotted; no enclosure.
  [[nodiscard]] std::string to_text() const;

  friend constexpr bool operator==(address a, address b) noexcept { return a.bits_ == b.bits_; }
  friend constexpr bool operator!=(address a, address b) noexcept { return !(a == b); }
  friend constexpr bool operator<(address a, address b) noexcept {
    return a.family() != b.family() ? a.is_ipv4() : a.bits_ < b.bits_;
  }
  friend constexpr bool operator>(address a, address b) noexcept { return b < a; }
  friend constexpr bool operator<=(address a, address b) noexcept { return !(b < a); }
  friend constexpr bool operator>=(address a, address b) noexcept { return !(a < b); }

 private:
  constexpr explicit address(detail::u128 bits) noexcept : bits_(bits) {}

  detail::u128 bits_ = detail::mapped_first;
};

namespace detail {

struct scoped_address {
  address value;
  std::string_view zone;  // empty: none; points into the parsed text
};

/// Four decimal octets, the whole of `text`. [S-01]
[[nodiscard]] constexpr result<std::uint32_t> scan_ipv4(std::string_view text) noexcept {
  std::uint32_t bits = 0;
  std::size_t at = 0;
  for (unsigned octet = 0; octet < 4; ++octet) {
    const scanned_number n = scan_decimal(text.substr(at));
    if (n.digits == 0) {
      if (at == text.size()) return error_at(errc::octet_count, 0, text.size());
      return error_at(errc::unexpected_character, at, 1);
    }
    if (n.digits > 1 && text[at] == '0') return error_at(errc::octet_leading_zero, at, n.digits);
    if (n.value > 255) return error_at(errc::octet_out_of_range, at, n.digits);
    bits = bits << 8U | n.value;
    at += n.digits;
    if (octet == 3) break;
    if (at == text.size()) return error_at(errc::octet_count, 0, text.size());
    if (text[at] != '.') return error_at(errc::unexpected_character, at, 1);
    ++at;
  }
  if (at == text.size()) return bits;
  return text[at] == '.' ? error_at(errc::octet_count, 0, text.size()) : error_at(errc::unexpected_character, at, 1);
}

/// The groups of an IPv6 address while they are read.
struct ipv6_groups {
  std::array<std::uint16_t, 8> value{};
  std::size_t count = 0;
  std::size_t gap = 9;  // where '::' stands; 9: nowhere

  [[nodiscard]] constexpr bool has_gap() const noexcept { return gap != 9; }
  constexpr void push(std::uint32_t group) noexcept { value[count++] = static_cast<std::uint16_t>(group); }

  [[nodiscard]] constexpr u128 bits() const noexcept {
    std::array<std::uint16_t, 8> all{};
    for (std::size_t i = 0; i < count; ++i) all[i < gap ? i : 8 - count + i] = value[i];
    u128 out;
    for (std::size_t i = 0; i < 8; ++i) (i < 4 ? out.hi : out.lo) = (i < 4 ? out.hi : out.lo) << 16U | all[i];
    return out;
  }
};

/// A hexadecimal group at `at`: its digits, or none.
[[nodiscard]] constexpr scanned_number scan_group(std::string_view text) noexcept {
  scanned_number n;
  while (n.digits < text.size() && hex_value(text[n.digits]) >= 0) {
    if (n.digits < 4) n.value = n.value << 4U | static_cast<std::uint32_t>(hex_value(text[n.digits]));
    ++n.digits;
  }
  return n;
}

/// Any form of RFC 4291, 2.2, the whole of `text`, no zone, no enclosure. [S-01]
[[nodiscard]] constexpr result<u128> scan_ipv6(std::string_view text) noexcept {
  ipv6_groups groups;
  std::size_t at = 0;
  if (text.size() >= 2 && text[0] == ':' && text[1] == ':') {
    groups.gap = 0;
    at = 2;
  }
  while (at < text.size()) {
    const scanned_number n = scan_group(text.substr(at));
    if (n.digits == 0) return error_at(errc::unexpected_character, at, 1);
    if (at + n.digits < text.size() && text[at + n.digits] == '.') {
      const auto tail = scan_ipv4(text.substr(at));
      if (!tail) return shifted(tail.error(), at);
      if (groups.count > 6) return error_at(errc::group_count, 0, text.size());
      groups.push(*tail >> 16U);
      groups.push(*tail & 0xFFFFU);
      break;
    }
    if (n.digits > 4) return error_at(errc::group_too_long, at, n.digits);
    if (groups.count == 8) return error_at(errc::group_count, 0, text.size());
    groups.push(n.value);
    at += n.digits;
    if (at == text.size()) break;
    if (text[at] != ':') return error_at(errc::unexpected_character, at, 1);
    if (at + 1 == text.size()) return error_at(errc::unexpected_character, at, 1);
    if (text[at + 1] == ':') {
      if (groups.has_gap()) return error_at(errc::second_double_colon, at, 2);
      groups.gap = groups.count;
      ++at;
    }
    ++at;
  }
  if (groups.has_gap() ? groups.count > 7 : groups.count != 8) return error_at(errc::group_count, 0, text.size());
  return groups.bits();
}

/// What stands between the enclosure of `text`, if it has one. [S-02]
struct enclosed_text {
  std::string_view inner;
  std::size_t offset = 0;
};

[[nodiscard]] constexpr bool is_bracket(char c) noexcept { return c == '[' || c == ']' || c == '(' || c == ')'; }

[[nodiscard]] constexpr result<enclosed_text> open_enclosure(std::string_view text) noexcept {
  const char first = text.front();
  const char last = text.back();
  if (!is_bracket(first) && !is_bracket(last)) return enclosed_text{text, 0};
  const bool balanced = text.size() > 1 && ((first == '[' && last == ']') || (first == '(' && last == ')'));
  if (!balanced) return error_at(errc::unbalanced_enclosure, is_bracket(first) ? 0 : text.size() - 1, 1);
  return enclosed_text{text.substr(1, text.size() - 2), 1};
}

constexpr result<scoped_address> scan_address(std::string_view text) noexcept {
  if (text.empty()) return error_at(errc::empty_text, 0, 0);
  const auto open = open_enclosure(text);
  if (!open) return open.error();
  std::string_view inner = open->inner;
  if (inner.empty()) return error_at(errc::empty_text, open->offset, 0);
  if (is_bracket(inner.front()) || is_bracket(inner.back())) return error_at(errc::unbalanced_enclosure, open->offset, 1);
  if (find_char(inner, ':') == std::string_view::npos) {
    const auto bits = scan_ipv4(inner);
    if (!bits) return shifted(bits.error(), open->offset);
    if (open->offset != 0) return error_at(errc::enclosed_ipv4, 0, text.size());
    return scoped_address{address::from_ipv4(*bits), {}};
  }
  std::string_view zone;
  if (const std::size_t percent = find_char(inner, '%'); percent != std::string_view::npos) {
    zone = inner.substr(percent + 1);
    inner = inner.substr(0, percent);
    if (zone.empty()) return error_at(errc::unexpected_character, open->offset + percent, 1);
    for (std::size_t i = 0; i < zone.size(); ++i) {
      const bool fine = is_alpha(zone[i]) || is_digit(zone[i]) || find_char("-._~", zone[i]) != std::string_view::npos;
      if (!fine) return error_at(errc::unexpected_character, open->offset + percent + 1 + i, 1);
    }
  }
  const auto bits = scan_ipv6(inner);
  if (!bits) return shifted(bits.error(), open->offset);
  return scoped_address{address::from_bits(*bits), zone};
}

/// Appends `group` in hexadecimal without leading zeros.
inline void append_group(std::string& out, std::uint16_t group) {
  bool begun = false;
  for (unsigned shift = 16; shift != 0; shift -= 4) {
    const unsigned digit = group >> (shift - 4) & 15U;
    begun = begun || digit != 0 || shift == 4;
    if (begun) out += "0123456789abcdef"[digit];
  }
}

/// RFC 5952: lower case, the longest run of two or more zero groups shortened, the first of equals.
inline void append_ipv6(std::string& out, u128 bits) {
  std::array<std::uint16_t, 8> groups{};
  for (std::size_t i = 0; i < 8; ++i) groups[i] = static_cast<std::uint16_t>((i < 4 ? bits.hi : bits.lo) >> (48 - 16 * (i % 4)));
  std::size_t gap = 8;
  std::size_t length = 1;
  for (std::size_t i = 0; i < 8; ++i) {
    std::size_t run = 0;
    while (i + run < 8 && groups[i + run] == 0) ++run;
    if (run > length) {
      gap = i;
      length = run;
    }
  }
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == gap) {
      out += "::";
      i += length - 1;
      continue;
    }
    if (!out.empty() && out.back() != ':') out += ':';
    append_group(out, groups[i]);
  }
}

}  // namespace detail

constexpr result<address> address::try_parse(std::string_view text) noexcept {
  const auto scanned = detail::scan_address(text);
  if (!scanned) return scanned.error();
  if (scanned->zone.empty()) return scanned->value;
  const std::size_t percent = detail::find_char(text, '%');
  return error_at(errc::zone_not_allowed, percent, scanned->zone.size() + 1);
}

inline std::string address::to_text() const {
  std::string out;
  if (!is_ipv4()) {
    detail::append_ipv6(out, bits_);
    return out;
  }
  for (unsigned shift = 32; shift != 0; shift -= 8) {
    if (shift != 32) out += '.';
    out += std::to_string(ipv4_bits() >> (shift - 8) & 255U);
  }
  return out;
}

namespace detail {

/// A literal that is not one: not a constant expression, so the compiler refuses it and names this function.
[[noreturn]] inline void literal_is_wrong() { std::abort(); }

}  // namespace detail

inline namespace literals {

/// `"10.0.0.1"_address`: in a constant expression the compiler refuses a wrong one; elsewhere the program ends.
[[nodiscard]] constexpr address operator""_address(const char* text, std::size_t size) {
  const auto parsed = address::try_parse(std::string_view(text, size));
  if (!parsed) detail::literal_is_wrong();
  return *parsed;
}

}  // namespace literals

}  // namespace smplist

template <>
struct std::hash<smplist::address> {
  [[nodiscard]] std::size_t operator()(smplist::address a) const noexcept {
    return static_cast<std::size_t>(smplist::detail::mix64(a.bits().hi ^ smplist::detail::mix64(a.bits().lo)));
  }
};
