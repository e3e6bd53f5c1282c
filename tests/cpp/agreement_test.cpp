// SPDX-License-Identifier: MIT
// The plain engine against the slow reference, every one of 256 addresses of both families. [S-67]
#include "support/catch.hpp"
#include "support/reference.hpp"

#include <smplist/smplist.hpp>

#include <cstdlib>
#include <string>

namespace {

using namespace smplist;

// the toy addresses lie at the very start, in the middle and at the very end of each family
struct place {
  address base;
  bool ipv4;
};

address at(const place& where, int toy_address) {
  const detail::u128 bits = where.base.bits() + detail::u128{0, static_cast<std::uint64_t>(toy_address)};
  return address::from_bits(bits);
}

policy to_policy(const toy::policy& t, const place& where) {
  policy_draft draft;
  draft.mode = list_mode::custom;
  draft.fallback_to_standard = t.fallback;
  draft.on_overlap = static_cast<overlap_rule>(t.overlap);
  for (std::size_t i = 0; i < t.sources.size(); ++i) {
    source s{"s" + std::to_string(i), source_kind::standalone, *host::try_parse("h" + std::to_string(i) + ".example")};
    family_set families;
    if (t.sources[i].ipv4) families = families | family::ipv4;
    if (t.sources[i].ipv6) families = families | family::ipv6;
    s.families = families;
    (t.sources[i].file ? s.file_reputation : s.web_reputation) = endpoint{scheme::http, 80};
    draft.sources.push_back(s);
  }
  const auto fill = [](source_list& out, const toy::list& l) {
    for (const int s : l.sources) out.sources.push_back("s" + std::to_string(s));
  };
  for (std::size_t i = 0; i < t.lists.size(); ++i) {
    source_list l{"l" + std::to_string(i)};
    for (const toy::range r : t.lists[i].ranges)
      l.ranges.push_back(*address_range::try_make(at(where, r.first), at(where, r.last)));
    fill(l, t.lists[i]);
    draft.lists.push_back(l);
  }
  fill(draft.standard, t.standard);
  return policy::make(draft).value();
}

/// The engine's answer in the words of the reference.
toy::answer to_answer(const policy& p, const plan& found) {
  const auto number = [](const std::string& name) { return std::stoi(name.substr(1)); };
  toy::answer out;
  for (const std::string& name : found.lists) out.matching.push_back(number(name));
  std::sort(out.matching.begin(), out.matching.end());
  if (found.decided_by) {
    const int list = number(found.decided_by->list);
    const auto& ranges = p.content().lists[static_cast<std::size_t>(list)].ranges;
    const auto decided = std::find(ranges.begin(), ranges.end(), found.decided_by->range);
    out.deciding = std::pair(list, static_cast<int>(decided - ranges.begin()));
  }
  const auto code = [](stage s) { return s == stage::custom_list ? 'c' : 's'; };
  for (const attempt& a : found.attempts) out.attempts.emplace_back(code(a.stage), number(a.source));
  for (const ignored_source& i : found.ignored) out.ignored.emplace_back(code(i.stage), number(i.source));
  return out;
}

/// Ranges of equal ends are one range to the engine's answer: the first of them decides in both.
void compare_all(const toy::policy& t, const place& where, std::size_t& compared) {
  const policy p = to_policy(t, where);
  for (int a = 0; a < toy::addresses; ++a) {
    client who;
    who.addresses.emplace_back(at(where, a));
    who.location = location::internal;
    const plan found = evaluate(p, who, service::file_reputation);
    const auto expected = toy::evaluate(t, a, where.ipv4);
    if (!expected) {
      REQUIRE(found.trace[2].why == reason::no_sources_configured);
      continue;
    }
    REQUIRE(to_answer(p, found) == *expected);
    const toy::range scope = toy::scope(t, a, where.ipv4);
    // at the edge of the toy world the real scope may go on
    if (scope.first > 0) REQUIRE(found.scope->first == at(where, scope.first));
    if (scope.last < toy::addresses - 1) REQUIRE(found.scope->last == at(where, scope.last));
    ++compared;
  }
}

TEST_CASE("agreement: the engine equals the slow reference at every toy address", "[agreement]") {
  using namespace smplist::literals;
  const char* wanted = std::getenv("SMPLIST_SEED");
  const std::uint64_t seed = wanted == nullptr ? std::random_device()() : std::strtoull(wanted, nullptr, 10);
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  const place places[] = {{"0.0.0.0"_address, true},       {"10.0.0.0"_address, true},
                          {"255.255.255.0"_address, true}, {"::1:0:0:0"_address, false},
                          {"2001:db8::"_address, false},   {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ff00"_address, false}};
  std::size_t compared = 0;
  for (int round = 0; round < 60; ++round) {
    for (const place& where : places) compare_all(toy::random_policy(random), where, compared);
  }
  CHECK(compared > 50'000);
}

}  // namespace
