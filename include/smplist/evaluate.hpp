// SPDX-License-Identifier: MIT
/// \file evaluate.hpp
/// Floor 6. The engine, plain: from a policy and a client to a plan. [S-60]
#pragma once

#include <smplist/scope.hpp>

namespace smplist {

/// The plan of a client for a service. Total, pure and deterministic; O(log n + matching ranges), n the number of ranges,
/// and twice that for the scope as a rule. [S-60]
[[nodiscard]] inline plan evaluate(const policy& p, const client& who, service what, const facts& given = {}) {
  plan answer = detail::evaluation(p, who, what, given).run();
  answer.scope = detail::find_scope(p, who, given, answer);
  return answer;
}

}  // namespace smplist
