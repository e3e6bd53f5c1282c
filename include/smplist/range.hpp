// SPDX-License-Identifier: MIT
/// \file range.hpp
/// Floor 2. A run of addresses, both ends included.
#pragma once

#include <smplist/address.hpp>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smplist {

/// A number of addresses: 128 bits are one too few for `::/0`.
struct address_count {
  std::uint64_t top = 0;  // multiples of 2^128
  detail::u128 low;

  [[nodiscard]] std::string to_text() const { return detail::decimal(top, low); }

  friend constexpr address_count operator+(address_count a, address_count b) noexcept {
    const detail::u128 sum = a.low + b.low;
    return {a.top + b.top + (sum < a.low ? 1U : 0U), sum};
  }
  friend constexpr address_count operator-(address_count a, address_count b) noexcept {
    return {a.top - b.top - (a.low < b.low ? 1U : 0U), a.low - b.low};
  }
  /// By doubling: exact up to 2^192, which pairs of addresses stay below.
  friend constexpr address_count operator*(address_count a, std::uint64_t times) noexcept {
    address_count product;
    for (; times != 0; times >>= 1U) {
      if ((times & 1U) != 0) product = product + a;
      a = a + a;
    }
    return product;
  }
  friend constexpr bool operator<(address_count a, address_count b) noexcept {
    return a.top != b.top ? a.top < b.top : a.low < b.low;
  }
  friend constexpr bool operator==(address_count a, address_count b) noexcept { return a.top == b.top && a.low == b.low; }
  friend constexpr bool operator!=(address_count a, address_count b) noexcept { return !(a == b); }
};

/// The addresses from `first()` to `last()`, both included. Never empty, never reversed, of one family. [S-05]
///
/// An IPv6 range may span the IPv4-mapped block, but holds no address of it and never ends in it. [S-03]
class address_range {
 public:
  /// The range of one address.
  // NOLINTNEXTLINE(google-explicit-constructor): an address is a range of one
  constexpr address_range(address only) noexcept : first_(only), last_(only) {}

  /// \returns the range, or `errc::range_reversed`, `errc::mixed_families`
  [[nodiscard]] static constexpr result<address_range> try_make(address first, address last) noexcept {
    if (first.family() != last.family()) return error_at(errc::mixed_families, 0, 0);
    if (last < first) return error_at(errc::range_reversed, 0, 0);
    return address_range(first, last);
  }

  /// Every address of a family.
  [[nodiscard]] static constexpr address_range all(family f) noexcept { return {address::lowest(f), address::highest(f)}; }

  /// Reads `10.0.0.1`, `10.0.0.1-10.0.0.9` or `10.0.0.0/24`; blanks around the hyphen are allowed.
  ///
  /// Prefix notation is that of RFC 4632, 3.1 and RFC 4291, 2.3; host bits after the prefix are refused, never masked. [S-05]
  /// \returns the range, or `errc::range_reversed`, `errc::mixed_families`, `errc::partly_mapped`, `errc::host_bits_set`,
  ///          `errc::prefix_length_out_of_range` and every error of `address::try_parse`, with the offset counted from
  ///          the start of `text`
  [[nodiscard]] static constexpr result<address_range> try_parse(std::string_view text) noexcept;

#if defined(__cpp_exceptions)
  /// \throws parse_exception
  [[nodiscard]] static address_range parse(std::string_view text) { return detail::parse_or_throw<address_range>(text); }
#endif

  [[nodiscard]] constexpr address first() const noexcept { return first_; }
  [[nodiscard]] constexpr address last() const noexcept { return last_; }
  [[nodiscard]] constexpr smplist::family family() const noexcept { return first_.family(); }

  /// `last - first + 1`: 2^128 for `::/0`.
  [[nodiscard]] constexpr address_count size() const noexcept {
    return address_count{0, last_.bits() - first_.bits()} + address_count{0, {0, 1}};
  }

  [[nodiscard]] constexpr bool contains(address a) const noexcept { return first_ <= a && a <= last_; }
  [[nodiscard]] constexpr bool contains(const address_range& other) const noexcept {
    return family() == other.family() && first_ <= other.first_ && other.last_ <= last_;
  }
  [[nodiscard]] constexpr bool overlaps(const address_range& other) const noexcept {
    return family() == other.family() && first_ <= other.last_ && other.first_ <= last_;
  }

