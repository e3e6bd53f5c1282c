// SPDX-License-Identifier: MIT
/// \file json.hpp
/// Side room. Documents from JSON text. Needs nlohmann/json 3.11 or later, for its parser; nothing else here does.
#pragma once

#include <smplist/detail/scan.hpp>
#include <smplist/document.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace smplist {

namespace detail {

/// Builds a `document_node` from the events of the parser. The parser tells no positions, so a cursor follows it through
/// the same text: a token starts behind the blanks, commas and colons that follow the last one.
class json_tree_builder {
 public:
  using json_t = nlohmann::json;

  explicit json_tree_builder(std::string_view text) : text_(text) {
    if (text_.substr(0, 3) == "\xEF\xBB\xBF") at_ = line_start_ = 3;
  }

  [[nodiscard]] result<document_node, problems> take() {
    if (!found_.empty()) return std::move(found_);
    return std::move(root_);
  }

  bool null() { return add(scalar(node_kind::null)); }
  bool boolean(bool /*value*/) { return add(scalar(node_kind::boolean)); }
  bool number_integer(json_t::number_integer_t /*value*/) { return add(scalar(node_kind::integer)); }
  bool number_unsigned(json_t::number_unsigned_t /*value*/) { return add(scalar(node_kind::integer)); }
  bool number_float(json_t::number_float_t /*value*/, const std::string& raw) {
    // an integer too large for 64 bits arrives here; its text tells
    const bool whole = raw.find_first_not_of("-0123456789") == std::string::npos;
    return add(scalar(whole ? node_kind::integer : node_kind::real));
  }
  bool string(std::string& value) { return add(text_node(value)); }
  bool binary(json_t::binary_t& /*value*/) { return false; }  // not in JSON
  bool start_object(std::size_t /*count*/) { return open(node_kind::object); }
  bool start_array(std::size_t /*count*/) { return open(node_kind::array); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(std::string& value) {
    const document_node node = text_node(value);
    open_.back()->members.push_back({std::move(value), node.line, node.column, {}});
    return true;
  }

  bool parse_error(std::size_t position, const std::string& /*token*/, const nlohmann::detail::exception& /*why*/) {
    // the parser counts bytes read, the offending one included; past the end means that something is missing
    fail_at(std::min(position == 0 ? 0 : position - 1, text_.size()));
    return false;
  }

  /// The parser takes a NUL byte behind a value for the end of the text, and does not look at what follows.
  void expect_no_nul() {
    const std::size_t nul = text_.find('\0');
    if (found_.empty() && nul != std::string_view::npos) fail_at(nul);
  }

 private:
  [[nodiscard]] document_node begin(node_kind kind) {
    while (at_ < text_.size() && find_char(" \t\r\n,:", text_[at_]) != std::string_view::npos) {
      if (text_[at_++] == '\n') {
        ++line_;
        line_start_ = measured_ = at_;
        characters_ = 0;
      }
    }
    document_node node;
    node.kind = kind;
    node.line = line_;
    node.column = column_of(at_);
    return node;
  }

  /// Counts on from the last token of the line: a line of 100 MB stays linear.
  [[nodiscard]] std::uint32_t column_of(std::size_t at) {
    characters_ += count_characters(text_.substr(measured_, at - measured_));
    measured_ = at;
    return characters_ + 1;
  }

  [[nodiscard]] document_node scalar(node_kind kind) {
    document_node node = begin(kind);
    const std::size_t start = at_;
    while (at_ < text_.size() &&
           (is_alpha(text_[at_]) || is_digit(text_[at_]) || find_char("+-.", text_[at_]) != std::string_view::npos))
      ++at_;
    node.text = text_.substr(start, at_ - start);
    return node;
  }

  [[nodiscard]] document_node text_node(const std::string& value) {
    document_node node = begin(node_kind::text);
    ++at_;
    for (; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] != '\\') continue;
      node.verbatim = false;
      ++at_;
    }
    ++at_;
    node.quoted = true;
    node.text = value;
    return node;
  }

  bool add(document_node node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return true;
    }
    document_node& parent = *open_.back();
    if (parent.kind == node_kind::object) {
      parent.members.back().value = std::move(node);
    } else {
      parent.members.push_back({{}, node.line, node.column, {}});
      parent.members.back().value = std::move(node);
    }
    return true;
  }

  bool open(node_kind kind) {
    document_node node = begin(kind);
    ++at_;
    if (open_.size() == max_document_depth) {
      found_.push_back({errc::too_deep, "", std::string(message(errc::too_deep)), std::string(advice(errc::too_deep)), node.line,
                        node.column});
      return false;
    }
    add(std::move(node));
    // a parent gets no further members while a child is open, so the pointer stays good
    open_.push_back(open_.empty() ? &root_ : &open_.back()->members.back().value);
    return true;
  }

  bool close() {
    static_cast<void>(begin(node_kind::null));
    ++at_;
    open_.pop_back();
    return true;
  }

  void fail_at(std::size_t position) {
    const std::string_view before = text_.substr(0, position);
    const auto line = static_cast<std::uint32_t>(1 + std::count(before.begin(), before.end(), '\n'));
    const std::size_t newline = before.rfind('\n');
    const std::uint32_t column = 1 + count_characters(newline == std::string_view::npos ? before : before.substr(newline + 1));
    std::string reason = "not JSON: ";
    std::string advice_text(advice(errc::syntax));
    if (text_.find_first_not_of(" \t\r\n") == std::string_view::npos) {
      reason = "the document is empty";
      advice_text = "write a policy; `smplist schema` says what it holds";
    } else if (position >= text_.size()) reason += "the document ends too early";
    else if (is_control(text_[position])) reason += text_[position] == '\n' ? "the line ends too early" : "a control character";
    else if (!is_ascii(text_[position])) reason += "an unexpected character, or a byte that is not UTF-8";
    else reason += "unexpected '" + std::string(1, text_[position]) + "'";
    found_.push_back({errc::syntax, "", std::move(reason), std::move(advice_text), line, column});
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
  std::size_t line_start_ = 0;
  std::size_t measured_ = 0;
  std::uint32_t characters_ = 0;
  document_node root_;
  std::vector<document_node*> open_;
  problems found_;
};

}  // namespace detail

namespace json {

/// The tree of a JSON text (RFC 8259), or what is wrong with it; more than 64 levels are refused. [S-80]
[[nodiscard]] inline result<document_node, problems> parse(std::string_view text) {
  detail::json_tree_builder builder(text);
  nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  builder.expect_no_nul();
  return builder.take();
}

/// A policy from the text of a policy document.
/// \returns the policy, or everything that is wrong with line, column and JSON Pointer, in the order of the document
[[nodiscard]] inline result<policy, problems> load(std::string_view text) {
  const auto tree = parse(text);
  return tree ? read_policy(*tree) : result<policy, problems>(tree.error());
}

/// A client from the text of a client document.
[[nodiscard]] inline result<client, problems> load_client(std::string_view text) {
  const auto tree = parse(text);
  return tree ? read_client(*tree) : result<client, problems>(tree.error());
}

}  // namespace json

}  // namespace smplist
