// SPDX-License-Identifier: MIT
// Each lint rule with a policy that has the fault and one that has not; all of them against brute force.
#include "support/catch.hpp"
#include "support/lint_check.hpp"

#include <smplist/analysis/suppress.hpp>
#include <smplist/document/lint_text.hpp>
#include <smplist/json.hpp>

#include <string>
#include <vector>

using namespace smplist;
using namespace smplist::literals;

namespace {

/// What a rule finds in a policy.
std::vector<finding> found_by(const std::string& rule, const policy_draft& draft) {
  std::vector<finding> out;
  for (const finding& f : lint(policy::make(draft).value())) {
    if (f.rule == rule) out.push_back(f);
  }
  return out;
}

source named(const std::string& name, std::optional<family_set> families = family_set::both()) {
  return {name, source_kind::standalone, host::parse(name + ".example"), families, endpoint{}, endpoint{scheme::http, 80}};
}

/// A policy that no rule has anything to say about: two lists, two sources on both families, a fallback, a network.
policy_draft clean() {
  policy_draft d;
  d.mode = list_mode::custom;
  d.fallback_to_standard = true;
  d.sources = {named("a"), named("b"), named("c")};
  d.lists = {{"x", {"10.0.0.0/24"_range, "2001:db8::/48"_range}, order::ordered, {"a", "b"}},
             {"y", {"10.0.1.0/24"_range}, order::random, {"b", "c"}}};
  d.standard.sources = {"c", "a"};
  d.network.sources = {"a", "b"};
  return d;
}

/// Makes the range `text` of the list x one of these.
policy_draft with_ranges(std::vector<address_range> x, std::vector<address_range> y) {
  policy_draft d = clean();
  d.lists[0].ranges = std::move(x);
  d.lists[1].ranges = std::move(y);
  return d;
}

}  // namespace

TEST_CASE("lint: a policy without a fault has no finding", "[lint]") { CHECK(lint(policy::make(clean()).value()).empty()); }

TEST_CASE("lint: every row has a code of its own, a sentence and what to do", "[lint]") {
  std::set<std::string_view> codes;
  for (const lint_rule& rule : lint_rules) {
    CHECK(codes.insert(rule.code).second);
    CHECK(!rule.sentence.empty());
    CHECK(!rule.fix.empty());
    CHECK(find_rule(rule.code) == &rule);
  }
  CHECK(find_rule("no-such-rule") == nullptr);
}

TEST_CASE("lint: agrees with brute force on random policies [S-44]", "[lint]") {
  const std::uint64_t seed = generate::seed();
  INFO("seed " << seed);
  generate::dice d(seed);
  for (int round = 0; round < 150; ++round) REQUIRE_NOTHROW(lint_check::check(d));
}

TEST_CASE("lint: a list is shadowed by the union of what wins over it [S-44]", "[lint]") {
  policy_draft d = with_ranges({"10.0.0.0/25"_range}, {"10.0.0.128/25"_range});
  d.lists.push_back({"z", {"10.0.0.0/24"_range}, order::ordered, {"c"}});
  const auto found = found_by("shadowed-list", d);
  REQUIRE(found.size() == 1);
  CHECK(found[0].pointer == "/internal/custom/lists/2");
  CHECK(found[0].list == "z");
  CHECK(found[0].addresses == "256");
  CHECK(found[0].example == "10.0.0.0");
  CHECK(found[0].different_outcome == true);
  CHECK(found[0].text == "nobody ever gets the list 'z': all of its 256 addresses go to 'x' and 'y'");
  CHECK(found_by("shadowed-range", d).empty());
  CHECK(found_by("overlapping-ranges", d).empty());
  d.on_overlap = overlap_rule::last;
  CHECK(found_by("shadowed-list", d).size() == 2);
  d.on_overlap = overlap_rule::most_specific;
  CHECK(found_by("shadowed-list", d).size() == 1);
  d.lists[2].ranges = {"10.0.0.0-10.0.1.0"_range};  // one address more
  CHECK(found_by("shadowed-list", d).empty());
  d.lists[2].ranges = {"10.0.0.0/24"_range};
  d.lists[2].sources = {"c", "a"};
  d.lists[0].sources = d.lists[1].sources = {"c", "a"};
  d.lists[1].order = order::ordered;
  d.on_overlap = overlap_rule::first;
  CHECK(found_by("shadowed-list", d).at(0).different_outcome == false);
}