  /// The prefix length, if the range is exactly one prefix.
  [[nodiscard]] constexpr std::optional<unsigned> prefix_length() const noexcept {
    const detail::u128 host = last_.bits() - first_.bits();
    const detail::u128 next = host + detail::u128{0, 1};
    if ((host & next) != detail::u128{} || (first_.bits() & host) != detail::u128{}) return std::nullopt;
    return width(family()) - detail::trailing_zeros(next);
  }

  /// The fewest prefixes that hold the same addresses, ascending. O(width).
  [[nodiscard]] std::vector<address_range> prefixes() const;

  /// One address, a prefix, or both ends: the first that fits.
  [[nodiscard]] std::string to_text() const {
    if (first_ == last_) return first_.to_text();
    if (const auto length = prefix_length()) return first_.to_text() + "/" + std::to_string(*length);
    return first_.to_text() + "-" + last_.to_text();
  }

  friend constexpr bool operator==(const address_range& a, const address_range& b) noexcept {
    return a.first_ == b.first_ && a.last_ == b.last_;
  }
  friend constexpr bool operator!=(const address_range& a, const address_range& b) noexcept { return !(a == b); }
  /// By first address, then by last.
  friend constexpr bool operator<(const address_range& a, const address_range& b) noexcept {
    return a.first_ != b.first_ ? a.first_ < b.first_ : a.last_ < b.last_;
  }

 private:
  constexpr address_range(address first, address last) noexcept : first_(first), last_(last) {}

  [[nodiscard]] static constexpr result<address_range> from_bits(detail::u128 first, detail::u128 last) noexcept;
  [[nodiscard]] static constexpr result<address_range> parse_prefix(std::string_view text, std::size_t slash) noexcept;
  [[nodiscard]] static constexpr result<address_range> parse_ends(std::string_view text, std::size_t hyphen) noexcept;

  // INVARIANT: first_ <= last_, same family
  address first_;
  address last_;
};

/// The IPv4-mapped block folds into IPv4; a range that spans it keeps its ends outside. [S-03]
constexpr result<address_range> address_range::from_bits(detail::u128 first, detail::u128 last) noexcept {
  const auto mapped = [](detail::u128 b) { return detail::mapped_first <= b && b <= detail::mapped_last; };
  if (mapped(first) != mapped(last)) {
    if (!(first <= detail::mapped_first && detail::mapped_last <= last)) return error_at(errc::partly_mapped, 0, 0);
    if (mapped(first)) first = detail::mapped_last + detail::u128{0, 1};
    if (mapped(last)) last = detail::mapped_first - detail::u128{0, 1};
  }
  return address_range(address::from_bits(first), address::from_bits(last));
}

constexpr result<address_range> address_range::parse_prefix(std::string_view text, std::size_t slash) noexcept {
  const auto base = address::try_parse(text.substr(0, slash));
  if (!base) return base.error();
  const std::string_view digits = text.substr(slash + 1);
  const bool written_as_ipv4 = detail::find_char(text, ':') == std::string_view::npos;
  const detail::scanned_number n = detail::scan_decimal(digits);
  if (n.digits != digits.size()) return error_at(errc::unexpected_character, slash + 1 + n.digits, 1);
  const bool padded = n.digits > 1 && digits[0] == '0';
  if (n.digits == 0 || padded || n.value > (written_as_ipv4 ? 32U : 128U)) {
    return error_at(errc::prefix_length_out_of_range, slash + 1, digits.size());
  }
  const detail::u128 host = detail::low_mask(written_as_ipv4 ? 32U - n.value : 128U - n.value);
  const detail::u128 bits = base->bits();
  if ((bits & host) != detail::u128{}) return error_at(errc::host_bits_set, 0, text.size());
  const auto range = from_bits(bits, bits | host);
  return range ? range : error_at(range.error().code, 0, text.size());
}

