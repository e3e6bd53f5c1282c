// SPDX-License-Identifier: MIT
// The compiled form: the plans of the plain engine, whole bytes or a refusal, and nothing allocated. [S-67]
#include "support/bulk.hpp"
#include "support/catch.hpp"
#include "support/generate.hpp"

#include <smplist/arrow.hpp>
#include <smplist/compile.hpp>
#include <smplist/json.hpp>

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

namespace {

using namespace smplist;

result<compiled_policy> reread(const compiled_policy& p) { return compiled_policy::from_bytes(p.data(), p.size()); }

/// A random policy and its compiled form, read back from its bytes.
struct pair_of_forms {
  policy plain;
  facts given;
  compiled_policy fast;

  static pair_of_forms make(generate::dice& d) {
    policy p = policy::make(generate::draft(d)).value();
    facts given;
    if (d.one_in(3)) given.resolved.emplace("a0.example", family::ipv6);
    given.epoch = d.below(3);
    compiled_policy fast = reread(compile(p, given)).value();
    return {p, given, fast};
  }
};

TEST_CASE("compile: gives the plan of the plain engine, byte for byte", "[compile][agreement]") {
  const std::uint64_t seed = generate::seed();
  INFO("seed " << seed);
  generate::dice d(seed);
  std::size_t compared = 0;
  for (int round = 0; round < 2000; ++round) {
    const pair_of_forms both = pair_of_forms::make(d);
    scratch room(both.fast);
    for (int k = 0; k < 8; ++k) {
      const client who = generate::somebody(d);
      for (const service what : all_services) {
        const plan wanted = evaluate(both.plain, who, what, both.given);
        const plan found = both.fast.evaluate(who, what, room, both.given.epoch).to_plan();
        INFO(both.plain.canonical());
        REQUIRE(to_json(found) == to_json(wanted));
        REQUIRE(found == wanted);
        ++compared;
      }
    }
  }
  CHECK(compared == 32000);
}

TEST_CASE("compile: the first answer is the first attempt, with and without sources that are down", "[compile][agreement]") {
  const std::uint64_t seed = generate::seed();
  INFO("seed " << seed);
  generate::dice d(seed);
  for (int round = 0; round < 1000; ++round) {
    const pair_of_forms both = pair_of_forms::make(d);
    const auto& tables = both.fast.tables();
    for (int k = 0; k < 8; ++k) {
      const address a = generate::near(d, d.below(std::size(generate::bases)));
      client who;
      who.addresses.emplace_back(a);
      who.location = d.one_in(4) ? location::external : location::internal;
      question q{d.one_in(2) ? service::file_reputation : service::web_reputation, *who.location, both.given.epoch, {}};
      if (d.one_in(2)) {
        who.id = "pc-7";
        q.key = random_key(who);
      }
      const plan wanted = evaluate(both.plain, who, q.service, both.given);
      const first_answer found = both.fast.first(a, q);
      CHECK(found.outcome == wanted.outcome);
      REQUIRE((found.source == first_answer::none) == wanted.attempts.empty());
      CHECK(both.fast.first_url(a, q) == (wanted.attempts.empty() ? "" : wanted.attempts.front().url));
      const std::string down = "s" + std::to_string(d.below(6));
      availability_map known;
      if (const source* s = both.plain.find_source(down)) known[s->identity(q.service)] = availability::down;
      const attempt* const left = first_available(wanted, known);
      const first_answer second = both.fast.answer(both.fast.class_of(a), a.family(), a.bits(), q, [&](std::uint32_t s) {
        return known.count(std::string(tables.identity(s, q.service))) != 0;
      });
      REQUIRE((second.source == first_answer::none) == (left == nullptr));
      if (left == nullptr) continue;
      CHECK(tables.source_name(second.source) == left->source);
      CHECK(tables.list_name(second.list) == left->list);
    }
  }
}

TEST_CASE("compile: addresses of one class get one plan", "[compile]") {
  generate::dice d(generate::seed());
  for (int round = 0; round < 300; ++round) {
    const pair_of_forms both = pair_of_forms::make(d);
    std::vector<address> by_class(2 * both.fast.classes());
    std::vector<bool> seen(2 * both.fast.classes());
    for (int k = 0; k < 40; ++k) {
      const address a = generate::near(d, d.below(std::size(generate::bases)));
      const std::size_t slot = 2 * both.fast.class_of(a) + static_cast<std::size_t>(a.family());
      if (!seen[slot]) by_class[slot] = a;
      seen[slot] = true;
      const auto attempts = [&](address at) {
        client who{"pc"};
        who.addresses.emplace_back(at);
        who.location = location::internal;
        return evaluate(both.plain, who, service::file_reputation, both.given).attempts;
      };
      REQUIRE(attempts(a) == attempts(by_class[slot]));
    }
  }
}

TEST_CASE("compile: a file is mapped, and opens as it was saved", "[compile][file]") {
  generate::dice d(11);
  const pair_of_forms both = pair_of_forms::make(d);
  const std::string path = std::string(std::tmpnam(nullptr)) + ".smpc";
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(both.fast.data()), static_cast<std::streamsize>(both.fast.size()));
  CHECK(compiled_policy::open(path).value() == both.fast);
  CHECK(compiled_policy::open(path, trust::checksum).value() == both.fast);
  CHECK(compiled_policy::open(path).value().revision() == both.plain.revision());
  std::ofstream(path, std::ios::binary | std::ios::trunc).flush();
  CHECK(compiled_policy::open(path).error() == parse_error{errc::not_compiled, 0, 0});
  std::remove(path.c_str());
  CHECK(compiled_policy::open(path).error().code == errc::unreadable_file);
}

