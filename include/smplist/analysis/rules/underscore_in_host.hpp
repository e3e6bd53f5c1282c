// SPDX-License-Identifier: MIT
/// \file analysis/rules/underscore_in_host.hpp
/// Floor 8. Lint rule `underscore-in-host`.
#pragma once

#include <smplist/analysis/finding.hpp>
#include <smplist/analysis/partition.hpp>

#include <vector>

namespace smplist::detail {

/// Windows allows `_` in computer names, RFC 1123 does not: some resolvers, proxies and certificates refuse it. [S-11]
[[nodiscard]] inline std::vector<finding> check_underscore_in_host(const partition& cut) {
  std::vector<finding> found;
  for (const source& s : cut.policy().content().sources) {
    if (s.host.is_name() && s.host.to_text().find('_') != std::string::npos) {
      found.push_back(found_at("/sources" + pointer_step(s.name) + "/host",
                               "the host name " + in_quotes(s.host.to_text()) + " has an underscore"));
    }
  }
  return found;
}

}  // namespace smplist::detail