constexpr result<address_range> address_range::parse_ends(std::string_view text, std::size_t hyphen) noexcept {
  std::size_t left = hyphen;
  while (left != 0 && text[left - 1] == ' ') --left;
  const std::size_t right = hyphen + 1 + detail::count_blanks(text.substr(hyphen + 1));
  const auto first = address::try_parse(text.substr(0, left));
  if (!first) return first.error();
  const auto last = address::try_parse(text.substr(right));
  if (!last) return shifted(last.error(), right);
  if (first->family() != last->family()) {
    // `::ffff:10.0.0.1` is written as IPv6: a range that leaves the mapped block is another mistake than mixed families
    const bool both_written_as_ipv6 = detail::find_char(text.substr(0, left), ':') != std::string_view::npos &&
                                      detail::find_char(text.substr(right), ':') != std::string_view::npos;
    if (!both_written_as_ipv6) return error_at(errc::mixed_families, 0, text.size());
    if (last->bits() < first->bits()) return error_at(errc::range_reversed, 0, text.size());
    const auto range = from_bits(first->bits(), last->bits());
    return range ? range : error_at(range.error().code, 0, text.size());
  }
  const auto range = try_make(*first, *last);
  return range ? range : error_at(range.error().code, 0, text.size());
}

constexpr result<address_range> address_range::try_parse(std::string_view text) noexcept {
  if (const std::size_t slash = detail::find_char(text, '/'); slash != std::string_view::npos) return parse_prefix(text, slash);
  if (const std::size_t hyphen = detail::find_char(text, '-'); hyphen != std::string_view::npos) return parse_ends(text, hyphen);
  const auto only = address::try_parse(text);
  if (!only) return only.error();
  return address_range(*only);
}

inline std::vector<address_range> address_range::prefixes() const {
  std::vector<address_range> out;
  for (std::optional<address> at = first_; at && *at <= last_;) {
    unsigned bits = std::min(detail::trailing_zeros(at->bits()), width(family()));
    const auto end = [&] { return at->bits() | detail::low_mask(bits); };
    // a block that ends with the mapped block would end in IPv4, so it is halved [S-03]
    while (last_.bits() < end() || (!at->is_ipv4() && end() == detail::mapped_last)) --bits;
    const address last = address::from_ipv6(end().hi, end().lo);
    out.push_back(address_range(*at, last));
    at = last.next();
  }
  return out;
}

/// What to write instead of a prefix with host bits: both readings. Empty if `text` is not such a prefix. [S-05]
[[nodiscard]] inline std::string host_bits_advice(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto base = address::try_parse(text.substr(0, slash));
  if (slash == std::string_view::npos || !base) return {};
  const bool written_as_ipv4 = text.find(':') == std::string_view::npos;
  const detail::scanned_number n = detail::scan_decimal(text.substr(slash + 1));
  const detail::u128 network = base->bits() & ~detail::low_mask((written_as_ipv4 ? 32U : 128U) - n.value);
  return "write " + base->to_text() + " for this address alone, or " + address::from_bits(network).to_text() + "/" +
         std::to_string(base->is_ipv4() && !written_as_ipv4 && n.value >= 96 ? n.value - 96 : n.value) + " for the whole network";
}

inline namespace literals {

/// `"10.0.0.0/8"_range`: in a constant expression the compiler refuses a wrong one; elsewhere the program ends.
[[nodiscard]] constexpr address_range operator""_range(const char* text, std::size_t size) {
  const auto parsed = address_range::try_parse(std::string_view(text, size));
  if (!parsed) detail::literal_is_wrong();
  return *parsed;
}

}  // namespace literals

namespace detail {

/// Loopback and link-local addresses, ascending in each family: a client with no other has no family. [S-50]
inline constexpr address_range unusable_ranges[] = {"127.0.0.0/8"_range, "169.254.0.0/16"_range, "::1"_range, "fe80::/10"_range};

}  // namespace detail

}  // namespace smplist

template <>
struct std::hash<smplist::address_range> {
  [[nodiscard]] std::size_t operator()(const smplist::address_range& r) const noexcept {
    const std::hash<smplist::address> end;
    return static_cast<std::size_t>(smplist::detail::mix64(end(r.first()) + 0x9E3779B97F4A7C15U) ^ end(r.last()));
  }
};
