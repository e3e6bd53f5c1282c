// SPDX-License-Identifier: MIT
/// \file scope.hpp
/// Floor 6. How far around the deciding address a plan stays what it is. [S-62]
#pragma once

#include <smplist/evaluation.hpp>

#include <algorithm>
#include <optional>
#include <vector>

namespace smplist::detail {

/// Compares the plans of a client with the plans of the same client at another address.
class scope_search {
 public:
  scope_search(const policy& p, const client& who, const facts& given, const plan& found)
      : policy_(&p), client_(who), given_(&given), plan_(&found), key_(random_key(who)) {}

  [[nodiscard]] std::optional<plan_scope> run() {
    const std::optional<address> first = client_.first_address();
    if (!first) return std::nullopt;
    deciding_ = plan_->decided_by ? plan_->decided_by->address : *first;
    collect_cuts();
    address low = cell_start(deciding_);
    address high = cell_end(deciding_);
    while (const auto below = low.previous()) {
      if (!same_at(*below)) break;
      low = cell_start(*below);
    }
    while (const auto above = high.next()) {
      if (!same_at(*above)) break;
      high = cell_end(*above);
    }
    return plan_scope{low, high, order_varies()};
  }

 private:
  /// Where anything can change: the policy's cuts if the lists were consulted, and the ends of the special ranges.
  void collect_cuts() {
    const bool consulted = std::any_of(plan_->trace.begin(), plan_->trace.end(), [](const trace_step& step) {
      return step.why == reason::custom_list_matched || step.why == reason::no_custom_list_matches;
    });
    lists_cut_ = consulted ? &policy_->cuts(deciding_.family()) : nullptr;
    if (client_.stack) return;  // stated: no address changes it
    using namespace literals;
    constexpr address ipv4_cuts[] = {"127.0.0.0"_address, "128.0.0.0"_address, "169.254.0.0"_address, "169.255.0.0"_address};
    constexpr address ipv6_cuts[] = {"::1"_address, "::2"_address, "fe80::"_address, "fec0::"_address};
    for (const address a : deciding_.is_ipv4() ? ipv4_cuts : ipv6_cuts) special_.push_back(a.bits());
  }

  /// The last cut at or before `a`, or the start of its family.
  [[nodiscard]] address cell_start(address a) const {
    address start = address::lowest(a.family());
    for (const auto* cuts : {lists_cut_, &special_}) {
      if (cuts == nullptr) continue;
      const auto after = std::upper_bound(cuts->begin(), cuts->end(), a.bits());
      if (after != cuts->begin()) start = std::max(start, address::from_bits(*std::prev(after)));
    }
    return start;
  }

  /// The address before the first cut behind `a`, or the end of its family.
  [[nodiscard]] address cell_end(address a) const {
    address end = address::highest(a.family());
    for (const auto* cuts : {lists_cut_, &special_}) {
      if (cuts == nullptr) continue;
      const auto after = std::upper_bound(cuts->begin(), cuts->end(), a.bits());
      if (after != cuts->end()) end = std::min(end, *address::from_bits(*after).previous());
    }
    return end;
  }

  /// Would a client with `a` in place of the deciding address get the same plan?
  [[nodiscard]] bool same_at(address a) const {
    client moved = client_;
    for (client_address& had : moved.addresses) {
      if (had.value == deciding_) had = a;
    }
    evaluation again(*policy_, moved, plan_->service, *given_);
    again.keep_key(key_);
    const plan other = again.run();
    const bool same_decision = plan_->decided_by.has_value() == other.decided_by.has_value() &&
                               (!other.decided_by || (plan_->decided_by->list == other.decided_by->list &&
                                                      plan_->decided_by->range == other.decided_by->range));
    return same_decision && plan_->location == other.location && plan_->outcome == other.outcome && plan_->lists == other.lists &&
           plan_->stages == other.stages && plan_->attempts == other.attempts && plan_->ignored == other.ignored;
  }

  /// Keyed by address, with something to shuffle. [S-62]
  [[nodiscard]] bool order_varies() const {
    if (!client_.id.empty()) return false;
    return std::any_of(plan_->stages.begin(), plan_->stages.end(), [&](const planned_stage& s) {
      const auto of_stage = [&](const auto& step) { return step.stage == s.stage; };
      const auto ranked = [&](const ignored_source& i) { return i.stage == s.stage && i.reason != reason::service_not_offered; };
      return s.order == order::random && std::count_if(plan_->attempts.begin(), plan_->attempts.end(), of_stage) +
                                                 std::count_if(plan_->ignored.begin(), plan_->ignored.end(), ranked) >=
                                             2;
    });
  }

  const policy* policy_;
  client client_;
  const facts* given_;
  const plan* plan_;
  std::uint64_t key_;
  address deciding_;
  const std::vector<u128>* lists_cut_ = nullptr;
  std::vector<u128> special_;
};

[[nodiscard]] inline std::optional<plan_scope> find_scope(const policy& p, const client& who, const facts& given,
                                                          const plan& found) {
  return scope_search(p, who, given, found).run();
}

}  // namespace smplist::detail
