// SPDX-License-Identifier: MIT
// Random drafts and clients that are valid and meet each other: few hosts, few ranges, every switch.
#pragma once

#include <smplist/smplist.hpp>

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

namespace generate {

using namespace smplist;

/// From the environment, or new; tests print it.
inline std::uint64_t seed() {
  const char* wanted = std::getenv("SMPLIST_SEED");
  return wanted == nullptr ? std::random_device()() : std::strtoull(wanted, nullptr, 10);
}

/// Small numbers and choices, the same with every library: no distribution class.
class dice {
 public:
  explicit dice(std::uint64_t start) : random_(start) {}

  [[nodiscard]] std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_() % bound); }
  [[nodiscard]] bool one_in(std::size_t n) { return below(n) == 0; }
  template <class Items>
  [[nodiscard]] const auto& one_of(const Items& items) {
    return items[below(std::size(items))];
  }

 private:
  std::mt19937_64 random_;
};

// A few addresses from each: in the middle, at both ends and at the end of the link-local block of each family. All of them
// together are the toy universe, of less than 256 addresses.
inline constexpr std::size_t block = 25;
inline const char* const bases[] = {"10.0.0.0",
                                    "10.0.0.128",
                                    "0.0.0.0",
                                    "255.255.255.231",
                                    "169.254.255.244",
                                    "2001:db8::",
                                    "2001:db8::40",
                                    "::",
                                    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffe7",
                                    "febf:ffff:ffff:ffff:ffff:ffff:ffff:fff4"};

inline address near(dice& d, std::size_t base) {
  const detail::u128 bits = address::parse(bases[base]).bits() + detail::u128{0, d.below(block)};
  return address::from_bits(bits);
}

inline address_range range(dice& d) {
  const std::size_t base = d.below(std::size(bases));
  const address a = near(d, base);
  const address b = near(d, base);
  return address_range::try_make(std::min(a, b), std::max(a, b)).value();
}

inline std::optional<family_set> families(dice& d) {
  const std::optional<family_set> all[] = {std::nullopt, family::ipv4, family::ipv6, family_set(family::ipv4) | family::ipv6};
  return d.one_of(all);
}

inline std::optional<proxy> through(dice& d) {
  if (d.one_in(2)) return std::nullopt;
  proxy p{host::parse(d.one_in(2) ? "p.example" : "q.example"), 3128, families(d), d.one_in(2)};
  p.leaves_on = families(d);
  if (d.one_in(4)) {
    p.user = "svc";
    p.password = password_reference::parse("env:PROXY");
  }
  return p;
}

inline std::vector<std::string> choose(dice& d, const std::vector<source>& from) {
  std::vector<std::string> out;
  for (const source& s : from) {
    if (d.one_in(2)) out.insert(out.begin() + static_cast<std::ptrdiff_t>(d.below(out.size() + 1)), s.name);
  }
  return out;
}

inline source declared(dice& d, std::size_t number, bool https) {
  const host hosts[] = {host::parse("a" + std::to_string(number % 4) + ".example"), host::parse("10.9.9.9"),
                        host::parse("2001:db8:9::9")};
  source s{"s" + std::to_string(number), static_cast<source_kind>(d.below(4)), hosts[d.one_in(2) ? 0 : d.below(3)]};
  if (s.host.is_name()) s.families = families(d);
  const auto port = static_cast<std::uint16_t>(443 + number);
  const std::size_t what = d.below(4);
  if (what != 0) s.file_reputation = endpoint{d.one_in(2) ? scheme::http : scheme::https, port};
  if (what != 1) s.web_reputation = endpoint{https && d.one_in(2) ? scheme::https : scheme::http, port};
  return s;
}

/// A valid draft.
inline policy_draft draft(dice& d) {
  auto out = policy_draft::with_defaults(d.one_in(2) ? profile::officescan_10_6 : profile::vision_one);
  out.allow_web_reputation_https = d.one_in(2);
  out.ip_preference = static_cast<ip_preference>(d.below(4));
  out.file_reputation_falls_back = d.one_in(2);
  out.web_reputation_falls_back = d.one_in(2);
  out.criterion = gateway_criterion{{gateway{address::parse("10.0.0.1")}}};
  for (std::size_t i = 0; i < 6; ++i) out.sources.push_back(declared(d, i, out.allow_web_reputation_https));
  out.mode = d.one_in(4) ? list_mode::standard : list_mode::custom;
  out.web_reputation_to_servers = !d.one_in(3);
  out.fallback_to_standard = d.one_in(2);
  out.on_overlap = static_cast<overlap_rule>(d.below(3));
  const auto fill = [&](source_list& l) {
    l.order = static_cast<order>(d.below(2));
    if (!d.one_in(6)) l.sources = choose(d, out.sources);
    l.proxy = through(d);
  };
  for (std::size_t i = d.below(5); i > 0; --i) {
    source_list l{"l" + std::to_string(i)};
    for (std::size_t n = d.below(4); n > 0; --n) l.ranges.push_back(range(d));
    fill(l);
    out.lists.push_back(l);
  }
  fill(out.standard);
  fill(out.network);
  return out;
}

inline client somebody(dice& d) {
  client who;
  for (std::size_t n = d.below(3); n > 0; --n) who.addresses.emplace_back(near(d, d.below(std::size(bases))));
  if (d.one_in(2)) who.id = "pc-" + std::to_string(d.below(1000));
  if (!d.one_in(4)) who.location = d.one_in(5) ? location::external : location::internal;
  if (d.one_in(3)) who.gateways = {gateway{address::parse(d.one_in(2) ? "10.0.0.1" : "10.0.0.2")}};
  if (d.one_in(5)) who.stack = d.one_in(2) ? family_set(family::ipv4) : family_set(family::ipv4) | family::ipv6;
  return who;
}

}  // namespace generate
