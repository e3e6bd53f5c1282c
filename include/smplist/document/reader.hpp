// SPDX-License-Identifier: MIT
/// \file document/reader.hpp
/// Side room. Reads values out of a document tree and collects everything that is wrong with them. [S-80]
#pragma once

#include <smplist/document/node.hpp>
#include <smplist/host.hpp>
#include <smplist/proxy.hpp>
#include <smplist/range.hpp>
#include <smplist/validate.hpp>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <vector>

namespace smplist::detail {

/// The user's text for a message: at most 60 characters, control characters made visible.
/// A text with `@` in it may carry a password, as URLs do, and is not repeated. [S-24]
[[nodiscard]] inline std::string shown(std::string_view text) {
  if (text.find('@') != std::string_view::npos) return "a text with '@' in it";
  std::string out = "'";
  std::size_t characters = 0;
  for (const char c : text) {
    const bool starts_character = (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    if (starts_character && ++characters > 60) return out + "...'";
    if (is_control(c)) {
      out += "\\x";
      out += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4U];
      out += "0123456789abcdef"[static_cast<unsigned char>(c) & 15U];
    } else {
      out += c;
    }
  }
  return out + "'";
}

/// A value and the JSON Pointer that leads to it.
struct located {
  const document_node* node;
  std::string pointer;
};

class document_reader {
 public:
  [[nodiscard]] problems& found() noexcept { return found_; }

  void report(const document_node& at, std::string pointer, errc code, std::string reason, std::string what_to_do = {}) {
    report_at(at.line, at.column, std::move(pointer), code, std::move(reason), std::move(what_to_do));
  }

  void report_at(std::uint32_t line, std::uint32_t column, std::string pointer, errc code, std::string reason,
                 std::string what_to_do = {}) {
    if (what_to_do.empty()) what_to_do = advice(code);
    found_.push_back({code, std::move(pointer), std::move(reason), std::move(what_to_do), line, column});
  }

  /// The members of an object whose keys must be among `keys`; unknown and duplicate ones are reported.
  /// \returns whether it is an object
  bool expect_object(const located& at, std::initializer_list<std::string_view> keys) {
    if (!expect(at, node_kind::object)) return false;
    std::vector<std::string_view> seen;
    for (const document_member& m : at.node->members) {
      const std::string pointer = at.pointer + pointer_step(m.key);
      if (std::find(keys.begin(), keys.end(), m.key) == keys.end()) {
        const std::string near = closest(m.key, keys);
        report_at(m.line, m.column, pointer, errc::unknown_key, "unknown key " + shown(m.key),
                  near.empty() ? "remove it; the keys here are " + words_of(keys) : "did you mean " + in_quotes(near) + "?");
      } else if (std::find(seen.begin(), seen.end(), m.key) != seen.end()) {
        report_at(m.line, m.column, pointer, errc::duplicate_key, "the key " + shown(m.key) + " stands twice");
      }
      seen.push_back(m.key);
    }
    return true;
  }

  /// The value of a key, if it is there and not null.
  [[nodiscard]] static std::optional<located> find(const located& at, std::string_view key) {
    for (const document_member& m : at.node->members) {
      if (m.key == key && m.value.kind != node_kind::null) return located{&m.value, at.pointer + pointer_step(key)};
    }
    return std::nullopt;
  }

  /// The same, reported if it is not there.
  [[nodiscard]] std::optional<located> require(const located& at, std::string_view key) {
    auto value = find(at, key);
    if (!value) report(*at.node, at.pointer, errc::missing_key, "the key " + in_quotes(key) + " is missing");
    return value;
  }

