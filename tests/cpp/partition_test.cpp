// SPDX-License-Identifier: MIT
// The partition against the plain engine, asked at every toy address. [S-60]
#include "support/catch.hpp"
#include "support/partition_check.hpp"

#include <smplist/smplist.hpp>

using namespace smplist;
using namespace smplist::literals;

TEST_CASE("partition: equals the plain engine at every toy address", "[partition]") {
  const std::uint64_t seed = generate::seed();
  INFO("seed " << seed);
  generate::dice d(seed);
  for (int round = 0; round < 20; ++round) CHECK(universe::check_partition(d) == "");
}

TEST_CASE("partition: an empty policy has one piece for each kind of address", "[partition]") {
  const partition cut = partition::make(policy::make({}).value());
  CHECK(cut.pieces(family::ipv4).size() == 5);
  CHECK(cut.pieces(family::ipv6).size() == 5);
  CHECK(cut.count(family::ipv4, no_list).to_text() == "4278124544");  // 2^32 - 2^24 - 2^16
  CHECK(cut.count(family::ipv4, no_list, false).to_text() == "16842752");
  // 2^128 without the mapped block [S-03], fe80::/10 and ::1
  const address_count ipv6 = cut.count(family::ipv6, no_list) + cut.count(family::ipv6, no_list, false);
  CHECK(ipv6.to_text() == "340282366920938463463374607427473244160");
  CHECK(cut.dual_count(no_list) == cut.count(family::ipv6, no_list) * 4278124544U);
}

TEST_CASE("partition: a range that spans the mapped block holds no IPv4 address", "[partition]") {
  policy_draft draft;
  draft.mode = list_mode::custom;
  draft.sources = {{"s", source_kind::standalone, host::parse("s.example"), {}, endpoint{}, {}}};
  draft.lists = {{"all", {"::-::fffe:ffff:ffff"_range}, order::ordered, {"s"}}, {"rest", {"::/0"_range}, order::ordered, {"s"}}};
  const partition cut = partition::make(policy::make(draft).value());
  CHECK(cut.count(family::ipv4, no_list).to_text() == "4278124544");
  CHECK(cut.piece_of("::1:0:0:0"_address).first == "::1:0:0:0"_address);
  CHECK(cut.piece_of("::1:0:0:0"_address).list == 1);
}

TEST_CASE("partition: equal answers are one, and a random order is its set", "[partition][S-21]") {
  policy_draft draft;
  draft.mode = list_mode::custom;
  draft.sources = {{"a", source_kind::standalone, host::parse("a.example"), family_set::both(), endpoint{}, {}},
                   {"b", source_kind::standalone, host::parse("b.example"), family_set::both(), endpoint{}, {}}};
  draft.lists = {{"x", {"10.0.0.0/24"_range}, order::random, {"a", "b"}}, {"y", {"10.0.1.0/24"_range}, order::random, {}}};
  const auto answer_at = [](const policy_draft& d, address a) {
    const partition cut = partition::make(policy::make(d).value());
    return cut.answers()[cut.answer_to(cut.class_of(cut.piece_of(a)), service::file_reputation)];
  };
  const answer before = answer_at(draft, "10.0.0.1"_address);
  CHECK(before.stages.front().random);
  CHECK(before.firsts().size() == 2);
  std::swap(draft.lists[0].sources[0], draft.lists[0].sources[1]);
  CHECK(answer_at(draft, "10.0.0.1"_address) == before);
  draft.lists[0].order = order::ordered;
  CHECK(answer_at(draft, "10.0.0.1"_address) != before);
  CHECK(answer_at(draft, "10.0.0.1"_address).firsts().size() == 1);
  CHECK(answer_at(draft, "10.0.1.1"_address).reaches_nothing());
}
