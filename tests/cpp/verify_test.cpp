// SPDX-License-Identifier: MIT
// Expectations, comparisons and vectors against brute force, and one by one.
#include "support/catch.hpp"
#include "support/verify_check.hpp"

#include <smplist/smplist.hpp>

namespace {

using namespace smplist;
using namespace smplist::literals;

template <class Check>
void many(int rounds, Check check) {
  const std::uint64_t seed = generate::seed();
  INFO("seed " << seed);
  generate::dice d(seed);
  for (int round = 0; round < rounds; ++round) {
    INFO("round " << round);
    const std::string wrong = check(d);
    REQUIRE(wrong == "");
  }
}

source named(const char* name, scheme how = scheme::https, family_set families = family_set::both()) {
  return {name, source_kind::standalone, host::parse(std::string(name) + ".example"), families, endpoint{how, 443}, {}};
}

policy_draft two_sites() {
  policy_draft draft;
  draft.mode = list_mode::custom;
  draft.sources = {named("a"), named("b"), named("c", scheme::http)};
  draft.lists = {{"x", {"10.0.0.0/24"_range, "2001:db8:a::/48"_range}, order::random, {"a", "b"}},
                 {"y", {"10.0.1.0/24"_range, "2001:db8:b::/48"_range}, order::ordered, {"c", "a"}}};
  return draft;
}

proof prove(const policy_draft& draft, client_filter where, std::vector<condition> conditions) {
  return verify(partition::make(policy::make(draft).value()), {"it", std::move(where), std::move(conditions)});
}

client_filter inside(std::vector<address_range> ranges) {
  client_filter where;
  where.addresses = range_set(std::move(ranges));
  where.locations = {location::internal};
  where.services = {service::file_reputation};
  return where;
}

condition sources_first(polarity when, std::vector<std::string> names) {
  return {when, condition_kind::first_source, std::move(names)};
}

}  // namespace

TEST_CASE("verify: equals brute force over the toy universe", "[verify][S-07][S-44]") { many(40, verify_check::check_verify); }

TEST_CASE("verify: same_list equals brute force over all pairs", "[verify][S-44]") { many(60, verify_check::check_same_list); }

TEST_CASE("compare: equivalent and refines equal brute force", "[compare][S-60]") { many(40, verify_check::check_compare); }

TEST_CASE("vectors: catch every mutant that changes an answer", "[vectors][S-60]") { many(40, verify_check::check_vectors); }

TEST_CASE("vectors: that a list is hidden is seen by two addresses, if by one it is not [S-44]", "[vectors]") {
  policy_draft draft;
  draft.mode = list_mode::custom;
  draft.sources = {named("a", scheme::https, family_set(family::ipv4))};
  draft.lists = {{"empty", {"fec0::/64"_range}, order::ordered, {}},
                 {"local", {"169.254.255.248/30"_range}, order::ordered, {"a"}},
                 {"hidden", {"fec0::8/126"_range}, order::ordered, {}}};
  const auto all = verify_check::vectors_of(partition::make(policy::make(draft).value()));
  draft.on_overlap = overlap_rule::most_specific;
  CHECK(verify_check::catches(all, policy::make(draft).value()));
}

TEST_CASE("verify: a random order is all its orders", "[verify][S-21]") {
  const client_filter where = inside({"10.0.0.0/24"_range});
  client_filter alone = where;
  alone.stacks = {stack_kind::ipv4};
  CHECK(prove(two_sites(), alone, {sources_first(polarity::always, {"a", "b"})}).verdict == verdict::proved);
  for (const char* const first : {"a", "b"}) {
    const proof found = prove(two_sites(), alone, {sources_first(polarity::never, {first})});
    REQUIRE(found.verdict == verdict::refuted);
    CHECK(found.example->what.attempts.front().source == first);
    CHECK(found.concerned.clients.ipv4.to_text() == "256");
    REQUIRE(found.concerned.regions.size() == 1);
    CHECK(found.concerned.regions.front().last == "10.0.0.255"_address);
  }
}

