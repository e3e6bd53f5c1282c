// SPDX-License-Identifier: MIT
// The partition against the plain engine, asked at every toy address. [S-60]
#include "support/catch.hpp"
#include "support/universe.hpp"

#include <smplist/smplist.hpp>

#include <map>

namespace {

using namespace smplist;
using namespace smplist::literals;

/// Ascending, without a gap, neighbours different.
template <class Pieces, class Same>
void check_tiling(const Pieces& pieces, family f, Same same) {
  REQUIRE(pieces.front().first == address::lowest(f));
  REQUIRE(pieces.back().last == address::highest(f));
  for (std::size_t i = 1; i < pieces.size(); ++i) {
    REQUIRE(pieces[i - 1].last.next() == pieces[i].first);
    REQUIRE_FALSE(same(pieces[i - 1], pieces[i]));
  }
}

void check_shape(const partition& cut) {
  for (const family f : {family::ipv4, family::ipv6}) {
    check_tiling(cut.cells(f), f, [](const address_piece& a, const address_piece& b) {
      return a.list == b.list && a.range == b.range && a.usable == b.usable;
    });
    check_tiling(cut.pieces(f), f,
                 [](const address_piece& a, const address_piece& b) { return a.list == b.list && a.usable == b.usable; });
    CHECK(cut.cells(f).size() <= 2 * cut.policy().ranges(f).size() + 1 + 4);
    for (const service what : all_services) {
      for (const auto& stack : universe::stacks) {
        check_tiling(cut.regions(f, what, location::internal, stack), f,
                     [](const answer_region& a, const answer_region& b) { return a.answer == b.answer; });
      }
    }
  }
}

void check_single(const partition& cut, address a) {
  const policy& p = cut.policy();
  const address_piece& piece = cut.piece_of(a);
  REQUIRE((piece.first <= a && a <= piece.last));
  for (const service what : all_services) {
    for (const auto& stack : universe::stacks) {
      for (const location where : {location::internal, location::external}) {
        const std::uint32_t found = cut.answer_to(cut.class_of(piece, where, stack), what);
        REQUIRE(found != no_answer);
        REQUIRE(cut.answers()[found] == universe::ask(p, universe::at({a}, where, stack), what));
      }
    }
  }
}

void check_pair(const partition& cut, address a, address b) {
  const client who = universe::at({a, b}, location::internal);
  const client_class of{location::internal, who.families(), cut.choose(cut.piece_of(a).list, cut.piece_of(b).list)};
  for (const service what : all_services)
    REQUIRE(cut.answers()[cut.answer_to(of, what)] == universe::ask(cut.policy(), who, what));
}

void check_witnesses(const partition& cut) {
  for (const client_class& one : cut.classes()) {
    const auto who = cut.witness(one);
    REQUIRE(who);
    CHECK(who->families() == one.stack);
    for (const service what : all_services)
      REQUIRE(cut.answers()[cut.answer_to(one, what)] == universe::ask(cut.policy(), *who, what));
  }
}

/// Adds up what lists get over every pair of pieces.
void check_dual_counts(const partition& cut) {
  std::map<std::uint32_t, address_count> sums;
  for (const address_piece& a : cut.pieces(family::ipv4)) {
    for (const address_piece& b : cut.pieces(family::ipv6)) {
      if (!a.usable || !b.usable) continue;
      address_count& sum = sums[cut.choose(a.list, b.list)];
      sum = sum + b.size() * a.size().low.lo;
    }
  }
  for (std::uint32_t list = 0; list < cut.lists(); ++list) CHECK(cut.dual_count(list) == sums[list]);
  CHECK(cut.dual_count(no_list) == sums[no_list]);
}

}  // namespace

TEST_CASE("partition: equals the plain engine at every toy address", "[partition]") {
  const std::uint64_t seed = generate::seed();
  INFO("seed " << seed);
  generate::dice d(seed);
  const auto ipv4 = universe::addresses(family::ipv4);
  const auto ipv6 = universe::addresses(family::ipv6);
  for (int round = 0; round < 15; ++round) {
    const partition cut = partition::make(policy::make(generate::draft(d)).value());
    check_shape(cut);
    for (const auto* all : {&ipv4, &ipv6}) {
      for (const address a : *all) check_single(cut, a);
    }
    for (int n = 0; n < 500; ++n) check_pair(cut, d.one_of(ipv4), d.one_of(ipv6));
    check_witnesses(cut);
    check_dual_counts(cut);
  }
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
