// SPDX-License-Identifier: MIT
#include "support/catch.hpp"

#include <smplist/format.hpp>
#include <smplist/json.hpp>
#include <smplist/smplist.hpp>

#include <string>

using namespace smplist;

namespace {

const std::string small = R"({"schema": "smplist/1", "sources": {
  "a": {"host": "a.example", "file_reputation": {"port": 443}},
  "b": {"host": "b.example", "web_reputation": {"port": 80}}},
 "internal": {"mode": "custom", "custom": {"fallback_to_standard": true, "lists": [
  {"name": "l", "ranges": ["10.0.0.0/8"], "sources": ["a", "b"], "order": "random"}]}, "standard": {"sources": ["b"]}}})";

/// `small` with one text replaced.
std::string with(const std::string& was, const std::string& is) {
  std::string text = small;
  const std::size_t at = text.find(was);
  REQUIRE(at != std::string::npos);
  return text.replace(at, was.size(), is);
}

struct expected_problem {
  errc code;
  const char* pointer;
  std::uint32_t line;
  std::uint32_t column;
};

void check_refused(const std::string& text, const std::vector<expected_problem>& expected) {
  const auto read = json::load(text);
  REQUIRE(!read);
  REQUIRE(read.error().size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const problem& p = read.error()[i];
    CHECK(p.code == expected[i].code);
    CHECK(p.pointer == expected[i].pointer);
    CHECK(p.line == expected[i].line);
    CHECK(p.column == expected[i].column);
    CHECK(!p.reason.empty());
    CHECK(!p.advice.empty());
  }
}

}  // namespace

TEST_CASE("document: a refusal has line, column and pointer [S-80]", "[document]") {
  check_refused(with("10.0.0.0/8", "10.0.0.1/8"), {{errc::host_bits_set, "/internal/custom/lists/0/ranges/0", 5, 29}});
  check_refused(with("10.0.0.0/8", "10.0.0.0-10.0.0.300"),
                {{errc::octet_out_of_range, "/internal/custom/lists/0/ranges/0", 5, 45}});
  check_refused(with("\"a\", \"b\"]", "\"a\", \"c\"]"), {{errc::unknown_source, "/internal/custom/lists/0/sources/1", 5, 60}});
  check_refused(with("\"port\": 443", "\"port\": 65536"), {{errc::port_out_of_range, "/sources/a/file_reputation/port", 2, 58}});
  check_refused(with("a.example", "010.0.0.1"), {{errc::octet_leading_zero, "/sources/a/host", 2, 18}});
  check_refused(with("\"mode\"", "\"mood\""),
                {{errc::missing_key, "/internal", 4, 14}, {errc::unknown_key, "/internal/mood", 4, 15}});
  check_refused(with("smplist/1", "smplist/2"), {{errc::wrong_schema, "/schema", 1, 12}});
}

TEST_CASE("document: the whole list of errors, in the order of the document [S-80]", "[document]") {
  std::string text = with("a.example", "a..example");
  text.replace(text.find("\"port\": 80"), 10, "\"port\": 0, \"port\": 1");
  text.replace(text.find("10.0.0.0/8"), 10, "::1%eth0");
  check_refused(text, {{errc::label_length, "/sources/a/host", 2, 20},
                       {errc::port_out_of_range, "/sources/b/web_reputation/port", 3, 57},
                       {errc::duplicate_key, "/sources/b/web_reputation/port", 3, 60},
                       {errc::zone_not_allowed, "/internal/custom/lists/0/ranges/0", 5, 32}});
}

TEST_CASE("document: what is wrong with the policy as a whole [S-12] [S-13] [S-15] [S-81]", "[document]") {
  check_refused(with("\"web_reputation\": {\"port\": 80}", "\"web_reputation\": {\"port\": 80, \"scheme\": \"https\"}"),
                {{errc::https_web_reputation, "/sources/b/web_reputation/scheme", 3, 71}});
  check_refused(with("\"a\", \"b\"]", "\"a\", \"a\"]"), {{errc::duplicate_source, "/internal/custom/lists/0/sources/1", 5, 60}});
  check_refused(with("{\"host\": \"b.example\", \"web_reputation\": {\"port\": 80}}",
                     "{\"host\": \"A.example.\", \"file_reputation\": {\"port\": 443}}"),
                {{errc::duplicate_endpoint, "/internal/custom/lists/0/sources/1", 5, 60}});
  check_refused(with("\"b.example\"", "\"10.0.0.1\", \"families\": [\"ipv6\"]"),
                {{errc::families_of_literal, "/sources/b/families", 3, 41}});
  check_refused(with(", \"web_reputation\": {\"port\": 80}", ""), {{errc::no_service, "/sources/b", 3, 8}});
}

