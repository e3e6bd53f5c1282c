// SPDX-License-Identifier: MIT
/// \file detail/overload.hpp
/// Cellar. Several lambdas as one visitor: an alternative without its own is a compile error.
#pragma once

namespace smplist::detail {

template <class... Functions>
struct overload : Functions... {
  using Functions::operator()...;
};
template <class... Functions>
overload(Functions...) -> overload<Functions...>;

}  // namespace smplist::detail
