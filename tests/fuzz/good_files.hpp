// SPDX-License-Identifier: MIT
// Small compiled policies, always the same: what the corpus is made of and where mutation begins again.
#pragma once

#include "../cpp/support/generate.hpp"

#include <smplist/compile.hpp>

#include <string>
#include <utility>
#include <vector>

namespace fuzz {

using namespace smplist;
using bytes = std::vector<std::byte>;

inline policy_draft base_draft() {
  policy_draft draft;
  draft.mode = list_mode::custom;
  for (const char* const name : {"a", "b"}) {
    source s{name, source_kind::standalone, host::parse(std::string(name) + ".example")};
    s.file_reputation = endpoint{scheme::https, 443};
    s.web_reputation = endpoint{scheme::http, 80};
    draft.sources.push_back(s);
  }
  return draft;
}

inline void add_list(policy_draft& draft, std::vector<std::string> ranges) {
  source_list l{
      "l" + std::to_string(draft.lists.size()), {}, draft.lists.size() % 2 == 0 ? order::ordered : order::random, {"a", "b"}};
  for (const std::string& r : ranges) l.ranges.push_back(address_range::parse(r));
  draft.lists.push_back(std::move(l));
}

inline policy_draft without_ranges() {
  policy_draft draft = base_draft();
  draft.mode = list_mode::standard;
  draft.standard.sources = {"a"};
  return draft;
}

inline policy_draft nested(overlap_rule rule) {
  policy_draft draft = base_draft();
  draft.on_overlap = rule;
  draft.fallback_to_standard = true;
  draft.standard.sources = {"b"};
  add_list(draft, {"10.0.0.0/8", "2001:db8::/32", "::/0"});
  add_list(draft, {"10.1.0.0/16", "10.1.2.3", "2001:db8:1::/48", "0.0.0.0/0"});
  add_list(draft, {"10.0.0.0-10.1.255.255", "169.254.0.0/24", "fe80::/64", "255.255.255.255"});
  return draft;
}

/// Enough neighbours in one chunk for a tree of two floors.
inline policy_draft crowded_ipv4() {
  policy_draft draft = base_draft();
  std::vector<std::vector<std::string>> ranges(5);
  for (std::size_t i = 0; i < 40; ++i) ranges[i % 5].push_back("10.0.0." + std::to_string(3 * i + 1));
  for (const auto& r : ranges) add_list(draft, r);
  return draft;
}

/// Bounds that a window of 32 bits does not tell apart: few (a tail), and many (the next window, the last one too).
inline policy_draft close_ipv6() {
  policy_draft draft = base_draft();
  std::vector<std::vector<std::string>> ranges(3);
  for (std::size_t i = 0; i < 3; ++i) ranges[i].push_back("2001:db8::" + std::to_string(i + 1) + ":0");
  for (std::size_t i = 0; i < 14; ++i) {
    ranges[i % 3].push_back("2001:db9:0:" + std::to_string(i + 1) + "::/64");
    ranges[i % 3].push_back("2001:dba::" + std::to_string(2 * i + 1));
  }
  for (const auto& r : ranges) add_list(draft, r);
  return draft;
}

inline policy_draft many_lists() {
  policy_draft draft = base_draft();
  for (std::size_t i = 0; i < 12; ++i)
    add_list(draft, {"10." + std::to_string(i) + ".0.0/17", "2001:db8:" + std::to_string(i) + "::/49"});
  return draft;
}

/// Servers and gateways as evidence, proxies, both fallbacks.
inline policy_draft evidence(bool by_gateway) {
  policy_draft draft = nested(overlap_rule::first);
  draft.file_reputation_falls_back = true;
  draft.network.sources = {"a"};
  draft.lists[0].proxy = proxy{host::parse("p.example"), 3128, family_set(family::ipv4), true};
  const gateway gateways[] = {{address::parse("10.0.0.1"), mac_address::try_parse("00:11:22:33:44:55").value()},
                              {address::parse("2001:db8::1")}};
  if (by_gateway) draft.criterion = gateway_criterion{{gateways[0], gateways[1]}};
  else
    draft.criterion =
        connection_criterion{reference_server{host::parse("m.example"), {443}}, {{host::parse("10.9.9.9"), {80, 81}}}};
  return draft;
}

/// Name and bytes.
inline std::vector<std::pair<std::string, bytes>> good_files() {
  std::vector<std::pair<std::string, bytes>> files;
  const auto add = [&](const std::string& name, const policy_draft& draft) {
    const compiled_policy made = compile(policy::make(draft).value());
    files.emplace_back(name, bytes(made.data(), made.data() + made.size()));
  };
  add("without-ranges", without_ranges());
  add("nested-first", nested(overlap_rule::first));
  add("nested-last", nested(overlap_rule::last));
  add("nested-most-specific", nested(overlap_rule::most_specific));
  add("crowded-ipv4", crowded_ipv4());
  add("close-ipv6", close_ipv6());
  add("many-lists", many_lists());
  add("gateways", evidence(true));
  add("servers", evidence(false));
  generate::dice d(1);
  for (int i = 0; i < 4; ++i) add("random-" + std::to_string(i), generate::draft(d));
  return files;
}

}  // namespace fuzz
