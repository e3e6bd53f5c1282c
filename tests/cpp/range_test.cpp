// SPDX-License-Identifier: MIT
#include "support/both.hpp"

#include <smplist/range_set.hpp>

#include <random>
#include <string>

using namespace smplist;
using namespace smplist::literals;

namespace {

constexpr parse_error refused(std::string_view text) { return address_range::try_parse(text).error(); }

}  // namespace

TEST_CASE("range: points at the byte that is wrong [S-05]", "[range][parse]") {
  CHECK_BOTH(refused("10.0.0.1-10.0.0.300") == parse_error{errc::octet_out_of_range, 16, 3});
  CHECK_BOTH(refused("10.0.0.9-10.0.0.1") == parse_error{errc::range_reversed, 0, 17});
  CHECK_BOTH(refused("10.0.0.1-::1") == parse_error{errc::mixed_families, 0, 12});
  CHECK_BOTH(refused("10.0.0.5/24") == parse_error{errc::host_bits_set, 0, 11});
  CHECK_BOTH(refused("10.0.0.0/33") == parse_error{errc::prefix_length_out_of_range, 9, 2});
  CHECK_BOTH(refused("10.0.0.0/") == parse_error{errc::prefix_length_out_of_range, 9, 0});
  CHECK_BOTH(refused("10.0.0.0/08") == parse_error{errc::prefix_length_out_of_range, 9, 2});
  CHECK_BOTH(refused("10.0.0.0/+8") == parse_error{errc::unexpected_character, 9, 1});
  CHECK_BOTH(refused("10.0.0.0/255.0.0.0") == parse_error{errc::unexpected_character, 12, 1});
  CHECK_BOTH(refused("/8") == parse_error{errc::empty_text, 0, 0});
  CHECK_BOTH(refused("10.0.0.1-") == parse_error{errc::empty_text, 9, 0});
}

TEST_CASE("range: an address, both ends or a prefix, both ends included [S-05] [S-06]", "[range]") {
  CHECK_BOTH("10.0.0.0/8"_range == "10.0.0.0 - 10.255.255.255"_range);
  CHECK_BOTH("10.0.0.1"_range.first() == "10.0.0.1"_range.last());
  CHECK_BOTH("0.0.0.0/0"_range.contains("255.255.255.255"_address) && "0.0.0.0/0"_range.contains("0.0.0.0"_address));
  CHECK_BOTH("::/0"_range.contains("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"_address));
  CHECK_BOTH(!"::/0"_range.contains("10.0.0.1"_address));
  CHECK_BOTH("10.0.0.0/24"_range.overlaps("10.0.0.255-10.0.1.9"_range) && !"10.0.0.0/24"_range.overlaps("10.0.1.0/24"_range));
  CHECK_BOTH("10.0.0.0/24"_range.contains("10.0.0.0/25"_range) && !"10.0.0.0/25"_range.contains("10.0.0.0/24"_range));
  CHECK("::/0"_range.size().to_text() == "340282366920938463463374607431768211456");
}

TEST_CASE("range: the mapped block is IPv4 [S-03]", "[range]") {
  CHECK_BOTH("::ffff:10.0.0.0/104"_range == "10.0.0.0/8"_range);
  CHECK_BOTH("::ffff:0:0/96"_range == "0.0.0.0/0"_range);
  CHECK_BOTH(refused("::1-::ffff:10.0.0.1") == parse_error{errc::partly_mapped, 0, 19});
  CHECK_BOTH(refused("::ffff:10.0.0.1-::1:0:0:0") == parse_error{errc::partly_mapped, 0, 25});
  CHECK_BOTH("::/80"_range.last() == "::fffe:ffff:ffff"_address);
  CHECK_BOTH("::/64"_range.family() == family::ipv6);
}

TEST_CASE("range: the advice for host bits names both readings [S-05]", "[range][parse]") {
  CHECK(host_bits_advice("10.0.0.5/24") == "write 10.0.0.5 for this address alone, or 10.0.0.0/24 for the whole network");
  CHECK(host_bits_advice("2001:db8::1/32") == "write 2001:db8::1 for this address alone, or 2001:db8::/32 for the whole network");
}

TEST_CASE("range: prints the shortest form, and reads it again", "[range][format]") {
  const std::pair<const char*, const char*> pairs[] = {{"10.0.0.0-10.0.0.255", "10.0.0.0/24"},
                                                       {"10.0.0.1-10.0.0.1", "10.0.0.1"},
                                                       {"10.0.0.1-10.0.0.2", "10.0.0.1-10.0.0.2"},
                                                       {"(::)-[::ff]", "::/120"},
                                                       {"0.0.0.0-255.255.255.255", "0.0.0.0/0"}};
  for (const auto& [text, canonical] : pairs) {
    const address_range r = address_range::parse(text);
    CHECK(r.to_text() == canonical);
    CHECK(address_range::parse(r.to_text()) == r);
  }
}

