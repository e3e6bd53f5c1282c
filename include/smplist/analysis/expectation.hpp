// SPDX-License-Identifier: MIT
/// \file analysis/expectation.hpp
/// Floor 8. What a policy is expected to do, as data: which clients, and what is always or never the case for them.
#pragma once

#include <smplist/analysis/space.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace smplist {

/// What can be said of an answer. Each has a row in `condition_forms`.
enum class condition_kind : std::uint8_t {
  first_source,
  first_kind,
  first_stage,
  first_list,
  first_https,
  first_proxy,
  first_varies,
  asks,
  asks_kind,
  asks_stage,
  https,
  proxy,
  at_least,
  at_most,
  outcome,
  same_list,
};

template <>
struct detail::words<condition_kind> {
  static constexpr std::string_view table[] = {
      "first_source", "first_kind", "first_stage", "first_list", "first_https", "first_proxy", "first_varies", "asks",
      "asks_kind",    "asks_stage", "https",       "proxy",      "at_least",    "at_most",     "outcome",      "same_list"};
};

/// What a condition is about.
enum class condition_form : std::uint8_t { names, truth, number };

[[nodiscard]] constexpr condition_form form_of(condition_kind kind) noexcept {
  switch (kind) {
    case condition_kind::first_source:
    case condition_kind::first_kind:
    case condition_kind::first_stage:
    case condition_kind::first_list:
    case condition_kind::asks:
    case condition_kind::asks_kind:
    case condition_kind::asks_stage:
    case condition_kind::outcome: return condition_form::names;
    case condition_kind::first_https:
    case condition_kind::first_proxy:
    case condition_kind::first_varies:
    case condition_kind::https:
    case condition_kind::proxy:
    case condition_kind::same_list: return condition_form::truth;
    case condition_kind::at_least:
    case condition_kind::at_most: return condition_form::number;
  }
  return condition_form::names;
}

/// Must it be so, or may it not be so?
enum class polarity : std::uint8_t { always, never };

template <>
struct detail::words<polarity> {
  static constexpr std::string_view table[] = {"always", "never"};
};

/// One thing that is always or never the case.
struct condition {
  smplist::polarity when = polarity::always;
  condition_kind kind = condition_kind::at_least;
  std::vector<std::string> names = {};  // sources, kinds, stages or lists
  bool truth = true;
  std::uint32_t number = 0;

  friend bool operator==(const condition& a, const condition& b) noexcept {
    return a.when == b.when && a.kind == b.kind && a.names == b.names && a.truth == b.truth && a.number == b.number;
  }
  friend bool operator!=(const condition& a, const condition& b) noexcept { return !(a == b); }
};

/// Clients, and what is expected of their plans. All conditions must hold.
struct expectation {
  std::string name;
  client_filter where = {};
  std::vector<condition> conditions = {};
  std::uint32_t line = 0;  // where it stands in its document; 0 is nowhere
};

namespace detail {

/// Is one attempt as a condition on attempts says?
[[nodiscard]] inline bool fits(const policy& p, const condition& c, const attempt& a, std::string_view wanted = {}) {
  const auto among = [&](std::string_view word) {
    if (!wanted.empty()) return word == wanted;
    return std::find(c.names.begin(), c.names.end(), word) != c.names.end();
  };
  switch (c.kind) {
    case condition_kind::first_source:
    case condition_kind::asks: return among(a.source);
    case condition_kind::first_kind:
    case condition_kind::asks_kind: return among(smplist::name(p.find_source(a.source)->kind));
    case condition_kind::first_stage:
    case condition_kind::asks_stage: return among(smplist::name(a.stage));
    case condition_kind::first_list: return among(a.list);
    case condition_kind::first_https:
    case condition_kind::https: return is_https(a) == c.truth;
    case condition_kind::first_proxy:
    case condition_kind::proxy: return !a.via.empty() == c.truth;
    case condition_kind::first_varies:
    case condition_kind::at_least:
    case condition_kind::at_most:
    case condition_kind::outcome:
    case condition_kind::same_list: break;
  }
  return false;
}

/// What conditions look at: of all clients of a class, or of one.
struct asked_sources {
  std::vector<attempt> first;   // what may come first: of one client, what does
  std::vector<attempt> firsts;  // what may come first for clients of its class
  std::vector<attempt> all;
  smplist::outcome outcome = outcome::no_list;
};

/// Is it as the condition says, whichever of those comes first? `same_list` is about clients, not about answers, and holds here.
[[nodiscard]] inline bool holds(const policy& p, const condition& c, const asked_sources& given) {
  const std::vector<attempt>& all = given.all;
  const bool always = c.when == polarity::always;
  const auto fitting = [&](const attempt& a) { return fits(p, c, a); };
  switch (c.kind) {
    case condition_kind::first_source:
    case condition_kind::first_kind:
    case condition_kind::first_stage:
    case condition_kind::first_list:
    case condition_kind::first_https:
    case condition_kind::first_proxy:
      return always ? !given.first.empty() && std::all_of(given.first.begin(), given.first.end(), fitting)
                    : std::none_of(given.first.begin(), given.first.end(), fitting);
    case condition_kind::first_varies: return always == ((given.firsts.size() > 1) == c.truth);
    case condition_kind::asks:
    case condition_kind::asks_kind:
    case condition_kind::asks_stage:
      return std::all_of(c.names.begin(), c.names.end(), [&](const std::string& wanted) {
        return always == std::any_of(all.begin(), all.end(), [&](const attempt& a) { return fits(p, c, a, wanted); });
      });
    case condition_kind::https:
    case condition_kind::proxy:
      return always ? std::all_of(all.begin(), all.end(), fitting) : std::none_of(all.begin(), all.end(), fitting);
    case condition_kind::at_least: return always == (all.size() >= c.number);
    case condition_kind::at_most: return always == (all.size() <= c.number);
    case condition_kind::outcome:
      return always == (std::find(c.names.begin(), c.names.end(), smplist::name(given.outcome)) != c.names.end());
    case condition_kind::same_list: return true;
  }
  return false;
}

/// The conditions that do not hold, by position.
[[nodiscard]] inline std::vector<std::size_t> broken(const policy& p, const std::vector<condition>& conditions,
                                                     const asked_sources& given) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    if (!holds(p, conditions[i], given)) out.push_back(i);
  }
  return out;
}

}  // namespace detail

}  // namespace smplist
