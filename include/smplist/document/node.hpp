// SPDX-License-Identifier: MIT
/// \file document/node.hpp
/// Side room. A document as a tree that remembers where everything stood; JSON and YAML both become one.
#pragma once

#include <smplist/detail/words.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace smplist {

enum class node_kind : std::uint8_t { null, boolean, integer, real, text, array, object };

template <>
struct detail::words<node_kind> {
  static constexpr std::string_view table[] = {"null", "true or false", "a whole number", "a number",
                                               "text", "a list",        "a mapping"};
};

struct document_member;

/// One value of a document. Lines and columns are one-based and count characters; 0 is nowhere.
struct document_node {
  node_kind kind = node_kind::null;
  std::string text = {};                      // text: its value; other scalars: as written
  std::vector<document_member> members = {};  // of an array (keys empty) or object, as written, duplicates included
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  bool quoted = false;   // one character stands before the value
  bool verbatim = true;  // the value stands in the document as it is, without escapes or folding
};

struct document_member {
  std::string key = {};
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  document_node value = {};
};

namespace detail {

/// The depth at which documents are refused. [S-80]
inline constexpr std::size_t max_document_depth = 64;

/// Characters of UTF-8 in `bytes`.
[[nodiscard]] inline std::uint32_t count_characters(std::string_view bytes) noexcept {
  std::uint32_t n = 0;
  for (const char c : bytes) n += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1U : 0U;
  return n;
}

/// Is `bytes` well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF?
[[nodiscard]] inline bool is_utf8(std::string_view bytes) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  for (std::size_t i = 0; i < bytes.size();) {
    const unsigned lead = byte(i);
    const std::size_t length = lead < 0x80                   ? 1
                               : lead >= 0xC2 && lead < 0xE0 ? 2
                               : (lead & 0xF0U) == 0xE0      ? 3
                               : lead >= 0xF0 && lead < 0xF5 ? 4
                                                             : 0;
    if (length == 0 || i + length > bytes.size()) return false;
    for (std::size_t k = 1; k < length; ++k) {
      if ((byte(i + k) & 0xC0U) != 0x80U) return false;
    }
    const unsigned next = length > 1 ? byte(i + 1) : 0;
    if ((lead == 0xE0 && next < 0xA0) || (lead == 0xED && next > 0x9F) || (lead == 0xF0 && next < 0x90) ||
        (lead == 0xF4 && next > 0x8F))
      return false;
    i += length;
  }
  return true;
}

}  // namespace detail

}  // namespace smplist
