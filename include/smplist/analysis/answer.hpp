// SPDX-License-Identifier: MIT
/// \file analysis/answer.hpp
/// Floor 8. What all clients of a class get: a plan without what is one client's own.
#pragma once

#include <smplist/plan.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace smplist {

/// The attempts of one stage: in this order, or in an order that depends on the client.
struct answer_stage {
  bool random = false;            // two attempts or more, in an order that depends on the client [S-21]
  std::vector<attempt> attempts;  // in order; under `random` by endpoint identity, which says nothing of the order

  friend bool operator==(const answer_stage& a, const answer_stage& b) noexcept {
    return a.random == b.random && a.attempts == b.attempts;
  }
  friend bool operator!=(const answer_stage& a, const answer_stage& b) noexcept { return !(a == b); }
};

/// A location, an outcome and the attempts by stage. Two answers are equal if every client gets the same from both.
///
/// Ignored sources, other lists that match, the trace and the notes of attempts are no part of it.
struct answer {
  smplist::service service = service::file_reputation;
  smplist::location location = location::external;
  smplist::outcome outcome = outcome::no_list;
  exhausted_action exhausted = exhausted_action::allow_and_rescan;
  std::vector<answer_stage> stages = {};  // those with attempts

  [[nodiscard]] bool reaches_nothing() const noexcept { return stages.empty(); }

  /// Every attempt, stage by stage.
  [[nodiscard]] std::vector<attempt> attempts() const {
    std::vector<attempt> all;
    for (const answer_stage& s : stages) all.insert(all.end(), s.attempts.begin(), s.attempts.end());
    return all;
  }

  /// The attempts of which one comes first: one, or all of a random stage; empty if nothing is reached.
  [[nodiscard]] std::vector<attempt> firsts() const {
    if (stages.empty()) return {};
    const answer_stage& s = stages.front();
    return s.random ? s.attempts : std::vector<attempt>{s.attempts.front()};
  }

  friend bool operator==(const answer& a, const answer& b) noexcept {
    return a.service == b.service && a.location == b.location && a.outcome == b.outcome && a.exhausted == b.exhausted &&
           a.stages == b.stages;
  }
  friend bool operator!=(const answer& a, const answer& b) noexcept { return !(a == b); }
};

/// The answer that a plan is an instance of. [S-61]
[[nodiscard]] inline answer answer_of(plan p) {
  answer out{p.service, p.location, p.outcome, p.exhausted, {}};
  for (const planned_stage& s : p.stages) {
    answer_stage found;
    for (attempt& a : p.attempts) {
      if (a.stage != s.stage) continue;
      a.notes.clear();
      found.attempts.push_back(std::move(a));
    }
    if (found.attempts.empty()) continue;
    found.random = s.order == order::random && found.attempts.size() > 1;
    if (found.random) {
      std::sort(found.attempts.begin(), found.attempts.end(),
                [](const attempt& a, const attempt& b) { return a.identity < b.identity; });
    }
    out.stages.push_back(std::move(found));
  }
  return out;
}

namespace detail {

[[nodiscard]] inline bool is_https(const attempt& a) noexcept { return a.identity.compare(0, 8, "https://") == 0; }

/// A text that is equal for equal answers only: no name or host holds a control character.
[[nodiscard]] inline std::string key_of(const answer& a) {
  std::string out;
  const auto put = [&](std::string_view text) { (out += text) += '\n'; };
  for (const std::string_view word : {name(a.service), name(a.location), name(a.outcome), name(a.exhausted)}) put(word);
  for (const answer_stage& s : a.stages) {
    put(s.random ? "\x01" : "\x02");
    for (const attempt& step : s.attempts) {
      put(name(step.stage));
      for (const std::string* text : {&step.list, &step.source, &step.url, &step.via}) put(*text);
      for (const family f : step.families) put(name(f));
    }
  }
  return out;
}

}  // namespace detail

/// Distinct answers, numbered as they come; those of several policies can share one pool, and are equal if their numbers are.
class answer_pool {
 public:
  [[nodiscard]] std::uint32_t number(answer found) {
    const auto [at, fresh] = known_.emplace(detail::key_of(found), static_cast<std::uint32_t>(answers_.size()));
    if (fresh) answers_.push_back(std::move(found));
    return at->second;
  }
  /// The number of each of several.
  [[nodiscard]] std::vector<std::uint32_t> numbers(const std::vector<answer>& all) {
    std::vector<std::uint32_t> out;
    out.reserve(all.size());
    for (const answer& a : all) out.push_back(number(a));
    return out;
  }

  [[nodiscard]] const std::vector<answer>& answers() const& noexcept { return answers_; }
  [[nodiscard]] std::vector<answer> answers() && noexcept { return std::move(answers_); }

 private:
  std::unordered_map<std::string, std::uint32_t> known_;  // looked up, never iterated
  std::vector<answer> answers_;
};

}  // namespace smplist
