// SPDX-License-Identifier: MIT
/// \file analysis/finding.hpp
/// Floor 8. What a lint rule finds.
#pragma once

#include <smplist/detail/words.hpp>

#include <cstdint>
#include <string>

namespace smplist {

enum class severity : std::uint8_t { error, warning, note };

template <>
struct detail::words<severity> {
  static constexpr std::string_view table[] = {"error", "warning", "note"};
};

/// A valid policy that is likely not what its author meant.
struct finding {
  std::string rule;  // the code of the rule
  smplist::severity severity = smplist::severity::warning;
  std::string pointer;  // JSON Pointer into the policy document
  std::string text;     // one line, no full stop
  std::string fix;      // what to do about it

  friend bool operator==(const finding& a, const finding& b) noexcept {
    return a.rule == b.rule && a.severity == b.severity && a.pointer == b.pointer && a.text == b.text && a.fix == b.fix;
  }
  friend bool operator!=(const finding& a, const finding& b) noexcept { return !(a == b); }
};

}  // namespace smplist
