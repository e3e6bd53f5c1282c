// SPDX-License-Identifier: MIT
/// \file failover.hpp
/// Floor 6. Failover over time: a pure reducer without a clock. [S-70] [S-71] [S-72]
#pragma once

#include <smplist/plan.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace smplist {

/// Durations are milliseconds. [S-71]
struct failover_settings {
  std::int64_t try_timeout = 5'000;  // for whoever connects; the reducer only hears of outcomes
  std::int64_t retries = 2;          // after the first try
  std::int64_t retry_gap = 5'000;
  std::int64_t rest = 60'000;  // doubled with each rest since the last success
  std::int64_t rest_max = 3'600'000;
  std::int64_t location_check = 3'600'000;

  friend bool operator==(const failover_settings& a, const failover_settings& b) noexcept {
    return a.try_timeout == b.try_timeout && a.retries == b.retries && a.retry_gap == b.retry_gap && a.rest == b.rest &&
           a.rest_max == b.rest_max && a.location_check == b.location_check;
  }
};

/// What is remembered of one endpoint on one way. [S-70]
struct failover_record {
  std::string identity;
  std::string via;         // the proxy's `host:port`; empty: directly
  std::int64_t tries = 0;  // failed since the last rest
  std::int64_t rests = 0;  // since the last success
  std::int64_t due = 0;    // not before; a rest if `tries` is 0, else the retry gap
  bool kept = false;       // it answered last, and is asked first
};

enum class attempt_outcome : std::uint8_t { success, failure };

template <>
struct detail::words<attempt_outcome> {
  static constexpr std::string_view table[] = {"success", "failure"};
};

/// Nothing to try before `until`: the retry gap.
struct wait_until {
  std::int64_t until = 0;

  friend bool operator==(wait_until a, wait_until b) noexcept { return a.until == b.until; }
};

/// Nothing left: the plan's `exhausted` applies. `until` is when the first source is due again, if there is any.
struct nothing_left {
  std::optional<std::int64_t> until = {};

  friend bool operator==(const nothing_left& a, const nothing_left& b) noexcept { return a.until == b.until; }
};

using failover_step = std::variant<attempt, wait_until, nothing_left>;

/// The state of one client's failover: a value, changed only by `report`. Times are milliseconds of any one clock.
class failover {
 public:
  failover() = default;
  explicit failover(failover_settings settings) : settings_(settings) {}

  /// A state as it was, from its records: for a client that goes on after a restart.
  failover(failover_settings settings, const std::vector<failover_record>& records) : settings_(settings) {
    for (const failover_record& r : records) {
      if (r.tries != 0 || r.rests != 0) records_[{r.identity, r.via}] = {r.tries, r.rests, r.due};
      if (r.kept) stays_with_ = {r.identity, r.via};
    }
  }

  [[nodiscard]] failover_settings settings() const noexcept { return settings_; }

  /// All that is remembered, by identity and proxy; endpoints that never failed and are not kept need no record.
  [[nodiscard]] std::vector<failover_record> records() const {
    std::vector<failover_record> all;
    for (const auto& [k, r] : records_) all.push_back({k.first, k.second, r.tries, r.rests, r.due, stays_with_ == k});
    if (stays_with_ && records_.count(*stays_with_) == 0) all.push_back({stays_with_->first, stays_with_->second, 0, 0, 0, true});
    return all;
  }

  /// What to do now. [S-70]
  [[nodiscard]] failover_step next(const plan& p, std::int64_t now) const {
    const attempt* chosen = find(p, [&](const attempt& a) { return stays_with_ == key(a) && !rests(a, now); });
    if (chosen == nullptr) chosen = find(p, [&](const attempt& a) { return !rests(a, now); });
    if (chosen == nullptr) return nothing_left{first_due(p)};
    const record had = of(*chosen);
    if (had.tries > 0 && now < had.due) return wait_until{had.due};
    return *chosen;
  }

  /// The state after an attempt ended. [S-70] [S-71]
  [[nodiscard]] failover report(const attempt& tried, attempt_outcome how, std::int64_t now) const {
    failover after = *this;
    if (how == attempt_outcome::success) {
      after.records_.erase(key(tried));
      after.stays_with_ = key(tried);
      return after;
    }
    record& r = after.records_[key(tried)];
    if (++r.tries <= settings_.retries) {
      r.due = later(now, settings_.retry_gap);
      return after;
    }
    r.tries = 0;
    r.due = later(now, rest_length(r.rests));
    ++r.rests;
    if (after.stays_with_ == key(tried)) after.stays_with_.reset();
    return after;
  }

  /// Is the location due for another check, `checked` being the time of the last one? [S-71]
  [[nodiscard]] bool location_due(std::int64_t checked, std::int64_t now) const noexcept {
    return now >= later(checked, settings_.location_check);
  }

  friend bool operator==(const failover& a, const failover& b) noexcept {
    return a.settings_ == b.settings_ && a.records_ == b.records_ && a.stays_with_ == b.stays_with_;
  }

 private:
  struct record {
    std::int64_t tries = 0;
    std::int64_t rests = 0;
    std::int64_t due = 0;

    friend bool operator==(const record& a, const record& b) noexcept {
      return a.tries == b.tries && a.rests == b.rests && a.due == b.due;
    }
  };
  using endpoint_key = std::pair<std::string, std::string>;  // identity and proxy

  [[nodiscard]] static endpoint_key key(const attempt& a) { return {a.identity, a.via}; }

  [[nodiscard]] record of(const attempt& a) const {
    const auto found = records_.find(key(a));
    return found == records_.end() ? record{} : found->second;
  }
  [[nodiscard]] bool rests(const attempt& a, std::int64_t now) const {
    const record r = of(a);
    return r.tries == 0 && r.rests > 0 && now < r.due;
  }
  /// The sum, or the last moment there is. Neither setting nor length is negative.
  [[nodiscard]] static constexpr std::int64_t later(std::int64_t when, std::int64_t by) noexcept {
    constexpr std::int64_t end = std::numeric_limits<std::int64_t>::max();
    return when > end - by ? end : when + by;
  }
  [[nodiscard]] std::int64_t rest_length(std::int64_t earlier) const noexcept {
    std::int64_t length = settings_.rest;
    for (std::int64_t i = 0; i < earlier && length < settings_.rest_max; ++i) length = later(length, length);
    return std::min(length, settings_.rest_max);
  }
  [[nodiscard]] std::optional<std::int64_t> first_due(const plan& p) const {
    std::optional<std::int64_t> due;
    for (const attempt& a : p.attempts) due = due ? std::min(*due, of(a).due) : of(a).due;
    return due;
  }

  template <class Predicate>
  [[nodiscard]] static const attempt* find(const plan& p, Predicate fits) {
    const auto found = std::find_if(p.attempts.begin(), p.attempts.end(), fits);
    return found == p.attempts.end() ? nullptr : &*found;
  }

  failover_settings settings_;
  std::map<endpoint_key, record> records_;
  std::optional<endpoint_key> stays_with_;
};

}  // namespace smplist