TEST_CASE("lint: a range that decides nothing is shadowed, its list is not [S-44]", "[lint]") {
  const auto found = found_by("shadowed-range", with_ranges({"10.0.0.0/24"_range}, {"10.0.0.16/28"_range, "10.0.1.0/24"_range}));
  REQUIRE(found.size() == 1);
  CHECK(found[0].pointer == "/internal/custom/lists/1/ranges/0");
  CHECK(found[0].range == "10.0.0.16/28");
  CHECK(found[0].addresses == "16");
  CHECK(found[0].different_outcome == true);
  CHECK(found_by("shadowed-range", with_ranges({"10.0.0.0/28"_range}, {"10.0.0.0/24"_range})).empty());
}

TEST_CASE("lint: overlapping ranges are exact regions with their winner [S-44]", "[lint]") {
  const auto found = found_by("overlapping-ranges", with_ranges({"10.0.0.128-10.0.1.63"_range, "10.0.1.100"_range},
                                                                {"10.0.1.0/24"_range, "2001:db8::/48"_range}));
  REQUIRE(found.size() == 1);
  CHECK(found[0].list == "y");
  CHECK(found[0].addresses == "65");
  CHECK(found[0].region_count == 2);
  REQUIRE(found[0].regions.size() == 2);
  CHECK(found[0].regions[0] == finding_region{"10.0.1.0"_address, "10.0.1.63"_address, {0, {0, 64}}, "x"});
  CHECK(found[0].different_outcome == true);
  CHECK(found_by("overlapping-ranges", with_ranges({"10.0.0.0/24"_range}, {"10.0.1.0/24"_range})).empty());
}

TEST_CASE("lint: a list that holds itself twice loses nothing by it", "[lint]") {
  CHECK(found_by("overlapping-ranges", with_ranges({"10.0.0.0/24"_range, "10.0.0.16/28"_range}, {"10.0.1.0/24"_range})).empty());
}

TEST_CASE("lint: clients with both families count for different_outcome [S-44] [S-50]", "[lint]") {
  policy_draft d = with_ranges({"10.0.0.0/25"_range}, {"10.0.0.0/24"_range});
  d.lists[0].sources = {"a", "b"};
  d.lists[1].sources = {"a", "c"};
  d.lists[1].order = order::ordered;
  d.fallback_to_standard = false;
  d.sources[1].families = d.sources[2].families = family::ipv6;  // what clients with IPv4 alone cannot tell apart
  CHECK(found_by("overlapping-ranges", d).at(0).different_outcome == true);
  d.ip_preference = ip_preference::ipv4_only;
  CHECK(found_by("overlapping-ranges", d).at(0).different_outcome == false);
}

TEST_CASE("lint: many regions are counted, and a hundred of them kept", "[lint]") {
  std::vector<address_range> holes;
  for (unsigned i = 0; i < 300; ++i) holes.emplace_back(address::from_ipv4(0x0A000001U + 2 * i));
  const auto found = found_by("overlapping-ranges", with_ranges(holes, {"10.0.0.0/16"_range}));
  REQUIRE(found.size() == 1);
  CHECK(found[0].region_count == 300);
  CHECK(found[0].regions.size() == finding::max_regions);
  CHECK(found[0].addresses == "300");
}

TEST_CASE("lint: redundant ranges can go, all of them [S-07]", "[lint]") {
  const auto found = found_by(
      "redundant-range", with_ranges({"10.0.0.0/25"_range, "10.0.0.0/24"_range, "10.0.0.0/24"_range}, {"10.0.1.0/24"_range}));
  REQUIRE(found.size() == 2);
  CHECK(found[0].pointer == "/internal/custom/lists/0/ranges/0");
  CHECK(found[1].pointer == "/internal/custom/lists/0/ranges/2");
  CHECK(found[0].different_outcome == false);
  CHECK(found_by("redundant-range", with_ranges({"10.0.0.0/25"_range, "10.0.0.64-10.0.0.200"_range}, {})).empty());
  // the halves decide nothing and can go; then the whole has to stay
  const auto halves =
      found_by("redundant-range", with_ranges({"10.0.0.0/24"_range, "10.0.0.0/25"_range, "10.0.0.128/25"_range}, {}));
  REQUIRE(halves.size() == 2);
  CHECK(halves[0].pointer == "/internal/custom/lists/0/ranges/1");
  CHECK(halves[1].pointer == "/internal/custom/lists/0/ranges/2");
}

