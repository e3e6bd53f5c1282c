// SPDX-License-Identifier: MIT
// What must hold for every valid policy and client. P3 is agreement_test.cpp. Python has the same in test_properties.py.
#include "support/catch.hpp"
#include "support/generate.hpp"

#include <smplist/json.hpp>
#include <smplist/smplist.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <tuple>
#include <vector>

using namespace smplist;

namespace {

struct world {
  policy rules;
  client who;
  service what;
  facts given;
  plan found;
};

/// Calls `look` with random worlds; a failure names the seed and the documents.
template <class Look>
void for_all(Look look, int rounds = 1500) {
  const std::uint64_t seed = generate::seed();
  for (int i = 0; i < rounds; ++i) {
    generate::dice d(seed + static_cast<std::uint64_t>(i));
    const policy_draft draft = generate::draft(d);
    const auto rules = policy::make(draft);
    const client who = generate::somebody(d);
    const service what = d.one_in(2) ? service::file_reputation : service::web_reputation;
    const facts given{d.one_in(3) ? d.below(5) : 0, {}};
    INFO("SMPLIST_SEED=" << seed + static_cast<std::uint64_t>(i));
    REQUIRE(rules);
    INFO(rules->canonical() << "\n" << to_json(who) << " " << name(what));
    look(world{*rules, who, what, given, evaluate(*rules, who, what, given)}, d);
  }
}

using step = std::tuple<stage, std::string, std::string>;

[[nodiscard]] std::vector<step> asked(const plan& p) {
  std::vector<step> out;
  for (const attempt& a : p.attempts) out.emplace_back(a.stage, a.list, a.source);
  return out;
}

[[nodiscard]] std::vector<step> asked_and_ignored(const plan& p) {
  std::vector<step> out = asked(p);
  for (const ignored_source& i : p.ignored) out.emplace_back(i.stage, i.list, i.source);
  std::sort(out.begin(), out.end());
  return out;
}

[[nodiscard]] const source_list& list_of(const policy_draft& d, const planned_stage& s) {
  if (s.stage == stage::network) return d.network;
  if (s.stage != stage::custom_list) return d.standard;
  return *std::find_if(d.lists.begin(), d.lists.end(), [&](const source_list& l) { return l.name == s.list; });
}

/// Whom is asked, how, and what is left out: the plan without what tells of lists that did not decide.
[[nodiscard]] bool same_answer(const plan& a, const plan& b) {
  return a.location == b.location && a.outcome == b.outcome && a.stages == b.stages && a.attempts == b.attempts &&
         a.ignored == b.ignored && a.exhausted == b.exhausted;
}

[[nodiscard]] bool said(const plan& p, reason why) {
  return std::any_of(p.trace.begin(), p.trace.end(), [&](const trace_step& t) { return t.why == why; });
}

[[nodiscard]] plan again(const world& w, const policy_draft& changed) {
  return evaluate(policy::make(changed).value(), w.who, w.what, w.given);
}

}  // namespace

TEST_CASE("P1: every valid policy and client gives a plan [S-60] [S-64]", "[property]") {
  for_all([](const world& w, auto&) {
    CHECK((w.found.outcome == outcome::no_list) == (w.found.attempts.empty() && w.found.stages.empty()));
    CHECK((w.found.outcome == outcome::none_reachable) == (w.found.attempts.empty() && !w.found.stages.empty()));
    if (!w.found.attempts.empty()) CHECK(name(w.found.outcome) == name(w.found.attempts.front().stage));
    CHECK(!w.found.trace.empty());
  });
}

TEST_CASE("P2: the same inputs give the same bytes [S-60]", "[property]") {
  for_all([](const world& w, auto&) {
    const auto reread = json::load(w.rules.canonical());
    REQUIRE(reread);
    CHECK(to_json(evaluate(*reread, w.who, w.what, w.given)) == to_json(w.found));
  });
}

TEST_CASE("P4: attempts and ignored sources are all sources of the stages, none lost, none twice [S-53]", "[property]") {
  for_all([](const world& w, auto&) {
    std::vector<step> all;
    for (const planned_stage& s : w.found.stages) {
      for (const std::string& source : list_of(w.rules.content(), s).sources) all.emplace_back(s.stage, s.list, source);
    }
    std::sort(all.begin(), all.end());
    CHECK(asked_and_ignored(w.found) == all);
  });
}

