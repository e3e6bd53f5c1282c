// SPDX-License-Identifier: MIT
/// \file analysis/rules/link_local.hpp
/// Floor 8. Lint rule `link-local`.
#pragma once

#include <smplist/analysis/holdings.hpp>

#include <string>
#include <vector>

namespace smplist::detail {

/// Does a range hold nothing but link-local, or nothing but loopback addresses? Both are whole blocks.
[[nodiscard]] inline bool is_unusable(const address_range& r) noexcept {
  return (r.first().is_link_local() && r.last().is_link_local()) || (r.first().is_loopback() && r.last().is_loopback());
}

/// A host at a link-local or loopback address, which is another computer for every client; or a range of them, which gives no client
/// a family. [S-50]
[[nodiscard]] inline std::vector<finding> check_link_local(const partition& cut) {
  const policy_draft& draft = cut.policy().content();
  std::vector<finding> found;
  const auto check_host = [&](const host& where, const std::string& pointer, const std::string& what, const std::string& list) {
    if (!where.literal() || !is_unusable(*where.literal())) return;
    finding one = found_at(pointer, what + " is at " + where.to_text() + ", which is another computer for every client",
                           "write an address that all clients can route to");
    one.list = list;
    found.push_back(std::move(one));
  };
  for (const source& s : draft.sources)
    check_host(s.host, "/sources" + pointer_step(s.name) + "/host", "the source " + in_quotes(s.name), {});
  const auto check_proxy = [&](const source_list& list, const std::string& pointer, const std::string& name) {
    if (list.proxy) check_host(list.proxy->host, pointer + "/host", "the proxy " + in_quotes(list.proxy->to_text()), name);
  };
  check_proxy(draft.standard, "/internal/proxy", {});
  check_proxy(draft.network, "/network/proxy", {});
  for (std::size_t i = 0; i < draft.lists.size(); ++i) {
    const source_list& list = draft.lists[i];
    check_proxy(list, pointer_to_list(i) + "/proxy", list.name);
    for (std::size_t j = 0; j < list.ranges.size(); ++j) {
      const address_range& range = list.ranges[j];
      if (!is_unusable(range)) continue;
      finding one =
          found_at(pointer_to_range(i, j), "the range " + range.to_text() + " of " + in_quotes(list.name) +
                                               " is link-local or loopback: such an address lets no client ask anybody");
      one.list = list.name;
      one.range = range.to_text();
      one.addresses = range.size().to_text();
      one.example = range.first().to_text();
      found.push_back(std::move(one));
    }
  }
  return found;
}

}  // namespace smplist::detail