TEST_CASE("lint: a block without its first or its last address [S-05]", "[lint]") {
  const auto first = found_by("host-bits-boundary", with_ranges({"10.0.0.1-10.0.0.255"_range}, {"10.0.1.0/24"_range}));
  REQUIRE(first.size() == 1);
  CHECK(first[0].example == "10.0.0.0");
  CHECK(first[0].fix == "write 10.0.0.0/24 if the whole block is meant");
  CHECK(first[0].different_outcome == true);
  CHECK(found_by("host-bits-boundary", with_ranges({"10.0.0.0-10.0.0.254"_range}, {"10.0.1.0/24"_range})).size() == 1);
  CHECK(found_by("host-bits-boundary", with_ranges({"10.0.0.1-10.0.0.254"_range}, {"10.0.1.0/24"_range})).empty());
  CHECK(found_by("host-bits-boundary", with_ranges({"10.0.0.1-10.0.0.255"_range, "10.0.0.0"_range}, {})).empty());
  CHECK(found_by("host-bits-boundary", with_ranges({"::1-::ffff"_range, "255.255.255.1-255.255.255.255"_range}, {})).size() == 2);
}

TEST_CASE("lint: slivers are gaps and overlaps of fewer than 16 addresses", "[lint]") {
  const auto gap = found_by("sliver", with_ranges({"10.0.0.0-10.0.0.240"_range}, {"10.0.1.0/24"_range}));
  REQUIRE(gap.size() == 1);
  CHECK(gap[0].pointer == "/internal/custom/lists/0/ranges/0");
  CHECK(gap[0].range == "10.0.0.241-10.0.0.255");
  CHECK(gap[0].addresses == "15");
  CHECK(found_by("sliver", with_ranges({"10.0.0.0-10.0.0.239"_range}, {"10.0.1.0/24"_range})).empty());
  CHECK(found_by("sliver", with_ranges({"::"_range}, {"::4/126"_range})).size() == 1);  // ::1 is in it
  const auto overlap = found_by("sliver", with_ranges({"10.0.0.0-10.0.1.14"_range}, {"10.0.1.0/24"_range}));
  REQUIRE(overlap.size() == 1);
  CHECK(overlap[0].range == "10.0.1.0-10.0.1.14");
  CHECK(found_by("sliver", with_ranges({"10.0.0.0-10.0.1.15"_range}, {"10.0.1.0/24"_range})).empty());
  CHECK(found_by("sliver", with_ranges({"10.0.0.0/24"_range}, {"10.0.0.8/29"_range})).empty());  // one inside the other
}

TEST_CASE("lint: lists that nobody asks [S-42] [S-43]", "[lint]") {
  policy_draft d = clean();
  d.lists[1].ranges.clear();
  CHECK(found_by("unused-list", d).at(0).pointer == "/internal/custom/lists/1");
  d = clean();
  d.fallback_to_standard = false;
  CHECK(found_by("unused-list", d).at(0).pointer == "/internal/standard");
  d = clean();
  d.mode = list_mode::standard;
  CHECK(found_by("unused-list", d).at(0).text == "2 custom lists are never asked: the mode is standard");
}

TEST_CASE("lint: a source in no list is unused", "[lint]") {
  policy_draft d = clean();
  d.sources.push_back(named("spare"));
  const auto found = found_by("unused-source", d);
  REQUIRE(found.size() == 1);
  CHECK(found[0].pointer == "/sources/spare");
  CHECK(found[0].fix == "add it to a list, or remove it");
}