TEST_CASE("document: text that is no JSON [S-80]", "[document]") {
  check_refused("", {{errc::syntax, "", 1, 1}});
  check_refused("{\"a\": 1,\n  }", {{errc::syntax, "", 2, 3}});
  check_refused("{\"a\"", {{errc::syntax, "", 1, 5}});
  check_refused(small + std::string(1, '\0'), {{errc::syntax, "", 5, 120}});
  check_refused(std::string("{}\n\0{}", 6), {{errc::syntax, "", 2, 1}});
  check_refused("{\"sch\xC3\xBC\" x", {{errc::syntax, "", 1, 9}});
  check_refused(std::string(100'000, '['), {{errc::too_deep, "", 1, 65}});
  check_refused("[]", {{errc::wrong_type, "", 1, 1}});
}

TEST_CASE("document: a password is never repeated [S-24]", "[document]") {
  const std::string proxy = R"("name": "l", "proxy": {"host": "p.example", "port": 1, "user": "u", "password": "hunter2canary"})";
  const auto read = json::load(with("\"name\": \"l\"", proxy));
  REQUIRE(!read);
  for (const problem& p : read.error()) CHECK((p.reason + p.advice + p.pointer).find("hunter2") == std::string::npos);
  CHECK(read.error()[0].code == errc::plaintext_password);
}

TEST_CASE("document: the canonical form is a fixed point [S-82]", "[document]") {
  const policy p = json::load(small).value();
  const policy again = json::load(p.canonical()).value();
  CHECK(again.canonical() == p.canonical());
  CHECK(again == p);
  detail::sha256 hash;
  hash.update(p.canonical());
  CHECK(p.revision() == "sha256:" + detail::hex(hash.finish()));
  CHECK(json::load(with("10.0.0.0/8", "10.0.0.0-10.255.255.255")).value() == p);
  CHECK(json::load(with("a.example", "A.EXAMPLE.")).value() == p);
  CHECK(json::load(with("10.0.0.0/8", "10.0.0.0/9")).value() != p);
}

TEST_CASE("document: a proxy with two sides, which is written only if they differ [S-52] [S-82]", "[document]") {
  const auto through = [](const std::string& keys) {
    return json::load(with("\"name\": \"l\"", R"("name": "l", "proxy": {"host": "10.9.9.9", "port": 1)" + keys + "}"));
  };
  const policy plain = through("").value();
  CHECK(plain.canonical().find("leaves_on") == std::string::npos);
  for (const char* same : {R"(, "leaves_on": null)", R"(, "leaves_on": ["ipv4"])"}) {
    CHECK(through(same).value().revision() == plain.revision());
  }
  const policy both = through(R"(, "leaves_on": ["ipv6", "ipv4"])").value();
  CHECK(both.canonical().find(R"("host":"10.9.9.9","leaves_on":["ipv4","ipv6"],"password":null)") != std::string::npos);
  CHECK(json::load(both.canonical()).value() == both);
  CHECK(both != plain);
  const auto none = through(R"(, "leaves_on": [])");
  REQUIRE(!none);
  CHECK(none.error().at(0).code == errc::empty_text);
  CHECK(none.error().at(0).pointer == "/internal/custom/lists/0/proxy/leaves_on");
  policy_draft drafted = plain.content();
  drafted.lists[0].proxy->leaves_on = family_set();
  const auto made = policy::make(drafted);
  REQUIRE(!made);
  CHECK(made.error().at(0).pointer == "/internal/custom/lists/0/proxy/leaves_on");
}

TEST_CASE("policy: one that was moved from still says what it said", "[policy]") {
  policy one = json::load(small).value();
  const policy other = std::move(one);
  CHECK(one == other);  // NOLINT(bugprone-use-after-move): that is the point
  CHECK(one.content().sources.size() == 2);
}

TEST_CASE("document: profiles are defaults, and what is written wins [S-48]", "[document]") {
  const auto draft = [](const std::string& text) { return json::load(text).value().content(); };
  CHECK(!draft(small).web_reputation_falls_back);
  const std::string modern = with("\"sources\": {", "\"profile\": \"vision-one\", \"sources\": {");
  CHECK(draft(modern).web_reputation_falls_back);
  CHECK(draft(modern).allow_web_reputation_https);
  CHECK(!draft(modern).file_reputation_falls_back);
  const std::string written =
      with("\"sources\": {", "\"profile\": \"vision-one\", \"allow_web_reputation_https\": false, \"sources\": {");
  CHECK(!draft(written).allow_web_reputation_https);
  const std::string cloud = with("\"host\": \"b.example\"", "\"host\": \"b.example\", \"kind\": \"network\"");
  CHECK(draft(cloud).sources[1].families == family_set(family::ipv4));
}

TEST_CASE("document: a plan is read back from its JSON [S-61]", "[document]") {
  const policy p = json::load(small).value();
  for (const char* text :
       {R"({"addresses": ["10.1.1.1", "fe80::1%eth0"], "location": "internal"})", R"({"id": "x", "stack": ["ipv6"]})", "{}"}) {
    const client who = json::load_client(text).value();
    CHECK(json::load_client(to_json(who)).value() == who);
    for (const service what : all_services) {
      const plan found = evaluate(p, who, what);
      CHECK(read_plan(json::parse(to_json(found)).value()).value() == found);
      CHECK(!explain(found).empty());
    }
  }
}

TEST_CASE("document: facts about families take the place of unknown ones [S-12]", "[evaluate]") {
  const policy p = json::load(small).value();
  const client who = json::load_client(R"({"addresses": ["10.1.1.1"], "location": "internal"})").value();
  const plan assumed = evaluate(p, who, service::file_reputation);
  REQUIRE(assumed.attempts.size() == 1);
  CHECK(assumed.attempts[0].notes == std::vector<attempt_note>{attempt_note::family_unknown});
  facts given;
  given.resolved["a.example"] = family::ipv4;
  CHECK(evaluate(p, who, service::file_reputation, given).attempts[0].notes.empty());
  given.resolved["a.example"] = family::ipv6;
  CHECK(evaluate(p, who, service::file_reputation, given).attempts.empty());
}

TEST_CASE("evaluate: availability is a fact, and unknown counts as up [S-65]", "[evaluate]") {
  const policy p = json::load(small).value();
  const client who = json::load_client(R"({"addresses": ["10.1.1.1"], "location": "internal"})").value();
  const plan found = evaluate(p, who, service::web_reputation);
  REQUIRE(found.attempts.size() == 1);
  CHECK(first_available(found, {})->source == "b");
  CHECK(first_available(found, {{"http://b.example:80", availability::unknown}})->source == "b");
  CHECK(first_available(found, {{"http://b.example:80", availability::down}}) == nullptr);
}

TEST_CASE("lint: findings have a place in the document", "[lint]") {
  const std::string text =
      with("\"b\": {\"host\": \"b.example\"",
           "\"c\": {\"host\": \"c_1.example\", \"web_reputation\": {\"port\": 80}}, \"b\": {\"host\": \"b.example\"");
  const document_node tree = json::parse(text).value();
  std::size_t placed = 0;
  for (const finding& f : lint(json::load(text).value())) {
    if (f.rule != "unused-source" && f.rule != "underscore-in-host") continue;
    const document_node& at = detail::policy_reader::find_pointer(tree, f.pointer);
    CHECK(at.line == 3);
    CHECK(at.column == (f.rule == "unused-source" ? 8U : 17U));
    ++placed;
  }
  CHECK(placed == 2);
}

TEST_CASE("words: every enumeration has a word for each enumerator", "[words]") {
  CHECK(name(reason::already_listed) == "already_listed");
  CHECK(detail::from_word<reason>("proxy_cannot_convert") == reason::proxy_cannot_convert);
  for (std::size_t i = 0; i < detail::count_of<reason>; ++i) {
    CHECK(!clause(static_cast<reason>(i)).empty());
    CHECK(!sentence(static_cast<reason>(i)).empty());
  }
  for (std::size_t i = 0; i < detail::count_of<errc>; ++i) {
    CHECK(!message(static_cast<errc>(i)).empty());
    CHECK(!advice(static_cast<errc>(i)).empty());
  }
  CHECK(fmt::format("{:>6}|{}", family::ipv4, address()) == "  ipv4|0.0.0.0");
}
