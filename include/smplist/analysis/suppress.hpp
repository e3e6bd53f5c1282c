// SPDX-License-Identifier: MIT
/// \file analysis/suppress.hpp
/// Floor 8. Which findings a policy asks not to be told about, on a day that the caller names.
#pragma once

#include <smplist/analysis/lint.hpp>
#include <smplist/suppression.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace smplist {

namespace detail {

/// Is a finding about this? Lists by its own field; sources by the place that it points at, or by standing in its text.
[[nodiscard]] inline bool hides(const suppression& s, const finding& f) {
  if (s.rule != f.rule || (!s.list.empty() && s.list != f.list)) return false;
  if (s.source.empty()) return true;
  const std::string at = "/sources" + pointer_step(s.source);
  const bool declared =
      f.pointer.compare(0, at.size(), at) == 0 && (f.pointer.size() == at.size() || f.pointer[at.size()] == '/');
  return declared || f.text.find(in_quotes(s.source)) != std::string::npos;
}

[[nodiscard]] inline std::string in_words(const suppression& s) {
  std::string out = "the suppression of " + s.rule;
  if (!s.list.empty()) out += " for the list " + in_quotes(s.list);
  if (!s.source.empty()) out += " for the source " + in_quotes(s.source);
  return out;
}

}  // namespace detail

/// Marks the findings that the policy suppresses on a day with the reason, and adds a note for every suppression that has expired or
/// hides nothing. An expired one hides nothing any more.
[[nodiscard]] inline std::vector<finding> suppress(const policy& p, std::vector<finding> found, date today) {
  const auto& all = p.content().suppressions;
  std::vector<finding> notes;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const suppression& s = all[i];
    const auto note = [&](std::string_view rule, std::string text) {
      finding one = detail::found_at("/lint/suppress" + detail::pointer_step(i), std::move(text));
      one.list = s.list;
      notes.push_back(detail::completed(*find_rule(rule), std::move(one)));
    };
    if (s.until < today) {
      note("expired-suppression", detail::in_words(s) + " expired on " + s.until.to_text());
      continue;
    }
    bool hid = false;
    for (finding& f : found) {
      if (!detail::hides(s, f)) continue;
      hid = true;
      if (f.suppressed.empty()) f.suppressed = s.reason;
    }
    if (!hid) note("unused-suppression", detail::in_words(s) + " hides nothing");
  }
  for (finding& one : notes) found.push_back(std::move(one));
  return found;
}

}  // namespace smplist