TEST_CASE("lint: a source that no client of a list can ask [S-51] [S-52]", "[lint]") {
  policy_draft d = clean();
  d.sources[0].families = family::ipv6;
  CHECK(found_by("unreachable-source", d).empty());  // clients with both families can
  d.lists[0].proxy = proxy{host::parse("p.example"), 3128, family_set(family::ipv4)};
  const auto found = found_by("unreachable-source", d);
  REQUIRE(found.size() == 1);
  CHECK(found[0].pointer == "/internal/custom/lists/0/sources/0");
  CHECK(found[0].list == "x");
  d.lists[0].proxy->leaves_on = family_set(family::ipv6);
  CHECK(found_by("unreachable-source", d).at(0).text.find("needs a proxy that converts") != std::string::npos);
  d.lists[0].proxy->converts = true;
  CHECK(found_by("unreachable-source", d).empty());
  d = clean();
  d.web_reputation_to_servers = false;
  d.sources[2].file_reputation.reset();
  CHECK(found_by("unreachable-source", d).at(0).text == "no client of 'y' can ask 'c': web reputation goes to the network");
}

TEST_CASE("lint: a list that has nothing for a family, or for a service [S-13] [S-53]", "[lint]") {
  policy_draft d = clean();
  d.sources[0].families = d.sources[1].families = family::ipv4;
  const auto found = found_by("list-empty-for-family", d);
  REQUIRE(found.size() == 1);
  CHECK(found[0].text == "clients of 'x' with IPv6 only cannot ask any of its sources, so they ask the standard list instead");
  CHECK(found[0].addresses == "1208925819614629174706176");
  CHECK(found[0].example == "2001:db8::");
  d = clean();
  d.lists[0].sources.clear();
  CHECK(found_by("list-empty-for-family", d).size() == 2);
  d = clean();
  d.sources[1].web_reputation.reset();
  d.sources[2].web_reputation.reset();
  const auto service = found_by("list-empty-for-service", d);
  REQUIRE(service.size() == 1);
  CHECK(service[0].text ==
        "no source of 'y' can be asked for web reputation by its clients, so they ask the standard list instead");
  d.web_reputation_to_servers = false;
  CHECK(found_by("list-empty-for-service", d).empty());
  d.web_reputation_to_servers = true;
  d.sources[0].web_reputation.reset();  // one finding for all lists
  REQUIRE(found_by("list-empty-for-service", d).size() == 1);
  CHECK(found_by("list-empty-for-service", d)[0].pointer == "/sources");
}

TEST_CASE("lint: a network on IPv4 alone leaves external clients with IPv6 nobody [S-40]", "[lint]") {
  policy_draft d = clean();
  d.sources.push_back(named("cloud", std::nullopt));
  d.sources.back().kind = source_kind::network;  // of OfficeScan: IPv4 only [S-48]
  d.network.sources = {"cloud"};
  const auto found = found_by("cloud-only-ipv6", d);
  REQUIRE(found.size() == 1);
  CHECK(found[0].pointer == "/network/sources");
  d.sources.back().families = family_set::both();
  CHECK(found_by("cloud-only-ipv6", d).empty());
}

TEST_CASE("lint: custom lists with nobody behind them [S-43] [S-46]", "[lint]") {
  policy_draft d = clean();
  d.fallback_to_standard = false;
  const auto found = found_by("no-fallback", d);
  REQUIRE(found.size() == 1);
  CHECK(found[0].pointer == "/internal/custom");
  CHECK(found[0].fix == "set fallback_to_standard: true");
  d.file_reputation_falls_back = d.web_reputation_falls_back = true;
  CHECK(found_by("no-fallback", d).empty());
  d.fallback_to_standard = true;
  d.file_reputation_falls_back = d.web_reputation_falls_back = false;
  d.standard.sources.clear();
  CHECK(found_by("no-fallback", d).at(0).fix == "give the standard list a source");
}

TEST_CASE("lint: one source, one host or one proxy that all depends on [S-23] [S-65]", "[lint]") {
  policy_draft d = clean();
  d.fallback_to_standard = false;
  d.lists[1].sources = {"c"};
  const auto source = found_by("single-point-of-failure", d);
  REQUIRE(source.size() == 1);
  CHECK(source[0].text == "all that clients of 'y' ask for file reputation and web reputation needs the source 'c'");
  d.lists[1].sources = {"c", "d"};
  d.sources.push_back(named("d"));
  d.sources.back().host = d.sources[2].host;
  d.sources.back().file_reputation->port = 8443;
  d.sources.back().web_reputation->port = 8080;
  CHECK(found_by("single-point-of-failure", d).at(0).text.find("the host 'c.example'") != std::string::npos);
  d = clean();
  d.fallback_to_standard = false;
  d.lists[0].proxy = proxy{host::parse("p.example"), 3128, family_set::both()};
  CHECK(found_by("single-point-of-failure", d).at(0).text.find("the proxy 'p.example:3128'") != std::string::npos);
  d.lists[0].proxy.reset();
  d.sources[1].families = family::ipv4;
  CHECK(found_by("single-point-of-failure", d).at(0).text ==
        "all that clients of 'x' with IPv6 only ask for file reputation and web reputation needs the source 'a'");
  d = clean();
  d.lists[0].proxy = proxy{host::parse("p.example"), 3128, family_set::both()};
  d.fallback_to_standard = true;
  CHECK(found_by("single-point-of-failure", d).empty());
}

