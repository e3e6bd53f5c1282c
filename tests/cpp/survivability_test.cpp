// SPDX-License-Identifier: MIT
// Survivability and what-if: against every set of failures at every toy address, and by hand.
#include "support/catch.hpp"
#include "support/survivability_check.hpp"

#include <smplist/document/reports.hpp>
#include <smplist/smplist.hpp>

namespace {

using namespace smplist;
using namespace smplist::literals;

source on(std::string name, const char* where, std::uint16_t port = 443) {
  return {std::move(name), source_kind::standalone, host::parse(where), family_set::both(), endpoint{scheme::https, port}, {}};
}

proxy through(const char* where) { return {host::parse(where), 3128, family_set::both()}; }

/// Two sources on one computer and one on another, behind a proxy; the standard list goes directly.
policy_draft two_and_one() {
  policy_draft draft;
  draft.mode = list_mode::custom;
  draft.fallback_to_standard = true;
  draft.sources = {on("a", "one.example"), on("b", "one.example", 444), on("c", "two.example")};
  draft.lists = {{"site", {"10.0.0.0/24"_range}, order::random, {"a", "b", "c"}, through("p.example")}};
  return draft;
}

policy made(const policy_draft& draft) { return policy::make(draft).value(); }

cut_sets cuts_at(const policy& p, address where, cut_by by, std::size_t listed = 64) {
  const partition cut = partition::make(p);
  const answer& a = cut.answers()[cut.answer_to(cut.class_of(cut.piece_of(where)), service::file_reputation)];
  return smplist::detail::find_cuts(smplist::detail::exposure_index(p).exposures(a), by, listed);
}

std::vector<std::string> texts(const cut_sets& cuts) {
  std::vector<std::string> out;
  for (const auto& set : cuts.listed) {
    out.emplace_back();
    for (const failure& f : set) out.back() += (out.back().empty() ? "" : " ") + f.to_text();
  }
  return out;
}

using words = std::vector<std::string>;

}  // namespace

TEST_CASE("survivability: equals every set of failures at every toy address", "[survivability][S-65]") {
  const std::uint64_t seed = generate::seed();
  INFO("seed " << seed);
  generate::dice d(seed);
  for (int round = 0; round < 12; ++round) CHECK_NOTHROW(survivability_check::check_survivability(d));
}

TEST_CASE("survivability: a cut is of sources, hosts, proxies or any of them", "[survivability]") {
  const policy p = made(two_and_one());
  CHECK(texts(cuts_at(p, "10.0.0.1"_address, cut_by::source)) == words{"a b c"});
  CHECK(texts(cuts_at(p, "10.0.0.1"_address, cut_by::host)) == words{"host:one.example host:two.example"});
  CHECK(texts(cuts_at(p, "10.0.0.1"_address, cut_by::proxy)) == words{"proxy:p.example:3128"});
  CHECK(texts(cuts_at(p, "10.0.0.1"_address, cut_by::any)) == words{"proxy:p.example:3128"});
  const cut_sets nobody = cuts_at(p, "10.0.1.1"_address, cut_by::any);
  CHECK(nobody.failures == 0);
  CHECK(texts(nobody) == words{""});
}

TEST_CASE("survivability: proxies alone do not cut what goes directly", "[survivability][S-23]") {
  policy_draft draft = two_and_one();
  draft.standard.sources = {"a"};
  CHECK_FALSE(cuts_at(made(draft), "10.0.0.1"_address, cut_by::proxy).failures);
  // the proxy and then the one source that is also asked directly: as itself or with its computer
  const cut_sets any = cuts_at(made(draft), "10.0.0.1"_address, cut_by::any);
  CHECK(texts(any) == words{"c host:one.example", "a proxy:p.example:3128", "host:one.example proxy:p.example:3128"});
}

TEST_CASE("survivability: cuts that are not listed are counted", "[survivability]") {
  policy_draft draft;
  draft.mode = list_mode::custom;
  draft.fallback_to_standard = true;
  source_list site{"site", {"10.0.0.0/24"_range}, order::ordered, {}, through("p.example")};
  for (int i = 0; i < 40; ++i) {
    const std::string where = "h" + std::to_string(i) + ".example";
    draft.sources.push_back(on("direct" + std::to_string(i), where.c_str()));
    draft.standard.sources.push_back(draft.sources.back().name);
    draft.sources.push_back(on("behind" + std::to_string(i), where.c_str(), 444));
    site.sources.push_back(draft.sources.back().name);
  }
  draft.lists = {site};
  // without the proxy every host needs itself to fail, with it there is one failure more
  const cut_sets any = cuts_at(made(draft), "10.0.0.1"_address, cut_by::any, 5);
  CHECK(any.failures == 40);
  CHECK(any.count == 1);
  draft.sources.push_back(on("other", "other.example"));
  draft.lists[0].sources.push_back("other");
  const cut_sets more = cuts_at(made(draft), "10.0.0.1"_address, cut_by::any, 5);
  CHECK(more.failures == 41);
  CHECK(more.count ==
        (std::uint64_t{1} << 40U) + 1);  // all hosts and the other; or the proxy, and each host or its direct source
  CHECK(more.listed.size() == 5);
  CHECK_FALSE(more.complete());
}