TEST_CASE("verify: a client is there if any of its addresses is, or all must be", "[verify][S-07]") {
  client_filter where = inside({"10.0.1.0/24"_range, "2001:db8:b::/48"_range});
  const condition c_first = sources_first(polarity::always, {"c"});
  const proof any = prove(two_sites(), where, {c_first});
  REQUIRE(any.verdict == verdict::refuted);
  CHECK(any.example->who.addresses.size() == 2);
  CHECK(any.concerned.clients.ipv4 == address_count{});
  CHECK(any.concerned.regions.empty());
  // 2^8 addresses of y with the 2^80 of x, and 2^80 of y with the 2^8 of x
  CHECK(any.concerned.clients.dual.to_text() == "618970019642690137449562112");
  where.match = address_match::all;
  const proof all = prove(two_sites(), where, {c_first});
  CHECK(all.verdict == verdict::proved);
  CHECK(all.clients.dual.to_text() == "309485009821345068724781056");
  CHECK(all.classes == 3);
}

TEST_CASE("verify: what can never apply is an error and no pass", "[verify]") {
  const auto text_of = [](client_filter where, condition c) {
    const proof found = prove(two_sites(), std::move(where), {std::move(c)});
    CHECK(found.verdict == verdict::error);
    return found.text;
  };
  const condition fine{polarity::always, condition_kind::at_least, {}, true, 0};
  client_filter nobody = inside({"10.0.0.0/24"_range});
  nobody.stacks = {stack_kind::ipv6};
  CHECK(text_of(nobody, fine) == "it can never apply: no client is there; widen 'where'");
  client_filter local = inside({"169.254.0.0/16"_range});
  CHECK(text_of(local, fine) == "it can never apply: no client is there; widen 'where'");
  local.stacks = {stack_kind::none};
  CHECK(prove(two_sites(), local, {fine}).verdict == verdict::proved);
  client_filter other;
  other.revision = "sha256:00";
  CHECK(text_of(other, fine).find("it can never apply: it is about the revision sha256:00") == 0);
  CHECK(text_of({}, sources_first(polarity::never, {"s-hq"})) ==
        "it can never apply: the policy has no source 's-hq'; name one that it has");
  CHECK(text_of({}, {polarity::never, condition_kind::first_list, {"netwrok"}}) ==
        "it can never apply: the policy has no list 'netwrok'; did you mean 'network'?");
  client_filter single;
  single.stacks = {stack_kind::ipv4};
  CHECK(text_of(single, {polarity::always, condition_kind::same_list}).find("it can never apply: same_list") == 0);
  CHECK(prove(two_sites(), {}, {}).verdict == verdict::error);
}

