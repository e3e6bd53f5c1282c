// SPDX-License-Identifier: MIT
/// \file proxy.hpp
/// Floor 3. A proxy, and the reference to its password.
#pragma once

#include <smplist/host.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace smplist {

/// Where a password is kept: `env:NAME`, `file:PATH` or `keyring:SERVICE/USER`. Never the password. [S-24]
class password_reference {
 public:
  /// \returns the reference, or `errc::plaintext_password` with an empty span: the text may be a secret, so the error does
  ///          not even say how long it is
  [[nodiscard]] static result<password_reference> try_parse(std::string_view text) {
    const bool known = has_content(text, "env:") || has_content(text, "file:") || is_keyring(text);
    bool printable = true;
    for (const char c : text) printable = printable && !detail::is_control(c);
    if (!known || !printable) return error_at(errc::plaintext_password, 0, 0);
    return password_reference(std::string(text));
  }

#if defined(__cpp_exceptions)
  /// \throws parse_exception without the text
  [[nodiscard]] static password_reference parse(std::string_view text) { return try_parse(text).value(); }
#endif

  [[nodiscard]] const std::string& to_text() const& noexcept { return text_; }
  [[nodiscard]] std::string to_text() && noexcept { return std::move(text_); }

  friend bool operator==(const password_reference& a, const password_reference& b) noexcept { return a.text_ == b.text_; }
  friend bool operator!=(const password_reference& a, const password_reference& b) noexcept { return !(a == b); }

 private:
  explicit password_reference(std::string text) : text_(std::move(text)) {}

  [[nodiscard]] static bool has_content(std::string_view text, std::string_view form) noexcept {
    return text.size() > form.size() && text.substr(0, form.size()) == form;
  }
  [[nodiscard]] static bool is_keyring(std::string_view text) noexcept {
    constexpr std::string_view form = "keyring:";
    if (!has_content(text, form)) return false;
    const std::size_t slash = text.find('/', form.size());
    return slash != std::string_view::npos && slash > form.size() && slash + 1 < text.size();
  }

  std::string text_;
};

/// What clients go through to reach the sources of a stage. [S-23] [S-52]
struct proxy {
  smplist::host host;
  std::uint16_t port = 0;                   // 1 to 65535
  std::optional<family_set> families = {};  // empty: unknown; of an address: its own [S-12]
  bool converts = false;                    // joins two families
  std::optional<std::string> user = {};
  std::optional<password_reference> password = {};
  std::optional<family_set> leaves_on = {};  // towards the sources; empty: the families it answers on

  /// Host and port, the proxy's identity. [S-63]
  [[nodiscard]] std::string to_text() const { return host_port{host, port}.to_text(); }

  friend bool operator==(const proxy& a, const proxy& b) noexcept {
    return a.host == b.host && a.port == b.port && a.families == b.families && a.converts == b.converts && a.user == b.user &&
           a.password == b.password && a.leaves_on == b.leaves_on;
  }
  friend bool operator!=(const proxy& a, const proxy& b) noexcept { return !(a == b); }
};

}  // namespace smplist
