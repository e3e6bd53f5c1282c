// SPDX-License-Identifier: MIT
// What changes between two policies, against the plain engine asked about everybody. [S-60]
#include "support/catch.hpp"
#include "support/diff_check.hpp"

#include <smplist/analysis/quiet.hpp>
#include <smplist/smplist.hpp>

namespace {

using namespace smplist;
using namespace smplist::literals;

source reachable(const char* name, family_set families = family_set::both(), std::uint16_t port = 443) {
  return {name,     source_kind::standalone,       host::parse(std::string(name) + ".example"),
          families, endpoint{scheme::https, port}, {}};
}

/// Two lists side by side, a standard list behind them.
policy_draft two_lists() {
  policy_draft draft;
  draft.mode = list_mode::custom;
  draft.fallback_to_standard = true;
  draft.sources = {reachable("a"), reachable("b"), reachable("c")};
  draft.standard.sources = {"c"};
  draft.lists = {{"x", {"10.0.0.0/24"_range}, order::ordered, {"a", "b"}}, {"y", {"10.0.1.0/24"_range}, order::ordered, {"b"}}};
  return draft;
}

policy_diff compared(const policy_draft& before, const policy_draft& after, const diff_options& options = {}) {
  return policy_diff::make(partition::make(policy::make(before).value()), partition::make(policy::make(after).value()), options);
}

/// The classes of the change at 10.0.0.1, for file reputation.
template <class Edit>
answer_change change_by(Edit edit) {
  policy_draft after = two_lists();
  edit(after);
  const policy_diff diff = compared(two_lists(), after);
  for (const changed_region& r : diff.regions()) {
    const changed_clients& kind = diff.kinds()[r.kind];
    const bool there = r.first <= "10.0.0.1"_address && "10.0.0.1"_address <= r.last;
    if (there && diff.answers()[kind.before].service == service::file_reputation) return kind.what;
  }
  return {};
}

}  // namespace

TEST_CASE("diff: equals the plain engine, asked about everybody", "[diff][S-44][S-50][S-60]") {
  const std::uint64_t seed = generate::seed();
  INFO("seed " << seed);
  generate::dice d(seed);
  for (int round = 0; round < 60; ++round) {
    INFO("round " << round);
    REQUIRE(diff_check::check_random(d) == "");
  }
}

TEST_CASE("diff: every class of change has its name, the gravest first", "[diff][S-61]") {
  using changes = std::vector<change>;
  const auto all = [](auto edit) { return change_by(edit).all; };
  CHECK(all([](policy_draft&) {}) == changes{});
  CHECK(all([](policy_draft& d) { std::swap(d.lists[0].sources[0], d.lists[0].sources[1]); }) ==
        changes{change::first, change::order});
  CHECK(all([](policy_draft& d) { d.lists[0].sources = {"a"}; }) == changes{change::redundancy});
  CHECK(all([](policy_draft& d) {
          d.lists[0].sources = {"a", "c"};
        }) ==
        changes{change::fallback, change::redundancy});  // c is already listed, so that the standard list has nothing [S-63]
  CHECK(all([](policy_draft& d) { d.fallback_to_standard = false; }) == changes{change::fallback, change::redundancy});
  CHECK(all([](policy_draft& d) { d.standard.sources = {"c", "a"}; }) == changes{});
  CHECK(all([](policy_draft& d) { d.lists[0].order = order::random; }) == changes{change::first, change::order});
  CHECK(all([](policy_draft& d) { d.lists[1].ranges.push_back("10.0.0.0/23"_range); }) == changes{});
  CHECK(all([](policy_draft& d) { std::swap(d.lists[0].ranges, d.lists[1].ranges); }) ==
        changes{change::list, change::first, change::redundancy});
  CHECK(all([](policy_draft& d) { d.sources[0] = reachable("a", family::ipv6); }) ==
        changes{change::first, change::redundancy});  // without a route it is ignored [S-53]
  CHECK(all([](policy_draft& d) { d.sources[1] = reachable("b", family_set::both(), 8443); }) == changes{change::sources});
  CHECK(all([](policy_draft& d) {
          d.lists[0].proxy = proxy{host::parse("p.example"), 3128, family_set::both()};
        }) == changes{change::first, change::sources});
  CHECK(all([](policy_draft& d) {
          for (source& s : d.sources) s.families = family::ipv6;
        }) == changes{change::reachability, change::list, change::first, change::fallback, change::redundancy});
}

TEST_CASE("diff: what changes by name alone is called renamed", "[diff][S-81]") {
  const answer_change list = change_by([](policy_draft& d) { d.lists[0].name = "z"; });
  CHECK(list.renamed);
  CHECK(list.all == std::vector<change>{change::list});
  CHECK(change_by([](policy_draft& d) {
          d.sources[0].name = "a2";
          d.lists[0].sources[0] = "a2";
        }).renamed);
  CHECK_FALSE(change_by([](policy_draft& d) { std::swap(d.lists[0].sources[0], d.lists[0].sources[1]); }).renamed);
}

TEST_CASE("diff: says whether clients can ask more or less than before", "[diff]") {
  CHECK(change_by([](policy_draft& d) { d.lists[0].sources = {"a"}; }).trend == change_trend::less);
  CHECK(change_by([](policy_draft& d) { std::swap(d.lists[0].sources[0], d.lists[0].sources[1]); }).trend == change_trend::same);
  CHECK(change_by([](policy_draft& d) {
          for (source& s : d.sources) s.families = family::ipv6;
        }).trend == change_trend::lost);
  policy_draft less = two_lists();
  less.lists[0].sources = {"a"};
  CHECK(compared(less, two_lists()).kinds().front().what.trend == change_trend::more);
}

