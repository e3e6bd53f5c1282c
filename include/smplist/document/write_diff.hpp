// SPDX-License-Identifier: MIT
/// \file document/write_diff.hpp
/// Side room. What changes between two policies, as JSON.
#pragma once

#include <smplist/analysis/diff.hpp>
#include <smplist/analysis/quiet.hpp>
#include <smplist/document/write_partition.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace smplist::detail {

/// The members of a row that say what changes, in what, for whom.
inline void write_change(json_writer& json, const policy_diff& diff, const changed_clients& one) {
  const answer& before = diff.answers()[one.before];
  json.key("location").text(name(before.location));
  json.key("service").text(name(before.service));
  json.key("change");
  one.what.none() ? json.null() : json.text(name(one.what.kind()));
  json.key("changes").begin_array();
  for (const change c : one.what.all) json.text(name(c));
  json.end_array();
  json.key("trend").text(name(one.what.trend));
  json.key("renamed").boolean(one.what.renamed);
  write(json.key("before"), before);
  write(json.key("after"), diff.answers()[one.after]);
}

inline void write_region(json_writer& json, const policy_diff& diff, const changed_region& r) {
  const changed_clients& one = diff.kinds()[r.kind];
  json.begin_object();
  json.key("family").text(name(r.first.family()));
  json.key("stack");
  write_families(json, std::optional(one.stack));
  json.key("first").text(r.first.to_text());
  json.key("last").text(r.last.to_text());
  json.key("addresses").text(address_piece{r.first, r.last}.size().to_text());
  write_change(json, diff, one);
  json.end_object();
}

/// Clients that no run of addresses is: external ones, or pairs.
inline void write_kind(json_writer& json, const policy_diff& diff, const changed_clients& one) {
  const bool pairs = one.stack == family_set::both();
  json.begin_object();
  json.key("stack");
  write_families(json, std::optional(one.stack));
  json.key(pairs ? "pairs" : "addresses").text(one.count.to_text());
  json.key("by_pair_alone").boolean(one.by_pair_alone);
  write_change(json, diff, one);
  write(json.key("example"), one.example);
  json.end_object();
}

inline void write(json_writer& json, const changed_evidence& e) {
  json.begin_object();
  json.key("example");
  write(json, e.example);
  json.key("before").text(name(e.before));
  json.key("after").text(name(e.after));
  json.end_object();
}

inline void write(json_writer& json, const quiet_region& r) {
  json.begin_object();
  json.key("family").text(name(r.first.family()));
  json.key("first").text(r.first.to_text());
  json.key("last").text(r.last.to_text());
  json.key("addresses").text(address_piece{r.first, r.last}.size().to_text());
  json.key("service").text(name(r.service));
  json.key("changes").begin_array();
  for (const quiet_change c : r.changes) json.text(name(c));
  json.end_array();
  json.end_object();
}

/// How many change, by service and population; and how many runs and kinds there are of each change.
inline void write_summary(json_writer& json, const policy_diff& diff) {
  std::array<std::array<address_count, 2>, 2> addresses;  // by service, family
  std::array<std::uint64_t, count_of<change>> runs = {};
  for (const changed_clients& one : diff.kinds()) {
    if (one.what.none()) continue;
    if (one.regions != 0) runs[static_cast<std::size_t>(one.what.kind())] += one.regions;
    else ++runs[static_cast<std::size_t>(one.what.kind())];
  }
  for (const changed_region& r : diff.regions()) {
    if (diff.kinds()[r.kind].what.none()) continue;
    const auto s = static_cast<std::size_t>(diff.answers()[diff.kinds()[r.kind].before].service);
    address_count& sum = addresses[s][static_cast<std::size_t>(r.first.family())];
    sum = sum + address_piece{r.first, r.last}.size();
  }
  json.begin_object();
  for (const service s : all_services) {
    json.key(name(s)).begin_object();
    for (const family f : {family::ipv4, family::ipv6})
      json.key(name(f)).text(addresses[static_cast<std::size_t>(s)][static_cast<std::size_t>(f)].to_text());
    json.key("dual_stack").text(diff.pairs(s).to_text());
    json.end_object();
  }
  json.key("changes").begin_object();
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (runs[i] != 0) json.key(words<change>::table[i]).number(runs[i]);
  }
  json.end_object();
  json.key("regions").number(diff.regions().size());
  json.key("dual_stack_kinds").number(diff.pair_kinds());
  json.end_object();
}

