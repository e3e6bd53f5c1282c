// SPDX-License-Identifier: MIT
// The engine against tests/corpus, through C++; tests/python/test_corpus.py does the same through Python.
#include "support/catch.hpp"

#include <smplist/evaluate.hpp>
#include <smplist/failover.hpp>
#include <smplist/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

using namespace smplist;
using tree = nlohmann::json;

namespace {

struct corpus_case {
  std::string file;
  tree body;
};

[[nodiscard]] std::vector<corpus_case> read_corpus() {
  std::vector<corpus_case> found;
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(SMPLIST_SOURCE_DIR "/tests/corpus")) {
    if (entry.path().extension() == ".json") files.insert(entry.path());
  }
  for (const auto& path : files) {
    const tree document = tree::parse(std::ifstream(path));
    REQUIRE(document.at("format") == "smplist-corpus/1");
    for (tree body : document.at("cases")) {
      tree& where = body.contains("failover") ? body["failover"] : body;
      if (where.contains("policy") && where["policy"].is_string()) {
        where["policy"] = document.at("policies").at(where["policy"].get<std::string>());
      }
      found.push_back({path.stem().string(), std::move(body)});
    }
  }
  return found;
}

/// The cases that have a key.
[[nodiscard]] std::vector<corpus_case> with_key(const std::string& key) {
  static const std::vector<corpus_case> all = read_corpus();
  std::vector<corpus_case> found;
  std::copy_if(all.begin(), all.end(), std::back_inserter(found), [&](const corpus_case& c) { return c.body.contains(key); });
  return found;
}

[[nodiscard]] facts facts_of(const tree& body) {
  facts given;
  given.epoch = body.value("epoch", std::uint64_t{0});
  const tree resolved = body.value("resolved", tree::object());
  for (const auto& [name, families] : resolved.items()) {
    family_set set;
    for (const tree& one : families) set = set | detail::from_word<family>(one.get<std::string>()).value();
    given.resolved.emplace(name, set);
  }
  return given;
}

[[nodiscard]] plan plan_of(const tree& body) {
  const auto rules = json::load(body.at("policy").dump());
  const auto who = json::load_client(body.at("client").dump());
  REQUIRE(rules);
  REQUIRE(who);
  const auto what = detail::from_word<service>(body.at("service").get<std::string>());
  return evaluate(*rules, *who, what.value(), facts_of(body));
}

/// The sentences are the engine's own; the corpus has what they say.
[[nodiscard]] tree without_text(tree steps) {
  for (tree& step : steps) step.erase("text");
  return steps;
}

void compare_plan(const plan& found, const tree& expect) {
  const tree document = tree::parse(to_json(found));
  for (const auto& [key, value] : expect.items()) {
    INFO("key " << key);
    if (key == "trace") CHECK(without_text(document.at(key)) == without_text(value));
    else CHECK(document.at(key) == value);
  }
}

/// The canonical text, or the code of the refusal.
template <class T>
[[nodiscard]] tree read_as(std::string_view text) {
  const auto value = T::try_parse(text);
  if (!value) return {{"error", std::string(name(value.error().code))}};
  return {{"text", value->to_text()}};
}

const std::map<std::string, std::function<tree(std::string_view)>> formats = {
    {"address", read_as<address>}, {"range", read_as<address_range>},         {"host", read_as<host>},
    {"mac", read_as<mac_address>}, {"password", read_as<password_reference>}, {"host_port", read_as<host_port>}};

/// What the reducer answers to one event, as the corpus writes it.
[[nodiscard]] tree answer_of(const failover_step& step) {
  return std::visit(detail::overload{[](const attempt& a) -> tree {
                                       return {{"attempt", a.source}};
                                     },
                                     [](wait_until w) -> tree {
                                       return {{"wait", w.until}};
                                     },
                                     [](const nothing_left& n) -> tree {
                                       return {{"exhausted", n.until ? tree(*n.until) : tree()}};
                                     }},
                    step);
}

}  // namespace

TEST_CASE("corpus: plans are what is expected [S-60] [S-61] [S-65]", "[corpus]") {
  const auto cases = with_key("client");
  CHECK(cases.size() >= 200);
  for (const auto& [file, body] : cases) {
    INFO(file << ": " << body.at("name"));
    const plan found = plan_of(body);
    compare_plan(found, body.value("expect", tree::object()));
    if (!body.contains("expect_first_available")) continue;
    availability_map known;
    for (const auto& [identity, word] : body.at("availability").items()) {
      known[identity] = detail::from_word<availability>(word.get<std::string>()).value();
    }
    const attempt* first = first_available(found, known);
    CHECK((first == nullptr ? tree() : tree(first->source)) == body.at("expect_first_available"));
  }
}

TEST_CASE("corpus: all plans are byte for byte what they were [S-60] [S-67]", "[corpus]") {
  // one line for each plan, with its sentences; a change here is a change of answers, and CHANGELOG marks it with a star
  detail::sha256 hash;
  for (const auto& [file, body] : with_key("client")) hash.update(to_json(plan_of(body)) + "\n");
  std::string golden;
  std::ifstream(SMPLIST_SOURCE_DIR "/tests/corpus/golden.sha256") >> golden;
  CHECK(detail::hex(hash.finish()) == golden);
}

TEST_CASE("corpus: texts are read or refused as expected [S-01] [S-06] [S-11] [S-24] [S-31]", "[corpus]") {
  const auto cases = with_key("parse");
  CHECK(cases.size() >= 100);
  for (const auto& [file, body] : cases) {
    INFO(file << ": " << body.at("name"));
    CHECK(formats.at(body.at("parse").get<std::string>())(body.at("text").get<std::string>()) == body.at("expect"));
  }
}

TEST_CASE("corpus: documents are refused where it says [S-80] [S-81]", "[corpus]") {
  const auto cases = with_key("expect_errors");
  CHECK(cases.size() >= 50);
  for (const auto& [file, body] : cases) {
    INFO(file << ": " << body.at("name"));
    const auto read = json::load(body.at("policy").dump());
    REQUIRE_FALSE(read);
    std::vector<std::string> pointers;
    for (const problem& p : read.error()) pointers.push_back(p.pointer);
    auto expected = body.at("expect_errors").get<std::vector<std::string>>();
    std::sort(pointers.begin(), pointers.end());
    std::sort(expected.begin(), expected.end());
    CHECK(pointers == expected);
  }
}

TEST_CASE("corpus: failover answers as expected [S-70] [S-71] [S-72]", "[corpus]") {
  const auto cases = with_key("failover");
  CHECK(cases.size() >= 20);
  for (const auto& [file, body] : cases) {
    INFO(file << ": " << body.at("name"));
    const tree& run = body.at("failover");
    const plan which = plan_of(run);
    failover state;
    attempt tried;
    tree answers = tree::array();
    for (const tree& event : run.at("events")) {
      const auto now = event.at("now").get<std::int64_t>();
      if (event.at("do") == "report") {
        state = state.report(tried, detail::from_word<attempt_outcome>(event.at("outcome").get<std::string>()).value(), now);
        continue;
      }
      const failover_step step = state.next(which, now);
      if (const attempt* next = std::get_if<attempt>(&step)) tried = *next;
      answers.push_back(answer_of(step));
    }
    CHECK(answers == run.at("expect"));
  }
}
