// SPDX-License-Identifier: MIT
/// \file suppression.hpp
/// Floor 4. A finding of a lint rule that its author has seen, and why it is not to be reported until a day.
#pragma once

#include <smplist/date.hpp>

#include <string>
#include <utility>

namespace smplist {

/// Hides the findings of a rule: all of them, or those about one list or one source. It never changes an answer.
struct suppression {
  std::string rule;         // the code of a lint rule
  std::string list = {};    // empty: any
  std::string source = {};  // empty: any
  std::string reason;       // for whoever reads the policy next
  date until;               // the last day on which it hides anything

  friend bool operator==(const suppression& a, const suppression& b) noexcept {
    return a.rule == b.rule && a.list == b.list && a.source == b.source && a.reason == b.reason && a.until == b.until;
  }
  friend bool operator!=(const suppression& a, const suppression& b) noexcept { return !(a == b); }
};

}  // namespace smplist
