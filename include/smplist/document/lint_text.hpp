// SPDX-License-Identifier: MIT
/// \file document/lint_text.hpp
/// Side room. What lint can find only in the document, because a policy no longer knows how it was written.
#pragma once

#include <smplist/analysis/lint.hpp>
#include <smplist/document/node.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace smplist {

namespace detail {

/// Adds the IPv4 addresses in a text that are written the IPv4-mapped way, as ends of a range or alone. [S-03]
inline void find_mapped(const document_node& node, const std::string& pointer, const std::string& list,
                        std::vector<finding>& found) {
  const std::string_view text = node.text;
  const auto range = text.size() < 3 || find_char(text, ':') == std::string_view::npos ? error_at(errc::empty_text, 0, 0)
                                                                                       : address_range::try_parse(text);
  if (!range || range->family() != family::ipv4) return;
  finding one = found_at(pointer,
                         in_quotes(text) + " is the IPv4 " + (range->first() == range->last() ? "address " : "range ") +
                             range->to_text() + ", written the IPv4-mapped way",
                         "write " + range->to_text());
  one.list = list;
  one.range = range->to_text();
  found.push_back(completed(*find_rule("mapped-address"), std::move(one)));
}

/// The name of a custom list, if a pointer leads to one.
[[nodiscard]] inline std::string list_name_of(const document_node& node, std::string_view pointer) {
  constexpr std::string_view lists = "/internal/custom/lists/";
  if (pointer.substr(0, lists.size()) != lists || find_char(pointer.substr(lists.size()), '/') != std::string_view::npos)
    return {};
  for (const document_member& m : node.members) {
    if (m.key == "name" && m.value.kind == node_kind::text) return m.value.text;
  }
  return {};
}

/// Goes through a tree; no deeper than a document may be.
inline void find_written(const document_node& node, const std::string& pointer, const std::string& list,
                         std::vector<finding>& found) {
  if (node.kind == node_kind::text) return find_mapped(node, pointer, list, found);
  const std::string own = list.empty() ? list_name_of(node, pointer) : list;
  for (std::size_t i = 0; i < node.members.size(); ++i) {
    const document_member& m = node.members[i];
    if (pointer.empty() && (m.key == "title" || m.key == "lint")) continue;  // words for people
    find_written(m.value, pointer + (node.kind == node_kind::array ? pointer_step(i) : pointer_step(m.key)), own, found);
  }
}

}  // namespace detail

/// Findings about how a policy document is written, in the order of the document; `lint` has those about what it says.
[[nodiscard]] inline std::vector<finding> lint_text(const document_node& root) {
  std::vector<finding> found;
  detail::find_written(root, "", "", found);
  return found;
}

}  // namespace smplist
