// SPDX-License-Identifier: MIT
#include "support/both.hpp"

#include <smplist/client.hpp>
#include <smplist/json.hpp>
#include <smplist/order.hpp>

#include <fstream>
#include <map>
#include <string>
#include <vector>

using namespace smplist;

namespace {

const std::vector<std::string> published = {"https://sps-a.example:443", "https://sps-b.example:443", "https://[2001:db8::5]:443",
                                            "http://10.1.0.5:8082"};

std::string hexadecimal(std::uint64_t bits) {
  std::string text(16, '0');
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit, bits >>= 4) *digit = "0123456789ABCDEF"[bits & 15U];
  return text;
}

client with_id(const std::string& id) {
  client who;
  who.id = id;
  return who;
}

/// The square sum over all permutations of n sources, for clients 0 to 23,999.
template <class Client>
double chi_square(std::size_t n, Client make) {
  const std::vector<std::string> sources(published.begin(), published.begin() + static_cast<std::ptrdiff_t>(n));
  std::map<std::vector<std::size_t>, int> seen;
  const int clients = 24'000;
  for (int i = 0; i < clients; ++i) ++seen[arrange(order::random, sources, random_key(make(i)), 0)];
  std::size_t permutations = 1;
  for (std::size_t i = 2; i <= n; ++i) permutations *= i;
  const double expected = static_cast<double>(clients) / static_cast<double>(permutations);
  double sum = expected * static_cast<double>(permutations - seen.size());
  for (const auto& [order_seen, count] : seen) sum += (count - expected) * (count - expected) / expected;
  return sum;
}

}  // namespace

TEST_CASE("order: the published vectors [S-21]", "[order]") {
  CHECK_BOTH(detail::fnv1a64("https://sps-a.example:443") == 0xF5F36424A4BBEDB7U);
  CHECK_BOTH(detail::fnv1a64("https://sps-b.example:443") == 0xFA71927308B456C2U);
  CHECK_BOTH(detail::fnv1a64("https://[2001:db8::5]:443") == 0x6A3732F55341AA47U);
  CHECK_BOTH(detail::fnv1a64("http://10.1.0.5:8082") == 0xF98554E9FA64BAF0U);
  CHECK(random_rank(0xF23F960DE1DC50F4U, 0, published[0]) == 0x6BBA4F2522C0A7E3U);
  CHECK(random_rank(0x3A09FAE9EFCAB589U, 0, published[0]) == 0x133C7CDE8D8AFB0DU);
  CHECK(random_rank(0xF776269A451C15FBU, 0, published[0]) == 0x1811BD12736F38CFU);
}

TEST_CASE("order: every vector of docs/reference/random-order-vectors.json [S-21]", "[order]") {
  const auto vectors = nlohmann::json::parse(std::ifstream(SMPLIST_SOURCE_DIR "/docs/reference/random-order-vectors.json"));
  CHECK(vectors.size() >= 20);
  for (const auto& v : vectors) {
    INFO(v);
    client who;
    who.id = v.value("id", "");
    std::vector<std::string> addresses = v.value("addresses", std::vector<std::string>());
    if (v.contains("address")) addresses.push_back(v.at("address"));
    for (const std::string& text : addresses) who.addresses.push_back(client_address::try_parse(text).value());
    const std::uint64_t key = random_key(who);
    CHECK("0x" + hexadecimal(key) == v.at("key"));
    const std::vector<std::string> sources = v.at("sources");
    std::vector<std::string> found;
    for (const std::size_t at : arrange(order::random, sources, key, v.at("epoch"))) found.push_back(sources.at(at));
    CHECK(found == v.at("order").get<std::vector<std::string>>());
  }
}

TEST_CASE("order: uniform over all permutations, adjacent ids and addresses too [S-21]", "[order]") {
  const double limits[] = {10.83, 20.52, 49.73};
  for (std::size_t n = 2; n <= 4; ++n) {
    CHECK(chi_square(n, [](int i) { return with_id("pc-" + std::to_string(i)); }) < limits[n - 2]);
    CHECK(chi_square(n, [](int i) {
            client who;
            who.addresses.emplace_back(address::from_ipv4(0x0A000000U + static_cast<std::uint32_t>(i)));
            return who;
          }) < limits[n - 2]);
    CHECK(chi_square(n, [](int i) {
            client who;
            who.addresses.emplace_back(address::from_ipv6(0x20010DB800000000U, static_cast<std::uint64_t>(i)));
            return who;
          }) < limits[n - 2]);
  }
}

TEST_CASE("order: removing a source moves only the clients that had it first [S-21]", "[order]") {
  for (int i = 0; i < 5'000; ++i) {
    const std::uint64_t key = random_key(with_id("pc-" + std::to_string(i)));
    const auto all = arrange(order::random, published, key, 0);
    for (std::size_t removed = 0; removed < published.size(); ++removed) {
      std::vector<std::string> fewer = published;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(removed));
      std::vector<std::size_t> expected;
      for (const std::size_t position : all) {
        if (position != removed) expected.push_back(position - (position > removed ? 1 : 0));
      }
      REQUIRE(arrange(order::random, fewer, key, 0) == expected);
    }
  }
}

TEST_CASE("order: sources without the service have no rank and come last, as written [S-21]", "[order]") {
  const std::vector<std::string> some = {"", published[0], "", published[1]};
  for (int i = 0; i < 100; ++i) {
    const auto positions = arrange(order::random, some, random_key(with_id(std::to_string(i))), 0);
    CHECK(positions[2] == 0);
    CHECK(positions[3] == 2);
  }
  CHECK(arrange(order::ordered, published, 1, 2) == std::vector<std::size_t>{0, 1, 2, 3});  // [S-20]
  CHECK(random_key(client()) == 0);
}

TEST_CASE("hash: SHA-256 of FIPS 180-4", "[hash]") {
  const auto of = [](const std::string& text) {
    detail::sha256 hash;
    hash.update(text);
    return detail::hex(hash.finish());
  };
  CHECK(of("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(of(std::string(1'000'000, 'a')) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}