TEST_CASE("range: all prefix lengths of both families [S-06]", "[range]") {
  for (unsigned length = 0; length <= 128; ++length) {
    const address_range six = address_range::parse("::/" + std::to_string(length));
    if (length != 80) CHECK(six.prefix_length() == length);  // ::/80 ends with the mapped block
    if (length > 32) continue;
    const address_range four = address_range::parse("0.0.0.0/" + std::to_string(length));
    CHECK(four.prefix_length() == length);
    CHECK(four.last().ipv4_bits() == (length == 0 ? 0xFFFFFFFFU : length == 32 ? 0U : 0xFFFFFFFFU >> length));
  }
}

TEST_CASE("range: prefixes cover it exactly, without gaps", "[range]") {
  std::mt19937_64 random(7);
  for (int round = 0; round < 2'000; ++round) {
    const auto pick = [&] { return static_cast<std::uint32_t>(random() >> (32 + random() % 32)); };
    std::uint32_t low = pick();
    std::uint32_t high = pick();
    if (high < low) std::swap(low, high);
    const auto range = *address_range::try_make(address::from_ipv4(low), address::from_ipv4(high));
    std::optional<address> expected = range.first();
    for (const address_range& p : range.prefixes()) {
      REQUIRE(p.first() == expected);
      REQUIRE(p.prefix_length());
      expected = p.last().next();
    }
    REQUIRE(expected == range.last().next());
    REQUIRE(range.prefixes().size() <= 62);
  }
}

TEST_CASE("range_set: all 65,536 subsets of 16 addresses at both ends of both families [S-06]", "[range_set]") {
  for (const address base :
       {"0.0.0.0"_address, "255.255.255.240"_address, "::"_address, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff0"_address}) {
    const auto nth = [&](unsigned i) { return address::from_ipv6(base.bits().hi, base.bits().lo + i); };
    bool fine = true;
    for (unsigned subset = 0; subset < 65'536; ++subset) {
      std::vector<address_range> singles;
      for (unsigned i = 16; i-- > 0;) {
        if ((subset >> i & 1U) != 0) singles.emplace_back(nth(i));
      }
      const range_set set(singles);
      const range_set rest = ~set;
      for (unsigned i = 0; i < 16; ++i) {
        const bool member = (subset >> i & 1U) != 0;
        fine = fine && set.contains(nth(i)) == member && rest.contains(nth(i)) != member;
      }
      fine = fine && (set & rest).empty();
      if (subset % 257 == 0) fine = fine && ~rest == set && range_set(set.prefixes()) == set;
    }
    CHECK(fine);
  }
}

TEST_CASE("range_set: the operations agree with a model over 256 addresses", "[range_set]") {
  std::mt19937_64 random(11);
  const auto draw = [&] {
    std::vector<address_range> ranges;
    for (std::size_t n = random() % 5; n > 0; --n) {
      const auto a = static_cast<std::uint32_t>(random() % 256);
      const auto b = static_cast<std::uint32_t>(random() % 256);
      ranges.push_back(*address_range::try_make(address::from_ipv4(std::min(a, b)), address::from_ipv4(std::max(a, b))));
    }
    return range_set(ranges);
  };
  for (int round = 0; round < 2'000; ++round) {
    const range_set a = draw();
    const range_set b = draw();
    bool fine = true;
    for (std::uint32_t i = 0; i < 256; ++i) {
      const address x = address::from_ipv4(i);
      const bool in_a = a.contains(x);
      const bool in_b = b.contains(x);
      fine = fine && (a | b).contains(x) == (in_a || in_b) && (a & b).contains(x) == (in_a && in_b) &&
             (a - b).contains(x) == (in_a && !in_b) && (a ^ b).contains(x) == (in_a != in_b);
    }
    REQUIRE(fine);
    REQUIRE((a | b) == (b | a));
    REQUIRE(~(a | b) == (~a & ~b));
  }
  CHECK((~range_set()).ranges() == std::vector<address_range>{"0.0.0.0/0"_range, "::/0"_range});
  CHECK((~range_set()).size().to_text() == "340282366920938463463374607436063178752");
}

TEST_CASE("range_set: what a temporary gives out outlives it", "[range_set]") {
  // under ASan; a reference to what is gone would be read here
  std::size_t seen = 0;
  for (const address_range& r : (range_set({"10.0.0.0/8"_range}) - range_set({"10.1.0.0/16"_range})).ranges()) {
    if (r.contains("10.200.0.0"_address)) ++seen;
  }
  CHECK(seen == 1);
}
