// SPDX-License-Identifier: MIT
/// \file analysis/lint.hpp
/// Floor 8. The lint rules: one file in rules/ and one row below for each.
#pragma once

#include <smplist/analysis/rules/underscore_in_host.hpp>
#include <smplist/analysis/rules/unused_source.hpp>

#include <string_view>
#include <vector>

namespace smplist {

/// A rule is data first; the check is a plain function over the policy.
struct lint_rule {
  std::string_view code;
  smplist::severity severity;
  std::string_view sentence;
  std::vector<finding> (*check)(const policy&);
};

inline constexpr lint_rule lint_rules[] = {
    {"unused-source", severity::warning, "a source is declared and no list names it", &detail::check_unused_source},
    {"underscore-in-host", severity::note, "a host name has an underscore, which not every part of a network accepts",
     &detail::check_underscore_in_host},
};

/// What every rule finds, rule by rule, each in the order of the document.
[[nodiscard]] inline std::vector<finding> lint(const policy& p) {
  std::vector<finding> all;
  for (const lint_rule& rule : lint_rules) {
    for (finding& one : rule.check(p)) all.push_back(std::move(one));
  }
  return all;
}

}  // namespace smplist