TEST_CASE("lint: one host twice in a list is no spare [S-15]", "[lint]") {
  policy_draft d = clean();
  d.sources[1].host = d.sources[0].host;
  d.sources[1].file_reputation->port = 8443;
  d.sources[1].web_reputation->port = 8080;
  const auto found = found_by("same-host-twice", d);
  REQUIRE(found.size() == 2);  // x, and the network
  CHECK(found[0].pointer == "/internal/custom/lists/0/sources/1");
  CHECK(found[1].pointer == "/network/sources/1");
}

TEST_CASE("lint: the integrated server is a backup [S-10] [S-20] [S-21]", "[lint]") {
  policy_draft d = clean();
  d.sources[0].kind = source_kind::integrated;
  const auto before = found_by("integrated-before-standalone", d);
  REQUIRE(before.size() == 2);  // x, and the network
  CHECK(before[0].pointer == "/internal/custom/lists/0/sources/0");
  CHECK(before[0].different_outcome == true);
  d.lists[0].sources = {"b", "a"};
  d.network.sources = {"b", "a"};
  CHECK(found_by("integrated-before-standalone", d).empty());
  d.sources[0].kind = source_kind::standalone;
  d.sources[2].kind = source_kind::integrated;
  const auto random = found_by("integrated-in-random", d);
  REQUIRE(random.size() == 1);
  CHECK(random[0].text == "in the random order of 'y' the integrated server 'c' comes first for one client in 2");
  d.lists[1].order = order::ordered;
  CHECK(found_by("integrated-in-random", d).empty());
  // no client that can ask both: the order changes nothing
  d = clean();
  d.sources[0].kind = source_kind::integrated;
  d.sources[0].web_reputation.reset();
  d.sources[1].file_reputation.reset();
  CHECK(found_by("integrated-before-standalone", d).at(0).different_outcome == false);
}

TEST_CASE("lint: an address as host, where clients have both families [S-12] [S-51]", "[lint]") {
  policy_draft d = clean();
  d.sources[1].host = "10.9.9.9"_address;
  d.sources[1].families = {};
  const auto found = found_by("literal-for-mixed-clients", d);
  REQUIRE(found.size() == 1);
  CHECK(found[0].pointer == "/sources/b/host");
  CHECK(found[0].text == "'b' is given by its IPv4 address, and clients with IPv6 only cannot ask it: in 'x' and the network");
  d.lists[0].proxy = proxy{host::parse("p.example"), 3128, family_set::both(), true};
  d.network.sources = {"a"};
  CHECK(found_by("literal-for-mixed-clients", d).empty());  // the proxy converts, and y has IPv4 only
}

TEST_CASE("lint: IPv4 that is written as IPv6, or missing from it [S-03]", "[lint]") {
  const auto spans = found_by("mapped-address", with_ranges({"::/0"_range}, {"10.0.1.0/24"_range}));
  REQUIRE(spans.size() == 1);
  CHECK(spans[0].pointer == "/internal/custom/lists/0/ranges/0");
  CHECK(found_by("mapped-address", with_ranges({"2000::/3"_range}, {"10.0.1.0/24"_range})).empty());
  const auto tree =
      json::parse(R"({"title": "::ffff:1.2.3.4", "sources": {"s": {"host": "::ffff:10.0.0.1"}}, "internal": {"custom": {"lists": [
      {"name": "x", "ranges": ["::ffff:10.1.0.0/112", "10.2.0.0/16", "2001:db8::/48"]}]}}})");
  const auto found = lint_text(tree.value());
  REQUIRE(found.size() == 2);
  CHECK(found[0].pointer == "/sources/s/host");
  CHECK(found[0].text == "'::ffff:10.0.0.1' is the IPv4 address 10.0.0.1, written the IPv4-mapped way");
  CHECK(found[1].pointer == "/internal/custom/lists/0/ranges/0");
  CHECK(found[1].list == "x");
  CHECK(found[1].fix == "write 10.1.0.0/16");
  CHECK(found[1].rule == "mapped-address");
}