TEST_CASE("orders: all that clients can have, no more, and a client for each", "[orders][S-21]") {
  const auto stage_of = [](stage kind, const std::string& letters) {
    answer_stage s{letters.size() > 1, {}};
    for (const char c : letters)
      s.attempts.push_back({kind, "l", std::string(1, c), "https://" + std::string(1, c) + ".example:443", ""});
    return s;
  };
  answer one;
  CHECK(possible_orders(one, 10).all().size() == 1);
  one.stages = {stage_of(stage::custom_list, "abc"), stage_of(stage::fallback_standard, "de")};
  const possible_orders apart(one, 5040);
  CHECK(apart.all().size() == 12);
  CHECK(apart.at_most() == "12");
  for (std::size_t i = 0; i < 12; ++i) CHECK(apart.of(apart.ids()[i]) == apart.all()[i]);
  CHECK(possible_orders(one, 11).all().empty());
  // an endpoint in two stages, through two proxies, has one rank: b before c in one is b before c in the other
  one.stages = {stage_of(stage::custom_list, "abc"), stage_of(stage::fallback_standard, "bcd")};
  const possible_orders joint(one, 5040);
  CHECK(joint.at_most() == "36");
  CHECK(joint.all().size() == 18);
  const auto ids = joint.ids();
  CHECK(std::count(ids.begin(), ids.end(), "") == 0);
  for (std::size_t n = 0; n < 2000; ++n) {
    const auto own = joint.of(trial_id(n));
    CHECK(std::count(joint.all().begin(), joint.all().end(), own) == 1);
  }
  one.stages = {stage_of(stage::custom_list, std::string("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))};
  CHECK(possible_orders(one, 5040).at_most() == "more than 10^38");
}

TEST_CASE("compare: what is worse, reason by reason", "[compare]") {
  const auto why = [](const policy_draft& before, const policy_draft& after) {
    const comparison found = refines(partition::make(policy::make(after).value()), partition::make(policy::make(before).value()));
    return found.found ? found.found->why : "";
  };
  const policy_draft before = two_sites();
  policy_draft after = before;
  CHECK(why(before, after).empty());
  after.lists[0].sources.pop_back();
  CHECK(why(before, after) == "it asked 2 computers, and asks 1 now");
  CHECK(why(after, before).empty());
  after = before;
  after.lists[0].ranges.erase(after.lists[0].ranges.begin());
  CHECK(why(before, after) == "it reached a source, and reaches none now");
  after = before;
  after.lists[0].sources.push_back("c");
  CHECK(why(before, after) == "all it asked was asked over HTTPS, and is not now");
  after = before;
  after.network.sources = {"a"};
  after.file_reputation_falls_back = true;
  CHECK(why(before, after) == "it never fell to the network, and does now");
  after = before;
  std::swap(after.lists[1].sources[0], after.lists[1].sources[1]);
  CHECK(why(after, before) == "it asked over HTTPS first, and does not now");
}

TEST_CASE("compare: a criterion that lets other clients in is a difference", "[compare][S-31][S-32]") {
  policy_draft before = two_sites();
  before.criterion = gateway_criterion{{gateway{"10.0.0.1"_address, mac_address::parse("00:11:22:33:44:55")}}};
  policy_draft after = before;
  after.criterion = gateway_criterion{{gateway{"10.0.0.1"_address}}};
  const auto compared = [](const policy_draft& a, const policy_draft& b) {
    return equivalent(partition::make(policy::make(a).value()), partition::make(policy::make(b).value()));
  };
  const comparison found = compared(before, after);
  REQUIRE(found.found);
  CHECK(found.found->before.location == location::external);
  CHECK(found.found->after.location == location::internal);
  after.criterion = connection_criterion{{}, {{host::parse("ref.example"), {80}}}};
  CHECK(compared(before, after).found);
  before.criterion = gateway_criterion{{gateway{"10.0.0.1"_address}, gateway{"10.0.0.2"_address}}};
  after.criterion = gateway_criterion{{gateway{"10.0.0.2"_address}, gateway{"10.0.0.1"_address}}};
  CHECK_FALSE(compared(before, after).found);
}

TEST_CASE("compare: the addresses that two lists share", "[compare][S-07]") {
  const source_list a{"a", {"10.0.0.0/24"_range, "2001:db8::/64"_range}};
  const source_list b{"b", {"10.0.0.128-10.0.1.5"_range, "2001:db8::1"_range}};
  CHECK(common_addresses(a, b).ranges() == std::vector{"10.0.0.128/25"_range, "2001:db8::1"_range});
  CHECK(common_addresses(a, {"c", {"10.0.1.0/24"_range}}).empty());
}

TEST_CASE("vectors: a range inside another of its own list, under a third, is told from no range", "[vectors][S-44]") {
  policy_draft draft = two_sites();
  draft.lists[0].ranges = {"10.0.0.0/23"_range};
  draft.lists[1].ranges = {"10.0.0.0/16"_range, "10.0.0.64/26"_range};
  const auto all = verify_check::vectors_of(partition::make(policy::make(draft).value()));
  draft.on_overlap = overlap_rule::most_specific;
  CHECK(verify_check::catches(all, policy::make(draft).value()));
}

TEST_CASE("vectors: availability patterns walk in order", "[vectors][S-65]") {
  const partition cut = partition::make(policy::make(two_sites()).value());
  std::size_t patterns = 0;
  each_vector(cut, [&](const test_vector& v) {
    patterns += v.patterns.size();
    if (v.patterns.empty()) return;
    const std::size_t k = v.expected.attempts.size();
    CHECK(v.patterns.size() == (k == 0 ? 1 : 2 * k));
    CHECK(v.patterns.front().down.empty());
    CHECK_FALSE(v.patterns.back().asked);
  });
  CHECK(patterns == 4 + 4 + 4 + 1);  // a b, b a, c a, nobody
}