/// A good file with a true checksum over changed bytes: what is behind it has to be found by looking.
std::vector<std::byte> resealed(std::vector<std::byte> bytes) {
  detail::store(bytes.data() + 24, detail::checksum(bytes.data() + 32, bytes.size() - 32));
  return bytes;
}

TEST_CASE("compile: damaged and foreign bytes are refused, with what is wrong", "[compile][hostile]") {
  generate::dice d(13);
  const compiled_policy good = pair_of_forms::make(d).fast;
  const std::vector<std::byte> bytes(good.data(), good.data() + good.size());
  const auto error_of = [](const std::vector<std::byte>& b) { return compiled_policy::from_bytes(b.data(), b.size()).error(); };
  const auto with = [&](std::size_t at, std::uint8_t value) {
    auto changed = bytes;
    changed[at] = std::byte{value};
    return changed;
  };
  CHECK(error_of({}) == parse_error{errc::not_compiled, 0, 0});
  CHECK(error_of(with(0, 'x')) == parse_error{errc::not_compiled, 0, 8});
  CHECK(error_of(with(8, 3)) == parse_error{errc::unsupported_version, 8, 4});
  CHECK(error_of(with(12, 1)) == parse_error{errc::corrupt, 12, 4});
  CHECK(error_of({bytes.begin(), bytes.end() - 1}) == parse_error{errc::corrupt, 16, 8});
  for (std::size_t at = 32; at < bytes.size(); at += 7) {
    const auto changed = with(at, static_cast<std::uint8_t>(bytes[at] ^ std::byte{0x40}));
    CHECK(error_of(changed) == parse_error{errc::wrong_checksum, 24, 8});
    CHECK(compiled_policy::from_bytes(changed.data(), changed.size(), trust::checksum).error().code == errc::wrong_checksum);
  }
}

TEST_CASE("compile: hostile bytes under a true checksum are refused, or answer within bounds", "[compile][hostile]") {
  const std::uint64_t seed = generate::seed();
  INFO("seed " << seed);
  generate::dice d(seed);
  std::size_t refused = 0;
  std::size_t asked = 0;
  for (int round = 0; round < 4000; ++round) {
    const compiled_policy good = pair_of_forms::make(d).fast;
    std::vector<std::byte> bytes(good.data(), good.data() + good.size());
    for (std::size_t n = 1 + d.below(3); n > 0; --n) {
      const std::size_t at = 32 + d.below(bytes.size() - 32);
      bytes[at] = static_cast<std::byte>(d.one_in(2) ? d.below(256) : d.one_in(2) ? 0xFF : 0);
    }
    const auto read = compiled_policy::from_bytes(resealed(bytes).data(), bytes.size());
    if (!read) {
      CHECK(read.error().code == errc::corrupt);
      ++refused;
      continue;
    }
    scratch room(*read);
    for (int k = 0; k < 4; ++k) {
      const client who = generate::somebody(d);
      asked += read->evaluate(who, service::file_reputation, room).to_plan().attempts.size() + 1;
      asked += read->first_url(generate::near(d, d.below(8)), {}).size();
    }
  }
  CHECK(refused > 100);
  CHECK(asked > 100);
}

/// What a block makes of one text, read in bulk where that is possible.
struct bulk_reading {
  std::optional<address> found;
  bool quick = false;

  explicit bulk_reading(const std::string& text, std::size_t padding) {
    std::vector<char> exact(text.begin(), text.end());  // a read behind its end is seen by the sanitizer
    exact.resize(text.size() + padding, '1');
    quick = padding >= detail::quick_scan_reads;
    arrow::address_block block;
    block.clear();
    block.add_text({exact.data(), text.size()}, exact.size(), 7);
    block.finish();
    CHECK(block.ipv4_count() + block.ipv6_count() + block.invalid().size() == 1);
    if (block.ipv4_count() == 1) found = address::from_ipv4(block.ipv4(0));
    if (block.ipv6_count() == 1) found = address::from_ipv6(block.ipv6(0).hi, block.ipv6(0).lo);
    const std::uint32_t row = found ? (found->is_ipv4() ? block.ipv4_row(0) : block.ipv6_row(0)) : block.invalid().front();
    CHECK(row == 7);
  }
};

std::optional<address> read_alone(const std::string& text) {
  const auto scanned = detail::scan_address(text);
  return scanned ? std::optional(scanned->value) : std::nullopt;
}