TEST_CASE("P5: the order of disjoint lists does not matter [S-07]", "[property]") {
  for_all([](const world& w, generate::dice& d) {
    policy_draft disjoint = w.rules.content();
    std::vector<address_range> taken;
    for (source_list& l : disjoint.lists) {
      const auto meets = [&](const address_range& r) {
        return std::any_of(taken.begin(), taken.end(), [&](const address_range& t) { return t.overlaps(r); });
      };
      l.ranges.erase(std::remove_if(l.ranges.begin(), l.ranges.end(), meets), l.ranges.end());
      taken.insert(taken.end(), l.ranges.begin(), l.ranges.end());
    }
    client who = w.who;  // a client with two addresses may be in two lists, whatever their ranges
    who.addresses.resize(std::min<std::size_t>(who.addresses.size(), 1), address());
    policy_draft turned = disjoint;
    if (!turned.lists.empty()) {
      const auto middle = turned.lists.begin() + static_cast<std::ptrdiff_t>(d.below(turned.lists.size()));
      std::rotate(turned.lists.begin(), middle, turned.lists.end());
    }
    plan a = evaluate(policy::make(disjoint).value(), who, w.what, w.given);
    const plan b = evaluate(policy::make(turned).value(), who, w.what, w.given);
    a.revision = b.revision;
    CHECK(to_json(a) == to_json(b));
  });
}

TEST_CASE("P6: a list that does not hold the client changes nothing for it [S-07]", "[property]") {
  for_all([](const world& w, generate::dice& d) {
    if (said(w.found, reason::no_sources_configured)) return;  // a first source anywhere is a change for all [S-47]
    policy_draft more = w.rules.content();
    source_list added{"added"};
    const auto holds_client = [&](const address_range& r) {
      return std::any_of(w.who.addresses.begin(), w.who.addresses.end(),
                         [&](const client_address& a) { return r.contains(a.value); });
    };
    for (int i = 0; i < 4; ++i) {
      const address_range r = generate::range(d);
      if (!holds_client(r)) added.ranges.push_back(r);
    }
    added.sources = generate::choose(d, more.sources);
    more.lists.insert(more.lists.begin() + static_cast<std::ptrdiff_t>(d.below(more.lists.size() + 1)), added);
    plan after = again(w, more);
    after.revision = w.found.revision;
    after.scope = w.found.scope;
    CHECK(to_json(after) == to_json(w.found));
  });
}

TEST_CASE("P7: a mapped client decides as its IPv4 [S-03]", "[property]") {
  for_all([](const world& w, auto&) {
    client mapped = w.who;
    for (client_address& a : mapped.addresses) {
      const std::string text = a.value.to_text();
      if (a.value.is_ipv4()) a = client_address(address::parse("::ffff:" + text));
    }
    CHECK(to_json(evaluate(w.rules, mapped, w.what, w.given)) == to_json(w.found));
  });
}

TEST_CASE("P8: the fallback is asked if and only if the switch is set and every custom source is out [S-43]", "[property]") {
  for_all([](const world& w, auto&) {
    const plan& p = w.found;
    if (p.stages.empty() || p.stages.front().stage != stage::custom_list) return;
    const auto is_fallback = [](const auto& x) { return x.stage == stage::fallback_standard; };
    CHECK(std::any_of(p.stages.begin(), p.stages.end(), is_fallback) == w.rules.content().fallback_to_standard);
    availability_map down;
    for (const attempt& a : p.attempts) {
      if (a.stage == stage::custom_list) CHECK(first_available(p, down) == &a);
      else break;
      down[a.identity] = availability::down;
    }
    const attempt* next = first_available(p, down);
    if (next != nullptr) CHECK(next->stage != stage::custom_list);
  });
}

TEST_CASE("P9: no source without a route is offered [S-51] [S-52] [S-53]", "[property]") {
  for_all([](const world& w, auto&) {
    for (const attempt& a : w.found.attempts) {
      const source& s = *w.rules.find_source(a.source);
      const auto stage_of =
          std::find_if(w.found.stages.begin(), w.found.stages.end(), [&](const planned_stage& x) { return x.stage == a.stage; });
      const auto& proxy = list_of(w.rules.content(), *stage_of).proxy;
      CHECK(s.at(w.what).has_value());
      CHECK(w.found.client_stack.contains(a.families.front()));
      CHECK((s.host.is_name() || s.host.literal()->family() == a.families.back()));
      CHECK((!s.families || s.families->contains(a.families.back())));
      CHECK(a.families.size() == (a.via.empty() ? 1 : 2));
      CHECK(a.via.empty() == !proxy.has_value());
      if (!proxy) continue;
      CHECK((!proxy->families || proxy->families->contains(a.families[0])));
      const auto& leaves = proxy->leaves_on ? proxy->leaves_on : proxy->families;
      CHECK((!leaves || leaves->contains(a.families[1])));
      CHECK((proxy->converts || a.families[0] == a.families[1]));
    }
  });
}