/// Everything but the regions, as members of an object that is open; whoever writes regions may take a part of them.
inline void write_head(json_writer& json, const policy_diff& diff) {
  json.key("equal").boolean(diff.equal());
  json.key("textually_equal").boolean(diff.textually_equal());
  json.key("old").text(diff.revisions()[0]);
  json.key("new").text(diff.revisions()[1]);
}

inline void write_tail(json_writer& json, const policy_diff& diff) {
  const auto some = [&](const char* key, auto wanted) {
    json.key(key).begin_array();
    for (const changed_clients& one : diff.kinds()) {
      if (wanted(one, diff.answers()[one.before].location)) write_kind(json, diff, one);
    }
    json.end_array();
  };
  some("external", [](const changed_clients&, location where) { return where == location::external; });
  some("dual_stack",
       [](const changed_clients& one, location where) { return where == location::internal && one.stack == family_set::both(); });
  json.key("evidence").begin_array();
  for (const changed_evidence& e : diff.evidence()) write(json, e);
  json.end_array();
  json.key("other");
  diff.other() ? write_kind(json, diff, *diff.other()) : json.null();
  write_summary(json.key("summary"), diff);
}

/// A part of the regions, `first` to before `last`: there may be millions.
inline void write_regions(json_writer& json, const policy_diff& diff, std::size_t first, std::size_t last) {
  json.begin_array();
  for (std::size_t i = first; i < std::min(last, diff.regions().size()); ++i) write_region(json, diff, diff.regions()[i]);
  json.end_array();
}

inline void write(json_writer& json, const policy_diff& diff) {
  json.begin_object();
  write_head(json, diff);
  write_regions(json.key("regions"), diff, 0, diff.regions().size());
  write_tail(json, diff);
  json.end_object();
}

/// The kinds for people: what is worst for the clients first, then the gravest class, then the most addresses; each with its
/// first few regions.
inline void write_largest(json_writer& json, const policy_diff& diff, std::size_t kinds, std::size_t regions) {
  std::vector<std::uint32_t> order(diff.kinds().size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::uint32_t>(i);
  const auto rank = [&](std::uint32_t i) {
    const changed_clients& one = diff.kinds()[i];
    const bool apart = diff.answers()[one.before].location == location::external;
    return std::tuple(one.stack == family_set::both(), apart, one.what.trend, one.what.all);
  };
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    if (rank(a) != rank(b)) return rank(a) < rank(b);
    const address_count left = diff.kinds()[a].count;
    const address_count right = diff.kinds()[b].count;
    return left != right ? right < left : a < b;
  });
  order.resize(std::min(order.size(), kinds));
  std::vector<std::vector<const changed_region*>> where(diff.kinds().size());
  for (const changed_region& r : diff.regions()) {
    if (where[r.kind].size() < regions) where[r.kind].push_back(&r);
  }
  json.begin_array();
  for (const std::uint32_t i : order) {
    const changed_clients& one = diff.kinds()[i];
    json.begin_object();
    json.key("stack");
    write_families(json, std::optional(one.stack));
    json.key("count").text(one.count.to_text());
    json.key("regions").number(one.regions);
    json.key("by_pair_alone").boolean(one.by_pair_alone);
    json.key("first").begin_array();
    for (const changed_region* r : where[i]) json.text(address_range::try_make(r->first, r->last)->to_text());
    json.end_array();
    write_change(json, diff, one);
    write(json.key("example"), one.example);
    json.end_object();
  }
  json.end_array();
}

}  // namespace smplist::detail