  bool expect(const located& at, node_kind kind) {
    if (at.node->kind == kind) return true;
    std::string advice_text = "write " + std::string(name(kind));
    if (kind == node_kind::text) advice_text = "put it in quotes";
    if (at.node->kind == node_kind::text && kind == node_kind::integer) advice_text = "write the number without quotes";
    if (at.node->kind == node_kind::text && kind == node_kind::boolean) advice_text = "write true or false, without quotes";
    report(*at.node, at.pointer, errc::wrong_type,
           "expected " + std::string(name(kind)) + ", found " + std::string(name(at.node->kind)), std::move(advice_text));
    return false;
  }

  /// Calls `each(located)` for every element of a list.
  template <class Each>
  void elements(const located& at, Each&& each) {
    if (!expect(at, node_kind::array)) return;
    for (std::size_t i = 0; i < at.node->members.size(); ++i) {
      each(located{&at.node->members[i].value, at.pointer + pointer_step(i)});
    }
  }

  [[nodiscard]] std::optional<std::string> text(const located& at) {
    if (!expect(at, node_kind::text)) return std::nullopt;
    return at.node->text;
  }

  void boolean(const located& at, bool& out) {
    if (expect(at, node_kind::boolean)) out = at.node->text == "true";
  }

  [[nodiscard]] std::optional<std::uint16_t> port(const located& at) {
    if (!expect(at, node_kind::integer)) return std::nullopt;
    const auto parsed = scan_port(at.node->text);
    if (parsed) return *parsed;
    report(*at.node, at.pointer, errc::port_out_of_range, "port " + at.node->text + " is out of range");
    return std::nullopt;
  }

  /// An enumerator by its word.
  template <class Enum>
  void word(const located& at, Enum& out) {
    if (!expect(at, node_kind::text)) return;
    if (const auto value = from_word<Enum>(at.node->text)) {
      out = *value;
      return;
    }
    const std::string near = closest(at.node->text, words<Enum>::table);
    report(*at.node, at.pointer, errc::unknown_word, "unknown word " + shown(at.node->text),
           near.empty() ? "write " + words_of(words<Enum>::table) : "did you mean " + in_quotes(near) + "?");
  }

  /// A value by its `try_parse`; the error points at the byte.
  template <class T>
  [[nodiscard]] std::optional<T> parsed(const located& at) {
    if (!expect(at, node_kind::text)) return std::nullopt;
    const auto value = T::try_parse(at.node->text);
    if (value) return *value;
    const parse_error error = value.error();
    std::string reason(message(error.code));
    if (error.code != errc::plaintext_password) reason += ": " + shown(at.node->text);
    std::string what_to_do;
    if (std::is_same_v<T, address_range> && error.code == errc::host_bits_set) what_to_do = host_bits_advice(at.node->text);
    report_at(at.node->line, at.node->column + inside(*at.node, error.offset), at.pointer, error.code, std::move(reason),
              std::move(what_to_do));
    return std::nullopt;
  }

  [[nodiscard]] std::optional<family_set> families(const located& at) {
    if (!expect(at, node_kind::array)) return std::nullopt;
    family_set set;
    if (at.node->members.empty()) {
      report(*at.node, at.pointer, errc::empty_text, "no family is stated", "write ipv4, ipv6 or both, or remove the key");
    }
    elements(at, [&](const located& item) {
      family f = family::ipv4;
      const std::size_t before = found_.size();
      word(item, f);
      if (found_.size() == before) set = set | f;
    });
    return set.empty() ? std::nullopt : std::optional(set);
  }

 private:
  /// How far to the right of its start a byte of a value stands in the document.
  [[nodiscard]] static std::uint32_t inside(const document_node& node, std::size_t offset) {
    if (!node.verbatim || node.column == 0) return 0;
    return count_characters(std::string_view(node.text).substr(0, offset)) + (node.quoted ? 1U : 0U);
  }

  template <class Words>
  [[nodiscard]] static std::string words_of(const Words& all) {
    std::string out;
    for (const std::string_view one : all) out += (out.empty() ? "" : ", ") + std::string(one);
    return out;
  }

  problems found_;
};

}  // namespace smplist::detail