TEST_CASE("P10: web reputation is never HTTPS unless allowed [S-13]", "[property]") {
  for_all([](const world& w, auto&) {
    if (w.what != service::web_reputation || w.rules.content().allow_web_reputation_https) return;
    for (const attempt& a : w.found.attempts) CHECK(a.url.substr(0, 7) == "http://");
  });
  source s{"s", source_kind::standalone, host::parse("a.example")};
  s.web_reputation = endpoint{scheme::https, 443};
  policy_draft refused;
  refused.sources = {s};
  const auto made = policy::make(refused);
  REQUIRE_FALSE(made);
  CHECK(made.error().front().code == errc::https_web_reputation);
}

TEST_CASE("P11: an external client never gets an internal source [S-40]", "[property]") {
  for_all([](const world& w, auto&) {
    if (w.found.location != location::external) return;
    CHECK(w.found.lists.empty());
    for (const planned_stage& s : w.found.stages) CHECK(s.stage == stage::network);
    for (const attempt& a : w.found.attempts) CHECK(a.stage == stage::network);
  });
}

TEST_CASE("P12: an invalid policy gives errors and no plan, and the old one stays [S-80]", "[property]") {
  for_all([](const world& w, generate::dice& d) {
    policy kept = w.rules;
    policy_draft wrong = w.rules.content();
    wrong.lists.push_back({"bad", {generate::range(d)}, order::ordered, {"nobody"}});
    if (const auto made = policy::make(wrong)) kept = *made;
    CHECK(kept == w.rules);
    CHECK(to_json(evaluate(kept, w.who, w.what, w.given)) == to_json(w.found));
  });
}

TEST_CASE("P13: what is printed is read back, and printed again it is the same [S-82]", "[property]") {
  for_all([](const world& w, auto&) {
    const auto rules = json::load(w.rules.canonical());
    REQUIRE(rules);
    CHECK(*rules == w.rules);
    CHECK(rules->canonical() == w.rules.canonical());
    CHECK(rules->revision() == w.rules.revision());
    const auto who = json::load_client(to_json(w.who));
    REQUIRE(who);
    CHECK(*who == w.who);
    const auto tree = json::parse(to_json(w.found));
    REQUIRE(tree);
    const auto found = read_plan(*tree);
    REQUIRE(found);
    CHECK(*found == w.found);
  });
}

TEST_CASE("P14: the explanation names what decided: removing everything else leaves the plan [S-44]", "[property]") {
  for_all([](const world& w, auto&) {
    policy_draft less = w.rules.content();
    for (source_list& l : less.lists) {
      l.ranges.clear();
      if (w.found.decided_by && l.name == w.found.decided_by->list) l.ranges = {w.found.decided_by->range};
    }
    CHECK(same_answer(again(w, less), w.found));
    if (!w.found.decided_by) return;
    for (source_list& l : less.lists) l.ranges.clear();
    const plan without = again(w, less);
    CHECK_FALSE(without.decided_by);
    CHECK(without.lists.empty());
  });
}

TEST_CASE("P15: epoch and id change only the order, never the set [S-21]", "[property]") {
  for_all([](const world& w, generate::dice& d) {
    client other = w.who;
    other.id = "pc-other-" + std::to_string(d.below(1000));
    const plan moved = evaluate(w.rules, other, w.what, facts{w.given.epoch + 1 + d.below(9), {}});
    CHECK(moved.outcome == w.found.outcome);
    CHECK(moved.stages == w.found.stages);
    CHECK(asked_and_ignored(moved) == asked_and_ignored(w.found));
    auto before = asked(w.found);
    auto after = asked(moved);
    std::sort(before.begin(), before.end());
    std::sort(after.begin(), after.end());
    CHECK(before == after);
  });
}