TEST_CASE("diff: textually equal and equal in meaning are two things", "[diff][S-82]") {
  policy_draft after = two_lists();
  CHECK(compared(two_lists(), after).textually_equal());
  after.lists[0].ranges = {"10.0.0.0/25"_range, "10.0.0.128/25"_range};
  const policy_diff split = compared(two_lists(), after);
  CHECK_FALSE(split.textually_equal());
  CHECK(split.equal());
  CHECK(split.regions().empty());
}

TEST_CASE("diff: lists that change places matter only to clients with several addresses", "[diff][S-44]") {
  policy_draft after = two_lists();
  std::swap(after.lists[0], after.lists[1]);
  const policy_diff diff = compared(two_lists(), after);
  CHECK(diff.kinds().empty());
  CHECK_FALSE(diff.equal());
  REQUIRE(diff.other());
  CHECK(diff.other()->example.addresses.size() == 2);

  policy_draft before = two_lists();
  before.lists[1].ranges = {"2001:db8::/48"_range};
  after = before;
  std::swap(after.lists[0], after.lists[1]);
  const policy_diff pairs = compared(before, after);
  CHECK(pairs.regions().empty());
  REQUIRE(pairs.kinds().size() == 1);
  CHECK(pairs.kinds()[0].by_pair_alone);
  CHECK(pairs.kinds()[0].stack == family_set::both());
  CHECK(pairs.kinds()[0].count == "2001:db8::/48"_range.size() * 256U);
  CHECK(pairs.pairs(service::file_reputation) == pairs.kinds()[0].count);
}

TEST_CASE("diff: evidence that decides otherwise is a change, and is named", "[diff][S-30][S-31][S-32]") {
  policy_draft before = two_lists();
  policy_draft after = two_lists();
  const auto mac = mac_address::parse("00:11:22:33:44:55");
  before.criterion = gateway_criterion{{gateway{"10.0.0.1"_address, {}}, gateway{"10.0.0.2"_address, mac}}};
  after.criterion = gateway_criterion{{gateway{"10.0.0.1"_address, mac}, gateway{"10.0.0.2"_address, mac}}};
  const policy_diff tighter = compared(before, after);
  REQUIRE(tighter.evidence().size() == 1);
  CHECK(tighter.evidence()[0].example.gateways == std::vector<gateway>{gateway{"10.0.0.1"_address, {}}});
  CHECK(tighter.evidence()[0].after == location::external);
  CHECK_FALSE(tighter.equal());

  after.criterion =
      gateway_criterion{{gateway{"10.0.0.2"_address, mac}, gateway{"10.0.0.1"_address, {}}, gateway{"10.0.0.1"_address, mac}}};
  CHECK(compared(before, after).equal());
  after.criterion = connection_criterion{reference_server{host::parse("osce.example"), {4343}}, {}};
  CHECK(compared(before, after).evidence().size() == 3);
  CHECK(compared(after, before).evidence().size() == 3);
}

TEST_CASE("diff: a part of the clients, and those who keep their answer", "[diff]") {
  policy_draft after = two_lists();
  for (source_list& l : after.lists) l.sources = {"c"};
  diff_options options;
  options.where = range_set({"10.0.1.128-10.0.2.7"_range});
  const policy_diff part = compared(two_lists(), after, options);
  REQUIRE(part.regions().size() == 1);
  CHECK(part.regions()[0].first == "10.0.1.128"_address);
  CHECK(part.regions()[0].last == "10.0.1.255"_address);
  CHECK(part.pairs(service::file_reputation) == address_count{});
  options.unchanged = true;
  const policy_diff all = compared(two_lists(), after, options);
  CHECK(all.regions().size() == 2 + 1);  // web reputation is one run
  CHECK_FALSE(all.equal());
  CHECK(compared(after, after, options).equal());
}

TEST_CASE("diff: a whole family has 2^128 addresses, and pairs more", "[diff][S-06]") {
  policy_draft after = two_lists();
  after.standard.sources = {"a"};
  policy_draft before = two_lists();
  before.lists.clear();
  after.lists.clear();
  before.lists = {{"none", {}, order::ordered, {}}};
  after.lists = before.lists;
  const policy_diff diff = compared(before, after);
  address_count ipv6;
  for (const changed_region& r : diff.regions()) {
    if (r.first.family() == family::ipv6) ipv6 = ipv6 + address_piece{r.first, r.last}.size();
  }
  CHECK(diff.pairs(service::file_reputation) == ipv6 * 4278124544U);
  CHECK(diff.pairs(service::file_reputation).top != 0);
}

TEST_CASE("quiet changes: other lists, ignored sources and the trace change no answer", "[diff][S-61]") {
  const policy before = policy::make(two_lists()).value();
  policy_draft draft = two_lists();
  draft.lists[1].ranges.push_back("10.0.0.128/25"_range);  // x wins, y matches, too
  const auto lists = quiet_changes(before, policy::make(draft).value(), family::ipv4);
  REQUIRE(lists.size() == 2);
  CHECK(lists[0].first == "10.0.0.128"_address);
  CHECK(lists[0].last == "10.0.0.255"_address);
  CHECK(lists[0].changes == std::vector<quiet_change>{quiet_change::lists, quiet_change::trace});
  draft = two_lists();
  draft.standard.sources = {"c", "a"};  // where x is asked, a is already listed [S-63]
  const auto ignored = quiet_changes(before, policy::make(draft).value(), family::ipv4);
  REQUIRE(ignored.size() >= 1);
  CHECK(ignored[0].first == "10.0.0.0"_address);
  CHECK(ignored[0].last == "10.0.0.255"_address);
  CHECK(ignored[0].changes == std::vector<quiet_change>{quiet_change::ignored});
  CHECK(quiet_changes(before, before, family::ipv6).empty());
}
