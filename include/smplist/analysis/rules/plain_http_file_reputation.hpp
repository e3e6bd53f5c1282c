// SPDX-License-Identifier: MIT
/// \file analysis/rules/plain_http_file_reputation.hpp
/// Floor 8. Lint rule `plain-http-file-reputation`.
#pragma once

#include <smplist/analysis/finding.hpp>
#include <smplist/analysis/partition.hpp>

#include <string>
#include <vector>

namespace smplist::detail {

/// File reputation over HTTP: anybody on the way can read which files clients have, and change the answers. [S-13]
[[nodiscard]] inline std::vector<finding> check_plain_http_file_reputation(const partition& cut) {
  std::vector<finding> found;
  for (const source& s : cut.policy().content().sources) {
    if (!s.file_reputation || s.file_reputation->scheme != scheme::http) continue;
    found.push_back(found_at("/sources" + pointer_step(s.name) + "/file_reputation",
                             "clients ask " + in_quotes(s.name) + " for file reputation without encryption"));
  }
  return found;
}

}  // namespace smplist::detail
