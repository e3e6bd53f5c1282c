// SPDX-License-Identifier: MIT
/// \file detail/json_writer.hpp
/// Cellar. Writes JSON, byte for byte the same everywhere: no locale, no floating point.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace smplist::detail {

/// Appends `text` as a JSON string: only the quote, the backslash and control characters are escaped.
inline void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\t': out += "\\t"; break;
      case '\n': out += "\\n"; break;
      case '\f': out += "\\f"; break;
      case '\r': out += "\\r"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\\u00";
          out += static_cast<char>('0' + (c >> 4));
          out += "0123456789abcdef"[c & 15];
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

/// A cursor over an unfinished JSON text. The caller keeps it well-formed: a key before each value of an object.
class json_writer {
 public:
  enum class spacing : std::uint8_t { none, one_blank };

  explicit json_writer(std::string& out, spacing blanks = spacing::none) : out_(&out), blanks_(blanks) {}

  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }

  json_writer& key(std::string_view name) {
    separate();
    append_json_string(*out_, name);
    *out_ += blanks_ == spacing::none ? ":" : ": ";
    fresh_ = true;
    return *this;
  }

  void text(std::string_view value) {
    separate();
    append_json_string(*out_, value);
  }
  void boolean(bool value) { raw(value ? "true" : "false"); }
  void number(std::uint64_t value) { raw(std::to_string(value)); }
  void null() { raw("null"); }
  /// An empty text is written as null.
  void text_or_null(std::string_view value) { value.empty() ? null() : text(value); }
  /// JSON that is already written.
  void raw(std::string_view json) {
    separate();
    *out_ += json;
  }

 private:
  void separate() {
    if (!fresh_) *out_ += blanks_ == spacing::none ? "," : ", ";
    fresh_ = false;
  }
  void open(char bracket) {
    separate();
    *out_ += bracket;
    fresh_ = true;
  }
  void close(char bracket) {
    *out_ += bracket;
    fresh_ = false;
  }

  std::string* out_;
  spacing blanks_;
  bool fresh_ = true;  // nothing to separate from yet
};

}  // namespace smplist::detail
