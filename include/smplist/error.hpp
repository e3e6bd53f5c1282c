// SPDX-License-Identifier: MIT
/// \file error.hpp
/// Floor 0. What can be wrong, where, and how a call says so without exceptions.
#pragma once

#include <smplist/detail/words.hpp>

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace smplist {

/// Everything a text, a document or a policy can have wrong. Closed: codes are compared, prose is made late.
enum class errc : std::uint8_t {
  empty_text,
  unexpected_character,
  octet_out_of_range,
  octet_leading_zero,
  octet_count,
  group_too_long,
  group_count,
  second_double_colon,
  unbalanced_enclosure,
  enclosed_ipv4,
  zone_not_allowed,
  prefix_length_out_of_range,
  host_bits_set,
  range_reversed,
  mixed_families,
  partly_mapped,
  non_ascii,
  control_character,
  name_too_long,
  label_length,
  label_hyphen,
  numeric_last_label,
  missing_port,
  port_out_of_range,
  bad_mac,
  plaintext_password,
  bad_name,
  syntax,
  not_utf8,
  too_deep,
  too_many,
  duplicate_key,
  unknown_key,
  missing_key,
  wrong_type,
  unknown_word,
  wrong_schema,
  families_of_literal,
  no_service,
  https_web_reputation,
  duplicate_name,
  unknown_source,
  duplicate_source,
  duplicate_endpoint,
  password_without_user,
  not_compiled,
  unsupported_version,
  wrong_checksum,
  corrupt,
  unreadable_file,
  bad_date,
};

template <>
struct detail::words<errc> {
  static constexpr std::string_view table[] = {
      "empty_text",
      "unexpected_character",
      "octet_out_of_range",
      "octet_leading_zero",
      "octet_count",
      "group_too_long",
      "group_count",
      "second_double_colon",
      "unbalanced_enclosure",
      "enclosed_ipv4",
      "zone_not_allowed",
      "prefix_length_out_of_range",
      "host_bits_set",
      "range_reversed",
      "mixed_families",
      "partly_mapped",
      "non_ascii",
      "control_character",
      "name_too_long",
      "label_length",
      "label_hyphen",
      "numeric_last_label",
      "missing_port",
      "port_out_of_range",
      "bad_mac",
      "plaintext_password",
      "bad_name",
      "syntax",
      "not_utf8",
      "too_deep",
      "too_many",
      "duplicate_key",
      "unknown_key",
      "missing_key",
      "wrong_type",
      "unknown_word",
      "wrong_schema",
      "families_of_literal",
      "no_service",
      "https_web_reputation",
      "duplicate_name",
      "unknown_source",
      "duplicate_source",
      "duplicate_endpoint",
      "password_without_user",
      "not_compiled",
      "unsupported_version",
      "wrong_checksum",
      "corrupt",
      "unreadable_file",
      "bad_date",
  };
};
static_assert(detail::count_of<errc> == static_cast<std::size_t>(errc::bad_date) + 1);

/// Why a text was refused, and which of its bytes are to blame (zero-based; the span may be empty at the end).
struct parse_error {
  errc code = errc::empty_text;
  std::uint32_t offset = 0;
  std::uint32_t length = 0;

  friend constexpr bool operator==(const parse_error& a, const parse_error& b) noexcept {
    return a.code == b.code && a.offset == b.offset && a.length == b.length;
  }
  friend constexpr bool operator!=(const parse_error& a, const parse_error& b) noexcept { return !(a == b); }
};

/// The error at `length` bytes from `offset`; offsets past 2^32 do not happen, texts this long are refused earlier.
[[nodiscard]] constexpr parse_error error_at(errc code, std::size_t offset, std::size_t length) noexcept {
  return {code, static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(length)};
}

/// The same error, seen from a text in which the parsed one starts `by` bytes later.
[[nodiscard]] constexpr parse_error shifted(parse_error error, std::size_t by) noexcept {
  return error_at(error.code, error.offset + by, error.length);
}

/// What the code says, in one line: lower case, no full stop.
[[nodiscard]] constexpr std::string_view message(errc code) noexcept {
  switch (code) {
    case errc::empty_text: return "nothing here";
    case errc::unexpected_character: return "unexpected character";
    case errc::octet_out_of_range: return "an octet is above 255";
    case errc::octet_leading_zero: return "an octet has a leading zero";
    case errc::octet_count: return "an IPv4 address has four octets";
    case errc::group_too_long: return "an IPv6 group has more than four digits";
    case errc::group_count: return "an IPv6 address has eight groups";
    case errc::second_double_colon: return "'::' stands twice";
    case errc::unbalanced_enclosure: return "the enclosure does not close as it opened";
    case errc::enclosed_ipv4: return "an IPv4 address stands in an enclosure";
    case errc::zone_not_allowed: return "a zone is not allowed here";
    case errc::prefix_length_out_of_range: return "the prefix length is out of range";
    case errc::host_bits_set: return "host bits are set behind the prefix";
    case errc::range_reversed: return "the range is reversed";
    case errc::mixed_families: return "the ends are of two families";
    case errc::partly_mapped: return "the range is partly IPv4-mapped and partly not";
    case errc::non_ascii: return "a character is not ASCII";
    case errc::control_character: return "a control character";
    case errc::name_too_long: return "the name is too long";
    case errc::label_length: return "a label has 1 to 63 bytes";
    case errc::label_hyphen: return "a label begins or ends with a hyphen";
    case errc::numeric_last_label: return "the last label is a number";
    case errc::missing_port: return "the port is missing";
    case errc::port_out_of_range: return "the port is out of range";
    case errc::bad_mac: return "not a MAC address";
    case errc::plaintext_password: return "not a reference to a password";
    case errc::bad_name: return "not a name";
    case errc::syntax: return "the document cannot be read";
    case errc::not_utf8: return "the text is not UTF-8";
    case errc::too_deep: return "nested more than 64 deep";
    case errc::too_many: return "too many entries";
    case errc::duplicate_key: return "the key stands twice";
    case errc::unknown_key: return "unknown key";
    case errc::missing_key: return "a key is missing";
    case errc::wrong_type: return "wrong type";
    case errc::unknown_word: return "unknown word";
    case errc::wrong_schema: return "unknown schema";
    case errc::families_of_literal: return "an address answers on its own family only";
    case errc::no_service: return "the source offers no service";
    case errc::https_web_reputation: return "web reputation over HTTPS is not allowed";
    case errc::duplicate_name: return "the name is taken";
    case errc::unknown_source: return "nobody declared this source";
    case errc::duplicate_source: return "the source stands twice in the list";
    case errc::duplicate_endpoint: return "the endpoint stands twice in the list";
    case errc::password_without_user: return "a password without a user";
    case errc::not_compiled: return "not a compiled policy";
    case errc::unsupported_version: return "a compiled policy of another version of the format";
    case errc::wrong_checksum: return "the bytes do not match their checksum";
    case errc::corrupt: return "the compiled policy contradicts itself";
    case errc::unreadable_file: return "the file cannot be read";
    case errc::bad_date: return "not a day of the calendar";
  }
  return "";
}

/// What to do about it, in one line; documents often know better and say more.
[[nodiscard]] constexpr std::string_view advice(errc code) noexcept {
  switch (code) {
    case errc::empty_text: return "write a value";
    case errc::unexpected_character: return "remove it";
    case errc::octet_out_of_range: return "octets are 0 to 255";
    case errc::octet_leading_zero: return "write it without the zero: some programs read it as octal";
    case errc::octet_count: return "write all four octets in decimal, as in 10.0.0.1";
    case errc::group_too_long: return "groups are 0 to ffff, without padding";
    case errc::group_count: return "write eight groups, or shorten one run of zeros to '::'";
    case errc::second_double_colon: return "write one of them as zeros";
    case errc::unbalanced_enclosure: return "write the address bare, in [ ] or in ( )";
    case errc::enclosed_ipv4: return "write the IPv4 address bare";
    case errc::zone_not_allowed: return "remove the '%' and what follows it";
    case errc::prefix_length_out_of_range: return "0 to 32 for IPv4, 0 to 128 for IPv6, no leading zero";
    case errc::host_bits_set: return "write the address alone or the whole network";
    case errc::range_reversed: return "write the lower end first";
    case errc::mixed_families: return "write one range for IPv4 and one for IPv6";
    case errc::partly_mapped: return "split it at the ends of ::ffff:0:0/96";
    case errc::non_ascii: return "write the name in punycode (xn--...)";
    case errc::control_character: return "remove it";
    case errc::name_too_long: return "host names have at most 253 bytes, other names 255";
    case errc::label_length: return "shorten the label, or remove the empty one";
    case errc::label_hyphen: return "remove the hyphen";
    case errc::numeric_last_label: return "write an IPv4 address in full, or a name that ends in letters";
    case errc::missing_port: return "write host:port, an IPv6 address as [address]:port";
    case errc::port_out_of_range: return "ports are 1 to 65535";
    case errc::bad_mac: return "write it as 00:11:22:33:44:55, in quotes";
    case errc::plaintext_password: return "write env:NAME, file:PATH or keyring:SERVICE/USER";
    case errc::bad_name: return "1 to 255 bytes, no blanks at the ends; a source's name also without '/' and ';'";
    case errc::syntax: return "mend the document at this place";
    case errc::not_utf8: return "save the file as UTF-8";
    case errc::too_deep: return "no policy needs this; remove the nesting";
    case errc::too_many: return "remove some";
    case errc::duplicate_key: return "keep one of them";
    case errc::unknown_key: return "remove it";
    case errc::missing_key: return "write it";
    case errc::wrong_type: return "write the type that is expected";
    case errc::unknown_word: return "write one of the words allowed here";
    case errc::wrong_schema: return "write smplist/1";
    case errc::families_of_literal: return "remove 'families'";
    case errc::no_service: return "add file_reputation, web_reputation or both";
    case errc::https_web_reputation: return "write http, or set allow_web_reputation_https: true";
    case errc::duplicate_name: return "rename one of them";
    case errc::unknown_source: return "declare it under 'sources'";
    case errc::duplicate_source: return "keep one of them";
    case errc::duplicate_endpoint: return "keep one of them, or change a port";
    case errc::password_without_user: return "add 'user'";
    case errc::not_compiled: return "give a file that 'compile' wrote";
    case errc::unsupported_version:
    case errc::wrong_checksum:
    case errc::corrupt: return "compile the policy again";
    case errc::unreadable_file: return "check that it exists and may be read";
    case errc::bad_date: return "write year, month and day, as in 2027-03-31";
  }
  return "";
}

/// One thing wrong with a policy, a client or a document. `pointer` is a JSON Pointer (RFC 6901); line and column are
/// one-based and count characters, and are 0 where there is no text.
struct problem {
  errc code = errc::syntax;
  std::string pointer;
  std::string reason;
  std::string advice;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

using problems = std::vector<problem>;

#if defined(__cpp_exceptions)
/// What `parse` throws.
class parse_exception : public std::invalid_argument {
 public:
  parse_exception(parse_error error, std::string text)
      : std::invalid_argument(std::string(message(error.code)) + "; " + std::string(advice(error.code))),
        error_(error),
        text_(std::move(text)) {}
  [[nodiscard]] const parse_error& error() const noexcept { return error_; }
  /// The text that was refused; empty where it could be a secret.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  parse_error error_;
  std::string text_;
};
#endif

/// A value, or why there is none. Never both, never neither.
template <class T, class Error = parse_error>
class [[nodiscard]] result {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): `return value;` and `return error;` are the point
  constexpr result(T value) : value_(std::move(value)) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  constexpr result(Error error) : error_(std::move(error)) {}

  [[nodiscard]] constexpr bool has_value() const noexcept { return value_.has_value(); }
  [[nodiscard]] constexpr explicit operator bool() const noexcept { return has_value(); }
  [[nodiscard]] constexpr const T& operator*() const& noexcept { return *value_; }
  [[nodiscard]] constexpr T operator*() && noexcept { return *std::move(value_); }
  [[nodiscard]] constexpr const T* operator->() const noexcept { return &*value_; }

  /// The value; without one the program ends, after throwing `parse_exception` where there are exceptions.
  [[nodiscard]] constexpr const T& value() const& {
    if (!value_) fail();
    return *value_;
  }
  /// Of a result that is about to end the value itself, so that nobody is left with a reference to what is gone.
  [[nodiscard]] constexpr T value() && {
    if (!value_) fail();
    return *std::move(value_);
  }
  /// Why there is no value; meaningless if there is one.
  [[nodiscard]] constexpr const Error& error() const& noexcept { return error_; }
  [[nodiscard]] constexpr Error error() && noexcept { return std::move(error_); }

 private:
  [[noreturn]] void fail() const {
#if defined(__cpp_exceptions)
    if constexpr (std::is_same_v<Error, parse_error>) {
      throw parse_exception(error_, {});
    } else {
      const bool some = !error_.empty();
      throw std::invalid_argument(some ? error_.front().pointer + ": " + error_.front().reason : "invalid");
    }
#else
    std::abort();
#endif
  }

  std::optional<T> value_;
  Error error_{};
};

#if defined(__cpp_exceptions)
namespace detail {

/// `T::parse` in terms of `T::try_parse`.
template <class T>
[[nodiscard]] T parse_or_throw(std::string_view text) {
  const auto parsed = T::try_parse(text);
  if (!parsed) throw parse_exception(parsed.error(), std::string(text));
  return *parsed;
}

}  // namespace detail
#endif

}  // namespace smplist
