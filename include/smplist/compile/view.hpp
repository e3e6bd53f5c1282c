// SPDX-License-Identifier: MIT
/// \file compile/view.hpp
/// Floor 7. A plan that is read and not built: views into a compiled policy, nothing allocated.
#pragma once

#include <smplist/compile/layout.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace smplist {

class compiled_policy;

/// One step of a compiled plan. Lives as long as the compiled policy.
struct attempt_view {
  smplist::stage stage = stage::network;
  std::string_view list = {};
  std::string_view source = {};
  std::string_view identity = {};
  std::string_view url = {};
  std::string_view via = {};
  detail::hop_families families = {};
  bool family_unknown = false;
};

namespace detail {

/// A source of a stage while it is put in order.
struct ranked_source {
  std::uint64_t rank = 0;
  std::uint32_t position = 0;
  bool unranked = false;  // does not offer the service: behind the others, as written

  // ties go by position [S-21]
  friend bool operator<(const ranked_source& a, const ranked_source& b) noexcept {
    if (a.unranked != b.unranked) return b.unranked;
    return a.rank != b.rank ? a.rank < b.rank : a.position < b.position;
  }
};

/// What was found out about a client before any list was read.
struct located_client {
  const client* who = nullptr;
  smplist::location location = location::external;
  reason why = reason::no_location_evidence;
  std::size_t by = 0;  // the gateway or the server reached, as the client counts them
};

}  // namespace detail

/// Room for the answers of one thread; made once, used for every call.
class scratch {
 public:
  explicit scratch(const compiled_policy& p);

 private:
  friend class compiled_policy;
  friend class plan_view;
  std::vector<detail::ranked_source> order_;
};

/// A plan as long as its policy, its client and its scratch are left alone. [S-61]
class plan_view {
 public:
  [[nodiscard]] smplist::service service() const noexcept { return service_; }
  [[nodiscard]] smplist::location location() const noexcept { return located_.location; }
  [[nodiscard]] std::string_view revision() const noexcept { return flat_->revision(); }
  [[nodiscard]] exhausted_action exhausted() const noexcept {
    return service_ == service::file_reputation ? exhausted_action::allow_and_rescan : exhausted_action::local_lists_only;
  }
  /// Where the first attempt comes from. [S-64]
  [[nodiscard]] smplist::outcome outcome() const noexcept {
    return static_cast<smplist::outcome>(flat_->first(chain_, service_, stack_).outcome & 0xFFU);
  }

  /// Calls `visit(attempt_view)` in order, until it returns false.
  template <class Visit>
  void each_attempt(Visit&& visit) const {
    each_source([&](const detail::flat_policy::stage_record& s, std::uint32_t source, std::uint8_t status) {
      if ((status & detail::status_attempt) == 0) return true;
      return static_cast<bool>(visit(attempt_of(s, source, status)));
    });
  }

  /// The first attempt, if there is one.
  [[nodiscard]] std::optional<attempt_view> first() const noexcept {
    for (std::size_t i = 0; i < flat_->stage_count(chain_, service_); ++i) {
      const auto s = flat_->stage(chain_, service_, stack_, i);
      const bool random = flat_->list_order(s.list) == smplist::order::random;
      const std::size_t k = flat_->first_position(s, service_, random ? base() : 0, [](std::uint32_t) { return false; });
      if (k != flat_->source_count(s.list))
        return attempt_of(s, flat_->list_source(s.list, k), static_cast<std::uint8_t>(s.statuses[k]));
    }
    return {};
  }

  /// The plan by itself, byte for byte that of `evaluate(policy, client, service)`. Allocates. [S-67]
  [[nodiscard]] plan to_plan() const;

 private:
  friend class compiled_policy;
  friend class plan_builder;

  plan_view(const detail::flat_policy& flat, detail::located_client located, smplist::service what, std::size_t chain,
            std::size_t stack, std::uint64_t epoch, detail::ranked_source* order) noexcept
      : flat_(&flat), located_(located), service_(what), chain_(chain), stack_(stack), epoch_(epoch), order_(order) {}

  [[nodiscard]] attempt_view attempt_of(const detail::flat_policy::stage_record& s, std::uint32_t source,
                                        std::uint8_t status) const noexcept {
    return {s.stage,
            flat_->list_name(s.list),
            flat_->source_name(source),
            flat_->identity(source, service_),
            flat_->url(source, service_),
            flat_->list_proxy(s.list),
            detail::hops_of(status),
            (status & detail::status_unknown) != 0};
  }

  /// Calls `visit(stage, source, status)` for every source of every stage in the order of asking, until it returns false.
  template <class Visit>
  void each_source(Visit&& visit) const {
    detail::ranked_source* order = order_;
    for (std::size_t i = 0; i < flat_->stage_count(chain_, service_); ++i) {
      const auto s = flat_->stage(chain_, service_, stack_, i);
      const std::size_t n = flat_->source_count(s.list);
      const bool random = flat_->list_order(s.list) == smplist::order::random;
      if (random) arrange(s.list, order);
      for (std::size_t k = 0; k < n; ++k) {
        const std::size_t position = random ? order[k].position : k;
        if (!visit(s, flat_->list_source(s.list, position), static_cast<std::uint8_t>(s.statuses[position]))) return;
      }
      order += n;
    }
  }

  /// Of random ranks.
  [[nodiscard]] std::uint64_t base() const noexcept { return detail::rank_base(random_key(*located_.who), epoch_); }

  // [S-20] [S-21] [S-22]
  void arrange(std::size_t list, detail::ranked_source* order) const noexcept {
    const std::size_t n = flat_->source_count(list);
    const std::uint64_t base = this->base();
    for (std::uint32_t k = 0; k < n; ++k) {
      const std::uint32_t source = flat_->list_source(list, k);
      order[k] = {flat_->rank(base, source, service_), k, flat_->identity(source, service_).empty()};
    }
    std::sort(order, order + n);
  }

  const detail::flat_policy* flat_;
  detail::located_client located_;
  smplist::service service_;
  std::size_t chain_;
  std::size_t stack_;
  std::uint64_t epoch_;
  detail::ranked_source* order_;  // room for every stage, one behind the other
};

}  // namespace smplist