TEST_CASE("lint: families that nobody stated [S-12]", "[lint]") {
  policy_draft d = clean();
  d.sources[0].families = {};
  d.sources.push_back(named("unused", std::nullopt));
  d.lists[0].proxy = proxy{host::parse("p.example"), 3128};
  const auto found = found_by("family-unknown", d);
  REQUIRE(found.size() == 2);
  CHECK(found[0].pointer == "/sources/a");
  CHECK(found[1].pointer == "/internal/custom/lists/0/proxy");
  facts given;
  given.resolved = {{"a.example", family::ipv4}, {"p.example", family_set::both()}};
  for (const finding& f : lint(partition::make(policy::make(d).value(), given))) CHECK(f.rule != "family-unknown");
}

TEST_CASE("lint: gateways that could be anybody's are one finding [S-31]", "[lint]") {
  policy_draft d = clean();
  d.criterion = gateway_criterion{{{"192.0.2.1"_address, {}},
                                   {"10.0.0.1"_address, {}},
                                   {"fe80::1"_address, {}},
                                   {"10.0.0.2"_address, mac_address::parse("00:00:5e:00:53:01")}}};
  const auto found = found_by("gateway-without-mac", d);
  REQUIRE(found.size() == 1);
  CHECK(found[0].pointer == "/location/gateways/1");
  CHECK(found[0].text == "2 of 4 gateways could be anybody's and have no MAC address: 10.0.0.1 and fe80::1");
  d.criterion = gateway_criterion{{{"192.0.2.1"_address, {}}}};
  CHECK(found_by("gateway-without-mac", d).empty());
}

TEST_CASE("lint: link-local and loopback addresses [S-50]", "[lint]") {
  policy_draft d =
      with_ranges({"10.0.0.0/24"_range, "169.254.7.0/24"_range}, {"10.0.1.0/24"_range, "::1"_range, "126.0.0.0/7"_range});
  d.sources[0].host = "127.0.0.1"_address;
  d.sources[0].families = {};
  d.lists[1].proxy = proxy{"fe80::1"_address, 3128};
  const auto found = found_by("link-local", d);
  REQUIRE(found.size() == 4);
  CHECK(found[0].pointer == "/sources/a/host");
  CHECK(found[1].pointer == "/internal/custom/lists/0/ranges/1");
  CHECK(found[2].pointer == "/internal/custom/lists/1/proxy/host");
  CHECK(found[3].range == "::1");
  CHECK(found_by("link-local", clean()).empty());
}

TEST_CASE("lint: file reputation over HTTP, and underscores in host names [S-11] [S-13]", "[lint]") {
  policy_draft d = clean();
  d.sources[0].file_reputation->scheme = scheme::http;
  CHECK(found_by("plain-http-file-reputation", d).at(0).pointer == "/sources/a/file_reputation");
  d.sources[0].host = host::parse("a_1.example");
  CHECK(found_by("underscore-in-host", d).at(0).pointer == "/sources/a/host");
}

