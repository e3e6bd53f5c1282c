// SPDX-License-Identifier: MIT
#include "support/both.hpp"

#include <smplist/address.hpp>

#include <string>

using namespace smplist;
using namespace smplist::literals;

namespace {

constexpr parse_error refused(std::string_view text) { return address::try_parse(text).error(); }

}  // namespace

TEST_CASE("address: four decimal octets and nothing else [S-01]", "[address][parse]") {
  CHECK_BOTH("10.20.3.4"_address == address::from_ipv4(0x0A140304));
  CHECK_BOTH(refused("") == parse_error{errc::empty_text, 0, 0});
  CHECK_BOTH(refused("010.0.0.1") == parse_error{errc::octet_leading_zero, 0, 3});
  CHECK_BOTH(refused("10.0.0.256") == parse_error{errc::octet_out_of_range, 7, 3});
  CHECK_BOTH(refused("10.0.0.111111111111111111111111111111111") == parse_error{errc::octet_out_of_range, 7, 33});
  CHECK_BOTH(refused("10.0.1") == parse_error{errc::octet_count, 0, 6});
  CHECK_BOTH(refused("10.0.0.1.2") == parse_error{errc::octet_count, 0, 10});
  CHECK_BOTH(refused("0x7f.0.0.1") == parse_error{errc::unexpected_character, 1, 1});
  CHECK_BOTH(refused("10.0.0.1 ") == parse_error{errc::unexpected_character, 8, 1});
  CHECK_BOTH(refused("10.0.0.1\n") == parse_error{errc::unexpected_character, 8, 1});
  CHECK_BOTH(refused(std::string_view("10.0.0.1\0", 9)) == parse_error{errc::unexpected_character, 8, 1});
  CHECK_BOTH(refused("+1.0.0.1") == parse_error{errc::unexpected_character, 0, 1});
  CHECK_BOTH(refused("\xD9\xA1.0.0.1") == parse_error{errc::unexpected_character, 0, 1});  // an Arabic digit
}

TEST_CASE("address: every form of RFC 4291 [S-01]", "[address][parse]") {
  CHECK_BOTH("2001:DB8:0:0:8:800:200C:417A"_address == "2001:db8::8:800:200c:417a"_address);
  CHECK_BOTH("::"_address == address::lowest(family::ipv6));
  CHECK_BOTH("1:2:3:4:5:6:7::"_address == "1:2:3:4:5:6:7:0"_address);
  CHECK_BOTH("64:ff9b::192.0.2.1"_address == "64:ff9b::c000:201"_address);
  CHECK_BOTH(refused("1:2:3:4:5:6:7") == parse_error{errc::group_count, 0, 13});
  CHECK_BOTH(refused("1:2:3:4:5:6:7:8:9") == parse_error{errc::group_count, 0, 17});
  CHECK_BOTH(refused("1::2::3") == parse_error{errc::second_double_colon, 4, 2});
  CHECK_BOTH(refused("12345::") == parse_error{errc::group_too_long, 0, 5});
  CHECK_BOTH(refused("::1:") == parse_error{errc::unexpected_character, 3, 1});
  CHECK_BOTH(refused(":1") == parse_error{errc::unexpected_character, 0, 1});
  CHECK_BOTH(refused("::10.0.0.256") == parse_error{errc::octet_out_of_range, 9, 3});
}

TEST_CASE("address: enclosures balance and hold IPv6 [S-02]", "[address][parse]") {
  CHECK_BOTH("[2001:db8::1]"_address == "2001:db8::1"_address);
  CHECK_BOTH("(2001:db8::1)"_address == "2001:db8::1"_address);
  CHECK_BOTH(refused("(2001:db8::1]") == parse_error{errc::unbalanced_enclosure, 0, 1});
  CHECK_BOTH(refused("2001:db8::1)") == parse_error{errc::unbalanced_enclosure, 11, 1});
  CHECK_BOTH(refused("((::1))") == parse_error{errc::unbalanced_enclosure, 1, 1});
  CHECK_BOTH(refused("[10.0.0.1]") == parse_error{errc::enclosed_ipv4, 0, 10});
  CHECK_BOTH(refused("[]") == parse_error{errc::empty_text, 1, 0});
}

TEST_CASE("address: mapped IPv6 is IPv4, and only that [S-03]", "[address]") {
  CHECK_BOTH("::ffff:10.0.0.1"_address == "10.0.0.1"_address);
  CHECK_BOTH("::ffff:a00:1"_address.family() == family::ipv4);
  CHECK_BOTH("::fffe:a00:1"_address.family() == family::ipv6);
  CHECK_BOTH("1::ffff:a00:1"_address.family() == family::ipv6);
  CHECK_BOTH("2002:a00:1::"_address.family() == family::ipv6);
  CHECK_BOTH(*"::fffe:ffff:ffff"_address.next() == "::1:0:0:0"_address);
  CHECK_BOTH(*"::1:0:0:0"_address.previous() == "::fffe:ffff:ffff"_address);
}

TEST_CASE("address: a zone is refused [S-04]", "[address][parse]") {
  CHECK_BOTH(refused("fe80::1%eth0") == parse_error{errc::zone_not_allowed, 7, 5});
  CHECK_BOTH(refused("fe80::1%") == parse_error{errc::unexpected_character, 7, 1});
}

TEST_CASE("address: nothing wraps around [S-06]", "[address]") {
  CHECK_BOTH(!address::highest(family::ipv4).next());
  CHECK_BOTH(!address::lowest(family::ipv4).previous());
  CHECK_BOTH(!address::highest(family::ipv6).next());
  CHECK_BOTH(!address::lowest(family::ipv6).previous());
  CHECK_BOTH("255.255.255.255"_address < "::"_address);
}

TEST_CASE("address: link-local and loopback [S-50]", "[address]") {
  CHECK_BOTH("169.254.0.0"_address.is_link_local() && "169.254.255.255"_address.is_link_local());
  CHECK_BOTH(!"169.253.255.255"_address.is_link_local() && !"169.255.0.0"_address.is_link_local());
  CHECK_BOTH("fe80::"_address.is_link_local() && "febf:ffff::"_address.is_link_local() && !"fec0::"_address.is_link_local());
  CHECK_BOTH("127.0.0.0"_address.is_loopback() && "::1"_address.is_loopback() && !"::2"_address.is_loopback());
}

TEST_CASE("address: prints RFC 5952, and what it prints it reads [S-01]", "[address][format]") {
  const std::pair<const char*, const char*> pairs[] = {
      {"2001:0DB8:0:0:0:0:0:1", "2001:db8::1"}, {"1:0:0:2:0:0:0:3", "1:0:0:2::3"}, {"1:0:0:2:3:0:0:4", "1::2:3:0:0:4"},
      {"1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"},   {"0:0:0:0:0:0:0:0", "::"},         {"0:1:2:3:4:5:6:7", "0:1:2:3:4:5:6:7"},
      {"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"},     {"::ffff:1.2.3.4", "1.2.3.4"},     {"::1.2.3.4", "::102:304"}};
  for (const auto& [text, canonical] : pairs) {
    const address a = address::parse(text);
    CHECK(a.to_text() == canonical);
    CHECK(address::parse(a.to_text()) == a);
  }
}

TEST_CASE("address: parse throws with the text and the place", "[address][parse]") {
  try {
    static_cast<void>(address::parse("10.0.0.300"));
    FAIL("nothing was thrown");
  } catch (const parse_exception& e) {
    CHECK(e.error() == parse_error{errc::octet_out_of_range, 7, 3});
    CHECK(e.text() == "10.0.0.300");
  }
}