TEST_CASE("survivability: a server goes if nobody falls below, and a region says who forbids the others", "[survivability]") {
  policy_draft draft = two_and_one();
  draft.sources.push_back(on("spare", "spare.example"));
  const partition cut = partition::make(made(draft));
  survivability_options options;
  options.by = cut_by::host;
  const survivability s = find_survivability(cut, options);
  REQUIRE(s.servers.size() == 4);
  CHECK_FALSE(s.servers[0].forbidden_by);  // b stays on its host
  CHECK_FALSE(s.servers[1].forbidden_by);
  REQUIRE(s.servers[2].forbidden_by);
  CHECK(s.servers[2].forbidden_by->before == 2);
  CHECK(s.servers[2].forbidden_by->after == 1);
  CHECK(s.servers[2].forbidden_by->shown->first == "10.0.0.0"_address);
  CHECK(s.servers[2].forbidden_by->shown->last == "10.0.0.255"_address);
  CHECK_FALSE(s.servers[3].asked);
  options.keep = 1;
  CHECK_FALSE(find_survivability(cut, options).servers[2].forbidden_by);
}

TEST_CASE("survivability: worst first, and addresses that are no use are nobody's", "[survivability][S-50]") {
  const survivability s = find_survivability(partition::make(made(two_and_one())));
  CHECK(s.cuts[s.rows.front().cuts].failures == 0);
  CHECK(s.rows.front().reached == outcome::none_reachable);  // the fallback is a list, and empty [S-64]
  CHECK(s.rows.front().location == location::internal);
  for (const survival_row& row : s.rows) {
    for (const answer_region& r : row.shown) CHECK_FALSE((r.first <= "127.0.0.1"_address && "127.0.0.1"_address <= r.last));
  }
  const std::string json = [&] {
    std::string out;
    smplist::detail::json_writer writer(out);
    smplist::detail::write_survivability(writer, made(two_and_one()), s);
    return out;
  }();
  CHECK(json.find(R"("failures":1,"reached":null,"clients":"256","lists":["site"],"cuts":"1",)"
                  R"("cuts_shown":[[{"unit":"proxy","name":"p.example:3128"}]],"regions":1,)") != std::string::npos);
}

TEST_CASE("what-if: removing the last source does not send clients to the network", "[what-if][S-47]") {
  policy_draft draft;
  draft.sources = {on("a", "a.example"), on("cloud", "cloud.example")};
  draft.network.sources = {"cloud"};
  draft.standard.sources = {"a"};
  const client who = universe::at({"10.0.0.1"_address}, location::internal);
  for (const list_mode mode : {list_mode::standard, list_mode::custom}) {
    draft.mode = mode;
    draft.fallback_to_standard = true;
    const policy p = made(draft);
    const policy q = what_if(p, failures(p, {{failure_kind::source, "a"}}));
    CHECK(evaluate(p, who, service::file_reputation).attempts.size() == 1);
    const plan left = evaluate(q, who, service::file_reputation);
    CHECK(left.attempts.empty());
    CHECK(left.outcome == outcome::none_reachable);
    CHECK(p != q);
    CHECK(what_if(p, {}) == p);
  }
}

TEST_CASE("what-if: custom lists without a range stay out of it", "[what-if][S-45]") {
  policy_draft draft = two_and_one();
  draft.fallback_to_standard = false;
  draft.lists.push_back({"what-if", {}, order::ordered, {}});
  const policy p = made(draft);
  const policy q = what_if(p, failures(p, {{failure_kind::proxy, "p.example:3128"}}));
  REQUIRE(q.content().lists.size() == 3);
  CHECK(q.content().lists.back().name == "what-if-2");
  const auto outcome_at = [&](address a) {
    return evaluate(q, universe::at({a}, location::internal), service::file_reputation).outcome;
  };
  CHECK(outcome_at("10.0.0.1"_address) == outcome::none_reachable);
  CHECK(outcome_at("10.0.1.1"_address) == outcome::no_list);
}

TEST_CASE("failures: are read as they are written, and a misspelt one is guessed", "[what-if]") {
  policy_draft draft = two_and_one();
  draft.sources.push_back(on("host:c", "[2001:db8::5]"));
  draft.sources.back().families.reset();
  const policy p = made(draft);
  for (const char* text : {"a", "a/file_reputation", "host:one.example", "host:2001:db8::5", "proxy:p.example:3128", "host:c"}) {
    const auto read = read_failure(p, text);
    REQUIRE(read);
    CHECK(read->to_text() == text);
  }
  CHECK((*read_failure(p, "host:c")).kind == failure_kind::source);
  CHECK((*read_failure(p, "host:ONE.example.")).name == "one.example");
  const auto refusal = [&](const char* text) {
    const auto read = read_failure(p, text);
    return read ? "read" : read.error().reason + "; " + read.error().advice;
  };
  CHECK(refusal("host:on.example") == "the policy has no source on the host 'on.example'; did you mean 'one.example'?");
  CHECK(refusal("proxy:p.example") == "the policy has no proxy 'p.example'; it has p.example:3128");
  CHECK(refusal("a/mail") == "no service is called 'mail'; write file_reputation or web_reputation");
  CHECK(refusal("nobody") == "the policy declares no source 'nobody'; it has a, b, c, host:c");
  CHECK(refusal("hosst:c") == "the policy declares no source 'hosst:c'; did you mean 'host:c'?");
}