TEST_CASE("lint: suppressions hide until their day is over, and say when they hide nothing", "[lint]") {
  policy_draft d = clean();
  d.sources.push_back(named("spare"));
  d.lists[1].ranges.push_back("10.0.0.0/28"_range);
  d.suppressions = {{"unused-source", {}, "spare", "ordered for spring", date::parse("2027-03-31")},
                    {"shadowed-range", "y", {}, "goes away with the move", date::parse("2027-01-31")},
                    {"sliver", {}, {}, "none of them matters", date::parse("2027-12-31")}};
  const policy p = policy::make(d).value();
  const auto all = lint(p);
  const auto at = [&](const char* day) { return suppress(p, all, date::parse(day)); };
  const auto hidden = [](const std::vector<finding>& found) {
    return std::count_if(found.begin(), found.end(), [](const finding& f) { return !f.suppressed.empty(); });
  };
  CHECK(hidden(at("2027-01-31")) == 2);
  REQUIRE(at("2027-01-31").size() == all.size() + 1);
  CHECK(at("2027-01-31").back().rule == "unused-suppression");
  CHECK(at("2027-01-31").back().pointer == "/lint/suppress/2");
  const auto later = at("2027-02-01");
  CHECK(hidden(later) == 1);
  CHECK(later[all.size()].rule == "expired-suppression");
  CHECK(later[all.size()].text == "the suppression of shadowed-range for the list 'y' expired on 2027-01-31");
  CHECK(later[all.size()].severity == severity::note);
  // of the rule, but about something else
  d.suppressions[0].source = "other";
  d.suppressions[1].list = "x";
  CHECK(hidden(suppress(policy::make(d).value(), all, date::parse("2027-01-01"))) == 0);
}

TEST_CASE("lint: suppressions are part of the document and of its revision [S-80] [S-82]", "[lint][document]") {
  const auto text = [](const std::string& entry) {
    return R"({"schema": "smplist/1", "sources": {}, "internal": {"mode": "standard"}, "lint": {"suppress": [)" + entry + "]}}";
  };
  const std::string good = R"({"rule": "sliver", "list": "y", "reason": "so it is", "until": "2028-02-29"})";
  const policy p = json::load(text(good)).value();
  REQUIRE(p.content().suppressions.size() == 1);
  CHECK(p.content().suppressions[0].until == date::parse("2028-02-29"));
  CHECK(json::load(p.canonical()).value() == p);
  CHECK(p != json::load(text("")).value());
  CHECK(json::load(text("")).value().canonical().find("lint") == std::string::npos);
  const auto refused = [&](const std::string& entry, errc code, const std::string& at, const std::string& advice) {
    const auto read = json::load(text(entry));
    REQUIRE(!read);
    REQUIRE(read.error().size() == 1);
    CHECK(read.error()[0].code == code);
    CHECK(read.error()[0].pointer == "/lint/suppress/0" + at);
    CHECK(read.error()[0].line == 1);
    CHECK(read.error()[0].advice == advice);
  };
  refused(R"({"rule": "slivr", "reason": "r", "until": "2028-02-29"})", errc::unknown_word, "/rule", "did you mean 'sliver'?");
  refused(R"({"rule": "sliver", "reason": "r", "until": "2027-02-29"})", errc::bad_date, "/until",
          "write year, month and day, as in 2027-03-31");
  refused(R"({"rule": "sliver", "reason": " ", "until": "2028-02-29"})", errc::empty_text, "/reason",
          "say why nobody has to mend it");
  refused(R"({"rule": "sliver", "until": "2028-02-29"})", errc::missing_key, "", "write it");
  refused(R"({"rule": "sliver", "reason": "r", "until": "2028-02-29", "lst": "y"})", errc::unknown_key, "/lst",
          "did you mean 'list'?");
}

TEST_CASE("date: days of the calendar and nothing else", "[date]") {
  CHECK(date::parse("2027-03-31").to_text() == "2027-03-31");
  CHECK(date::parse("0001-01-01") < date::parse("9999-12-31"));
  for (const char* day : {"2000-02-29", "2024-02-29", "2027-12-31", "2027-04-30"}) CHECK(date::try_parse(day));
  const std::pair<const char*, parse_error> wrong[] = {
      {"", {errc::empty_text, 0, 0}},         {"2027-3-31", {errc::bad_date, 6, 1}},  {"2027-13-01", {errc::bad_date, 5, 2}},
      {"1900-02-29", {errc::bad_date, 8, 2}}, {"2027-04-31", {errc::bad_date, 8, 2}}, {"2027-00-01", {errc::bad_date, 5, 2}},
      {"2027-01-00", {errc::bad_date, 8, 2}}, {"0000-01-01", {errc::bad_date, 0, 4}}, {"2027-01-011", {errc::bad_date, 10, 1}},
      {"2027-01-0", {errc::bad_date, 9, 0}},  {"2027/01/01", {errc::bad_date, 4, 1}}};
  for (const auto& [text, error] : wrong) {
    REQUIRE(!date::try_parse(text));
    CHECK(date::try_parse(text).error() == error);
  }
}
