// SPDX-License-Identifier: MIT
/// \file analysis/rules/family_unknown.hpp
/// Floor 8. Lint rule `family-unknown`.
#pragma once

#include <smplist/analysis/placed_list.hpp>
#include <smplist/route.hpp>

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace smplist::detail {

/// A source or proxy in use whose families nobody stated: it counts as both, and plans may rest on a guess. [S-12]
[[nodiscard]] inline std::vector<finding> check_family_unknown(const partition& cut) {
  std::set<std::string_view> used;
  std::vector<finding> found;
  const auto report = [&](std::string pointer, const std::string& what, const host& where, std::string list) {
    finding one = found_at(std::move(pointer), what + " says not which families it has, so it counts as both",
                           "write families: [ipv4], [ipv6] or [ipv4, ipv6] beside " + in_quotes(where.to_text()));
    one.list = std::move(list);
    found.push_back(std::move(one));
  };
  const auto all = placed_lists(cut);
  for (const placed_list& of : all) used.insert(of.list->sources.begin(), of.list->sources.end());
  for (const source& s : cut.policy().content().sources) {
    if (used.count(s.name) == 0 || !families_of(s.families, s.host, cut.given()).unknown) continue;
    report("/sources" + pointer_step(s.name), "the source " + in_quotes(s.name), s.host, {});
  }
  for (const placed_list& of : all) {
    const auto& through = of.list->proxy;
    if (!through || !families_of(through->families, through->host, cut.given()).unknown) continue;
    report(of.proxy_pointer, "the proxy " + in_quotes(through->to_text()), through->host, of.name_if_custom());
  }
  return found;
}

}  // namespace smplist::detail
