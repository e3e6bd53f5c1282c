// SPDX-License-Identifier: MIT
#include "support/catch.hpp"

#include <smplist/mac.hpp>
#include <smplist/proxy.hpp>

#include <string>

using namespace smplist;

namespace {

errc refused(const std::string& text) {
  const auto parsed = host::try_parse(text);
  REQUIRE(!parsed);
  return parsed.error().code;
}

}  // namespace

TEST_CASE("host: names are folded, one trailing dot is dropped [S-11]", "[host]") {
  CHECK(host::parse("SPS.Example.").to_text() == "sps.example");
  CHECK(host::parse("win_pc").to_text() == "win_pc");
  CHECK(host::parse("[2001:DB8::1]").to_text() == "2001:db8::1");
  CHECK(host::parse("(2001:db8::1)").to_url_text() == "[2001:db8::1]");
  CHECK(host::parse("::ffff:10.0.0.1") == host::parse("10.0.0.1"));
}

TEST_CASE("host: what is no name is refused [S-11]", "[host][parse]") {
  CHECK(refused("") == errc::empty_text);
  CHECK(refused("b\xC3\xBC"
                "cher.example") == errc::non_ascii);
  CHECK(refused("a\r\nb") == errc::control_character);
  CHECK(refused(std::string("a\0b", 3)) == errc::control_character);
  CHECK(refused("a..b") == errc::label_length);
  CHECK(refused("a.b..") == errc::label_length);
  CHECK(refused(std::string(64, 'a')) == errc::label_length);
  CHECK(refused(std::string(63, 'a') + "." + std::string(63, 'a') + "." + std::string(63, 'a') + "." + std::string(63, 'a')) ==
        errc::name_too_long);
  CHECK(refused("-a.example") == errc::label_hyphen);
  CHECK(refused("a-.example") == errc::label_hyphen);
  CHECK(refused("sps.1") == errc::numeric_last_label);
  CHECK(refused("sps.0x7f") == errc::numeric_last_label);
  CHECK(refused("1.2.3") == errc::octet_count);
  CHECK(refused("a b") == errc::unexpected_character);
  CHECK(refused("user@host") == errc::unexpected_character);
}

TEST_CASE("host_port: an IPv6 address stands in an enclosure [S-02] [S-32]", "[host]") {
  CHECK(host_port::parse("[2001:db8::1]:443").to_text() == "[2001:db8::1]:443");
  CHECK(host_port::parse("(2001:db8::1):443").to_text() == "[2001:db8::1]:443");
  CHECK(host_port::parse("OSCE.example:4343").to_text() == "osce.example:4343");
  CHECK(host_port::try_parse("2001:db8::1:443").error().code == errc::missing_port);
  CHECK(host_port::try_parse("host").error().code == errc::missing_port);
  CHECK(host_port::try_parse("host:").error() == parse_error{errc::missing_port, 5, 0});
  CHECK(host_port::try_parse("host:0").error() == parse_error{errc::port_out_of_range, 5, 1});
  CHECK(host_port::try_parse("host:65536").error() == parse_error{errc::port_out_of_range, 5, 5});
  CHECK(host_port::try_parse("host:080").error().code == errc::port_out_of_range);
  CHECK(host_port::try_parse("[::1]").error().code == errc::missing_port);
}

TEST_CASE("mac_address: compared by value [S-31]", "[mac]") {
  for (const char* text : {"00:11:22:aa:bb:cc", "00-11-22-AA-BB-CC", "0011.22aa.bbcc", "001122AABBCC"}) {
    CHECK(mac_address::parse(text).to_text() == "00:11:22:aa:bb:cc");
  }
  for (const char* text :
       {"", "00:11:22:aa:bb", "00:11-22:aa:bb:cc", "00:11:22:aa:bb:cg", "0011:22aa:bbcc", "00:11:22:aa:bb:cc:dd"}) {
    CHECK(mac_address::try_parse(text).error().code == errc::bad_mac);
  }
}

TEST_CASE("password_reference: a secret is refused without being repeated [S-24]", "[proxy]") {
  for (const char* text : {"env:PROXY", "file:/run/secret", "keyring:smplist/svc"})
    CHECK(password_reference::parse(text).to_text() == text);
  for (const char* text : {"hunter2", "env:", "file:", "keyring:x", "keyring:/x", "keyring:x/", "ENV:X", ""}) {
    CHECK(password_reference::try_parse(text).error() == parse_error{errc::plaintext_password, 0, 0});
  }
  try {
    static_cast<void>(password_reference::parse("hunter2"));
    FAIL("nothing was thrown");
  } catch (const std::exception& e) {
    CHECK(std::string(e.what()).find("hunter2") == std::string::npos);
  }
}
