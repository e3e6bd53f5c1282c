// SPDX-License-Identifier: MIT
// Where a rule that nobody states decides.
#include "support/ambiguity_check.hpp"
#include "support/catch.hpp"

#include <smplist/smplist.hpp>

namespace {

using namespace smplist;
using namespace smplist::literals;

policy_draft two_lists() {
  policy_draft draft;
  draft.mode = list_mode::custom;
  draft.sources = {{"a", source_kind::standalone, host::parse("a.example"), family_set::both(), endpoint{}, {}},
                   {"b", source_kind::standalone, host::parse("b.example"), family_set::both(), endpoint{}, {}}};
  draft.lists = {{"wide", {"10.0.0.0/8"_range, "2001:db8::/32"_range}, order::ordered, {"a"}},
                 {"narrow", {"10.1.0.0/16"_range}, order::ordered, {"b"}}};
  return draft;
}

std::vector<ambiguous_region> of_rule(const ambiguity& found, unstated_rule rule, service what = service::file_reputation) {
  std::vector<ambiguous_region> out;
  for (const ambiguous_region& r : found.regions) {
    if (r.rule == rule && r.service == what) out.push_back(r);
  }
  return out;
}

}  // namespace

TEST_CASE("ambiguity: equals brute force over every reading at every toy address", "[ambiguity][S-44][S-45]") {
  const std::uint64_t seed = generate::seed();
  INFO("seed " << seed);
  generate::dice d(seed);
  for (int round = 0; round < 40; ++round) CHECK(universe::check_ambiguity(d) == "");
}

TEST_CASE("ambiguity: an overlap is one region, with the answer of each rule", "[ambiguity][S-44]") {
  const ambiguity found = find_ambiguity(policy::make(two_lists()).value());
  const auto regions = of_rule(found, unstated_rule::overlap);
  REQUIRE(regions.size() == 1);
  CHECK(regions[0].first == "10.1.0.0"_address);
  CHECK(regions[0].last == "10.1.255.255"_address);
  CHECK(regions[0].size().to_text() == "65536");
  const auto list_of = [&](std::size_t i) { return found.answers[regions[0].readings[i]].stages.front().attempts.front().list; };
  CHECK(list_of(0) == "wide");
  CHECK(list_of(1) == "narrow");
  CHECK(list_of(2) == "narrow");
}

TEST_CASE("ambiguity: nobody in no list is torn if there is a standard list", "[ambiguity][S-45]") {
  policy_draft draft = two_lists();
  CHECK(of_rule(find_ambiguity(policy::make(draft).value()), unstated_rule::no_match).size() == 4);  // no_list or none_reachable
  draft.standard.sources = {"b"};
  const ambiguity found = find_ambiguity(policy::make(draft).value());
  for (const ambiguous_region& r : of_rule(found, unstated_rule::no_match)) {
    CHECK(found.answers[r.readings[0]].outcome != outcome::no_list);
    CHECK(found.answers[r.readings[1]].outcome == outcome::no_list);
  }
}

TEST_CASE("ambiguity: a mapped address read as IPv6 meets the ranges that span the block", "[ambiguity][S-03]") {
  policy_draft draft = two_lists();
  draft.lists.push_back({"all", {"::/0"_range, "0.0.0.0/0"_range}, order::ordered, {"b"}});
  const ambiguity found = find_ambiguity(policy::make(draft).value());
  const auto regions = of_rule(found, unstated_rule::mapped);
  // the answer names the route's family, so every usable IPv4 address differs
  REQUIRE_FALSE(regions.empty());
  CHECK(regions.front().first == "0.0.0.0"_address);
  for (const ambiguous_region& r : regions) CHECK(found.answers[r.readings[1]].stages.front().attempts.front().list == "all");
  // of ranges that end beside the block, none spans it
  draft.lists.back().ranges = {"::-::fffe:ffff:ffff"_range, "::1:0:0:0-ffff::"_range};
  const ambiguity beside = find_ambiguity(policy::make(draft).value());
  for (const ambiguous_region& r : of_rule(beside, unstated_rule::mapped)) CHECK(beside.answers[r.readings[1]].reaches_nothing());
}

TEST_CASE("ambiguity: pairs of addresses in two lists are counted", "[ambiguity][S-44]") {
  const ambiguity found = find_ambiguity(policy::make(two_lists()).value());
  // an address of 10.1.0.0/16 is in both lists, and the first wins: no pair is torn
  CHECK(found.torn_pairs[0].to_text() == "0");
  policy_draft draft = two_lists();
  std::swap(draft.lists[0], draft.lists[1]);
  const ambiguity torn = find_ambiguity(policy::make(draft).value());
  CHECK(torn.torn_pairs[0] == address_range(*address_range::try_parse("2001:db8::/32")).size() * 65536U);
}
