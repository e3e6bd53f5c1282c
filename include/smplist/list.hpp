// SPDX-License-Identifier: MIT
/// \file list.hpp
/// Floor 4. A list: which sources, in which order, for which ranges, through which proxy.
#pragma once

#include <smplist/order.hpp>
#include <smplist/proxy.hpp>
#include <smplist/range.hpp>

#include <optional>
#include <string>
#include <vector>

namespace smplist {

/// A custom list; the standard list and the network's are the same without ranges.
struct source_list {
  std::string name;
  std::vector<address_range> ranges = {};  // as written: any order, overlaps allowed [S-07]
  smplist::order order = smplist::order::ordered;
  std::vector<std::string> sources = {};  // names of declared sources [S-81]
  std::optional<smplist::proxy> proxy = {};

  friend bool operator==(const source_list& a, const source_list& b) noexcept {
    return a.name == b.name && a.ranges == b.ranges && a.order == b.order && a.sources == b.sources && a.proxy == b.proxy;
  }
  friend bool operator!=(const source_list& a, const source_list& b) noexcept { return !(a == b); }
};

}  // namespace smplist
