// SPDX-License-Identifier: MIT
// Whole plans: the compiled engine's against the plain one's, on random policies and clients.
#pragma once

#include "lookups.hpp"

#include <smplist/document.hpp>

#include <array>
#include <atomic>
#include <string>
#include <vector>

namespace scale {

/// What was compared.
struct plan_counts {
  std::atomic<std::size_t> policies{0};
  std::atomic<std::size_t> clients{0};
  std::atomic<std::size_t> plans{0};
  std::atomic<std::size_t> texts{0};
};

/// One random policy, some clients, both services. Everything follows from the seed and the policy's number.
class plan_check {
 public:
  static constexpr std::size_t clients_each = 20;

  plan_check(std::uint64_t seed, std::size_t number, differences& found)
      : seed_(seed), number_(number), dice_(detail::mix64(seed + number)), found_(&found) {}

  void run(plan_counts& counts) {
    policy_draft draft = generate::draft(dice_);
    if (dice_.one_in(4)) draft.criterion = servers();
    const policy plain = policy::make(std::move(draft)).value();
    if (dice_.one_in(3)) given_.resolved.emplace("a0.example", family::ipv6);
    given_.epoch = dice_.below(3);
    const compiled_policy fast = both_forms::reread(compile(plain, given_));
    scratch room(fast);
    for (std::size_t k = 0; k < clients_each; ++k) {
      client who = generate::somebody(dice_);
      if (dice_.one_in(3)) who.reached.push_back(host_port::parse(dice_.one_in(2) ? "m.example:443" : "10.9.9.9:80"));
      for (const service what : all_services) {
        const plan wanted = evaluate(plain, who, what, given_);
        const plan found = fast.evaluate(who, what, room, given_.epoch).to_plan();
        const bool in_text = k == 0;
        if (found != wanted || (in_text && to_json(found) != to_json(wanted))) tell(plain, who, wanted, found);
        counts.texts += in_text ? 1U : 0U;
      }
    }
    ++counts.policies;
    counts.clients += clients_each;
    counts.plans += clients_each * all_services.size();
  }

 private:
  connection_criterion servers() {
    connection_criterion c;
    if (dice_.one_in(2)) c.management_server = reference_server{host::parse("m.example"), {443, 4343}};
    if (!c.management_server || dice_.one_in(2)) c.reference_servers.push_back({host::parse("10.9.9.9"), {80}});
    return c;
  }

  void tell(const policy& p, const client& who, const plan& wanted, const plan& found) {
    std::string addresses;
    for (const client_address& a : who.addresses) addresses += a.to_text() + " ";
    found_->add("policy " + std::to_string(number_) + " of seed " + std::to_string(seed_) + "\n  policy " + p.canonical() +
                "\n  client " + who.id + " at " + addresses + "\n  plain    " + to_json(wanted) + "\n  compiled " +
                to_json(found));
  }

  std::uint64_t seed_;
  std::size_t number_;
  dice dice_;
  differences* found_;
  facts given_;
};

/// At least `n` pairs of plans.
inline void check_plans(std::size_t n, std::size_t threads, std::uint64_t seed, differences& found, plan_counts& counts) {
  const std::size_t each = plan_check::clients_each * all_services.size();
  const std::size_t policies = (n + each - 1) / each;
  on_threads(threads, [&](std::size_t t) {
    for (std::size_t i = t; i < policies; i += threads) plan_check(seed, i, found).run(counts);
  });
}

}  // namespace scale
