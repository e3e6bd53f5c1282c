// SPDX-License-Identifier: MIT
// A program of its own, built without exceptions and without type information: it counts what it allocates. [S-67]
#include <smplist/compile.hpp>

#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

namespace {

std::size_t allocations = 0;

void* counted(std::size_t size) noexcept {
  ++allocations;
  void* const room = std::malloc(size == 0 ? 1 : size);
  if (room == nullptr) std::abort();
  return room;
}

}  // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new(std::size_t size, const std::nothrow_t& /*quiet*/) noexcept { return counted(size); }
void operator delete(void* room) noexcept { std::free(room); }
void operator delete(void* room, std::size_t /*size*/) noexcept { std::free(room); }
void operator delete(void* room, const std::nothrow_t& /*quiet*/) noexcept { std::free(room); }

namespace {

using namespace smplist;

/// Lists that overlap, random and ordered, with fallbacks and proxies.
policy_draft draft_of(order how, overlap_rule rule) {
  policy_draft draft;
  draft.mode = list_mode::custom;
  draft.on_overlap = rule;
  draft.fallback_to_standard = true;
  draft.file_reputation_falls_back = true;
  draft.criterion = gateway_criterion{{gateway{*address::try_parse("10.0.0.1")}}};
  for (const char* const name : {"a", "b", "c", "d"}) {
    source s{name, source_kind::standalone, *host::try_parse(std::string(name) + ".example")};
    s.file_reputation = endpoint{scheme::https, 443};
    s.web_reputation = endpoint{scheme::http, 80};
    draft.sources.push_back(s);
  }
  draft.lists.push_back(
      {"wide", {*address_range::try_parse("10.0.0.0/8"), *address_range::try_parse("2001:db8::/32")}, how, {"a", "b", "c"}});
  draft.lists.push_back({"close", {*address_range::try_parse("10.1.0.0/16")}, how, {"c", "b"}});
  draft.lists.back().proxy = proxy{*host::try_parse("proxy.example"), 3128};
  draft.standard.sources = {"d", "a"};
  draft.network.sources = {"d"};
  return draft;
}

std::vector<client> clients() {
  std::vector<client> out(5);
  out[0].addresses.emplace_back(*address::try_parse("10.1.2.3"));
  out[0].location = location::internal;
  out[1].id = "a client whose id is longer than any small string";
  out[1].addresses.emplace_back(*address::try_parse("2001:db8::1"));
  out[1].gateways.push_back({*address::try_parse("10.0.0.1")});
  out[2].addresses.emplace_back(*address::try_parse("10.9.9.9"));
  out[2].addresses.emplace_back(*address::try_parse("10.1.9.9"));
  out[2].location = location::internal;
  out[3].addresses.emplace_back(*address::try_parse("169.254.1.1"));
  out[3].location = location::internal;
  return out;  // and one without anything
}

/// What one round of every question allocates; what it read, so that nothing is left out.
std::size_t ask(const compiled_policy& p, const std::vector<client>& who, std::size_t& read) {
  scratch room(p);
  const std::size_t before = allocations;
  for (const client& c : who) {
    for (const service what : all_services) {
      const plan_view plan = p.evaluate(c, what, room, 3);
      plan.each_attempt([&](const attempt_view& a) {
        read += a.url.size() + a.via.size() + a.list.size();
        return true;
      });
      read += static_cast<std::size_t>(plan.outcome()) + (plan.first() ? 1U : 0U);
      for (const client_address& a : c.addresses) {
        read += p.first_url(a.value, {what}).size() + p.class_of(a.value);
        p.each_matching_list(a.value, [&](std::string_view name) { read += name.size(); });
        read += p.answer(p.class_of(a.value), a.value.family(), a.value.bits(), {what}, [](std::uint32_t s) {
                   return s == 0;
                 }).source;
      }
    }
  }
  p.each_class_ipv4(
      100, [](std::size_t i) { return static_cast<std::uint32_t>(0x0A000000U + i); },
      [&](std::size_t, std::uint32_t c) { read += c; });
  p.each_class_ipv6(
      100,
      [](std::size_t i) {
        return detail::u128{0x20010DB800000000U, i};
      },
      [&](std::size_t, std::uint32_t c) { read += c; });
  return allocations - before;
}

}  // namespace

int main() {
  const std::vector<client> who = clients();
  std::size_t read = 0;
  for (const order how : {order::ordered, order::random}) {
    for (const overlap_rule rule : {overlap_rule::first, overlap_rule::last, overlap_rule::most_specific}) {
      const auto made = policy::make(draft_of(how, rule));
      if (!made) return std::puts("the policy was refused"), 1;
      const std::size_t found = ask(compile(*made), who, read);
      if (found != 0) return std::printf("the query path allocated %zu times\n", found), 1;
    }
  }
  const std::size_t before = allocations;
  const std::vector<int> one(10);
  if (allocations != before + 1) return std::puts("the counter does not count"), 1;
  std::printf("nothing allocated; %zu read\n", read);
  return read != 0 ? 0 : 1;
}