TEST_CASE("compile: text in bulk is read exactly as one by one", "[compile][text]") {
  const std::uint64_t seed = generate::seed();
  INFO("seed " << seed);
  generate::dice d(seed);
  const std::string alphabet("0123456789.:afFgG%/ \0\xFF", 22);
  std::size_t good = 0;
  for (int i = 0; i < 300000; ++i) {
    std::string text;
    if (d.one_in(2)) {
      text = address::from_ipv4(static_cast<std::uint32_t>(d.below(std::size_t{1} << 32U) >> d.below(25))).to_text();
    } else {
      for (std::size_t k = 0; k < 8; ++k) {
        if (k != 0) text += ':';
        static constexpr const char* groups[] = {"", "0", "1", "ffff", "FFFF", "00a0", "db8", "12345", "1.2.3.4"};
        text += groups[d.one_in(4) ? d.below(9) : 1 + d.below(6)];
        if (d.one_in(9)) text += "::";
        if (d.one_in(6)) break;
      }
    }
    for (std::size_t n = d.below(3); n > 0 && !text.empty() && d.one_in(2); --n)
      text[d.below(text.size())] = alphabet[d.below(alphabet.size())];
    if (d.one_in(5)) text.resize(d.below(text.size() + 1));
    const auto wanted = read_alone(text);
    for (const std::size_t padding : {std::size_t{0}, detail::quick_scan_reads}) {
      const bulk_reading read(text, padding);
      INFO(text);
      REQUIRE(read.found == wanted);
    }
    good += wanted ? 1U : 0U;
  }
  CHECK(good > 100000);
}

#if defined(SMPLIST_QUICK_SCAN)
TEST_CASE("compile: all patterns of octets, with the shuffles and without", "[compile][text][exhaustive]") {
  static constexpr const char* octets[] = {"",    "0",   "7",   "00",  "07",  "10",  "99",   "000", "001", "099",
                                           "100", "199", "249", "255", "256", "999", "1000", "1a",  "a"};
  std::size_t good = 0;
  for (std::size_t i = 0; i < 19 * 19 * 19 * 19; ++i) {
    std::string text = octets[i % 19];
    for (const std::size_t step : {19U, 361U, 6859U}) text += std::string(".") + octets[i / step % 19];
    const std::size_t size = text.size();
    text.resize(size + detail::quick_scan_reads, '9');
    const auto wanted = detail::scan_ipv4(std::string_view(text).substr(0, size));
    std::uint32_t bits = 0;
    REQUIRE(detail::quick_ipv4()(text.data(), size, bits) == wanted.has_value());
    if (wanted) REQUIRE(bits == *wanted);
    std::uint32_t found_bits[2] = {};
    std::uint32_t rows[2] = {};
    const detail::quick_text item{text.data(), size, 3};
    std::uint32_t rest[2] = {};
    detail::quick_found<std::uint32_t> found{found_bits, rows, 0};
    std::size_t left = 0;
    detail::quick_scan_ipv4(
        1, [&](std::size_t) { return item; }, found, rest, left);
    REQUIRE(found.count == (wanted ? 1U : 0U));
    REQUIRE(left == (wanted ? 0U : 1U));
    if (wanted) REQUIRE(found_bits[0] == *wanted);
    good += wanted ? 1U : 0U;
  }
  CHECK(good == 8 * 8 * 8 * 8);
}

TEST_CASE("compile: all places of a gap among groups of every length, in bulk and one by one [S-01]",
          "[compile][text][exhaustive]") {
  static constexpr const char* groups[] = {"0",    "a",    "F",    "1b",    "0C", "2dE", "00f",
                                           "ab12", "0000", "FFFF", "12345", "",   "g",   "1.2.3.4"};
  static constexpr const char* edges[] = {"", "", "", ":", "::", " ", "%1"};
  const std::uint64_t seed = generate::seed();
  INFO("seed " << seed);
  generate::dice d(seed);
  std::vector<std::string> texts;
  std::vector<std::optional<address>> wanted;
  for (std::size_t round = 0; round < 200; ++round) {
    for (std::size_t before = 0; before <= 9; ++before) {
      for (std::size_t behind = 0; before + behind <= 9; ++behind) {
        for (const char* gap : {":", "::", ":::"}) {
          std::string text = edges[d.one_in(6) ? d.below(7) : 0];
          for (std::size_t k = 0; k < before + behind; ++k) {
            if (k != 0) text += k == before ? gap : ":";
            else if (before == 0) text += gap;
            text += groups[d.one_in(30) ? d.below(14) : d.below(10)];
          }
          if (behind == 0) text += gap;
          text += edges[d.one_in(6) ? d.below(7) : 0];
          wanted.push_back(read_alone(text));
          texts.push_back(std::move(text));
        }
      }
    }
  }
  const bulk::reading read(texts);
  REQUIRE(read.each_once);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    INFO(texts[i]);
    REQUIRE(read.found[i] == wanted[i]);
  }
  CHECK(read.ipv6 > 4000);
}
#endif

}  // namespace
