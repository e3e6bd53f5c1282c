// SPDX-License-Identifier: MIT
/// \file analysis/change.hpp
/// Floor 8. What kind of change it is from one answer to another.
#pragma once

#include <smplist/analysis/answer.hpp>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace smplist {

/// What a change is, the gravest first: of all that are true of a change, the first one names it. Closed.
///
/// `reachability`: one of both answers reaches nothing. `exhausted`: what is done when nothing answers; it depends on the
/// service alone [S-66], so no policy changes it today. `list`: the list that is asked first, or nothing but names.
/// `first`: the source that is asked first, its route, or whether it is drawn. `fallback`: the lists behind the first one.
/// `redundancy`: how many endpoints are asked. `sources`: as many, but others or by other routes. `order`: the same ones in
/// another order, drawn or not, or from another list.
enum class change : std::uint8_t { reachability, exhausted, list, first, fallback, redundancy, sources, order };

template <>
struct detail::words<change> {
  static constexpr std::string_view table[] = {"reachability", "exhausted",  "list",    "first",
                                               "fallback",     "redundancy", "sources", "order"};
};

/// Better or worse for the clients: can they ask more endpoints than before, as many, fewer, or none at all any more?
enum class change_trend : std::uint8_t { lost, less, same, more };

template <>
struct detail::words<change_trend> {
  static constexpr std::string_view table[] = {"lost", "less", "same", "more"};
};

/// From one answer to another of the same service and location.
struct answer_change {
  std::vector<change> all = {};  // that are true, ascending; empty if the answers are equal
  change_trend trend = change_trend::same;
  bool renamed = false;  // nothing but names of lists and sources: the same endpoints by the same routes, in the same order

  [[nodiscard]] bool none() const noexcept { return all.empty(); }
  /// The one that names it; not to be asked if there is none.
  [[nodiscard]] change kind() const noexcept { return all.front(); }

  friend bool operator==(const answer_change& a, const answer_change& b) noexcept {
    return a.all == b.all && a.trend == b.trend && a.renamed == b.renamed;
  }
};

namespace detail {

/// An answer taken apart for comparing: names here, endpoints with their routes there.
class answer_view {
 public:
  explicit answer_view(const answer& a) : answer_(&a), attempts_(a.attempts()), firsts_(routes_of(a.firsts())) {
    for (const attempt& step : attempts_) endpoints_.insert(step.identity);
    std::sort(firsts_.begin(), firsts_.end());
    all_ = routes_of(attempts_);
    std::sort(all_.begin(), all_.end());
  }

  using route_key = std::tuple<std::string, std::string, std::vector<family>>;  // identity, via, families

  [[nodiscard]] std::size_t endpoints() const noexcept { return endpoints_.size(); }
  [[nodiscard]] const std::vector<route_key>& firsts() const noexcept { return firsts_; }
  [[nodiscard]] const std::vector<route_key>& routes() const noexcept { return all_; }

  /// Where the first attempt comes from, or why there is none.
  [[nodiscard]] std::pair<outcome, std::string> origin() const {
    return {answer_->outcome, attempts_.empty() ? std::string() : attempts_.front().list};
  }

  /// What the stages behind the first are, and their lists.
  [[nodiscard]] std::vector<std::pair<stage, std::string>> fallbacks() const {
    std::vector<std::pair<stage, std::string>> out;
    for (std::size_t i = 1; i < answer_->stages.size(); ++i) {
      const attempt& step = answer_->stages[i].attempts.front();
      out.emplace_back(step.stage, step.list);
    }
    return out;
  }

  [[nodiscard]] std::vector<stage> stages() const {
    std::vector<stage> out;
    for (const answer_stage& s : answer_->stages) out.push_back(s.attempts.front().stage);
    return out;
  }

  /// Stage by stage whether it is drawn, and the routes in order.
  [[nodiscard]] std::vector<std::pair<bool, std::vector<route_key>>> sequence() const {
    std::vector<std::pair<bool, std::vector<route_key>>> out;
    for (const answer_stage& s : answer_->stages) out.emplace_back(s.random, routes_of(s.attempts));
    return out;
  }

 private:
  [[nodiscard]] static std::vector<route_key> routes_of(const std::vector<attempt>& from) {
    std::vector<route_key> out;
    out.reserve(from.size());
    for (const attempt& step : from) out.emplace_back(step.identity, step.via, step.families);
    return out;
  }

  const answer* answer_;
  std::vector<attempt> attempts_;
  std::set<std::string> endpoints_;
  std::vector<route_key> firsts_;
  std::vector<route_key> all_;
};

[[nodiscard]] inline change_trend trend_of(const answer_view& before, const answer_view& after) noexcept {
  if (after.endpoints() == before.endpoints()) return change_trend::same;
  if (after.endpoints() > before.endpoints()) return change_trend::more;
  return after.endpoints() == 0 ? change_trend::lost : change_trend::less;
}

}  // namespace detail

/// What changes from `before` to `after`. Not empty if they differ: one of the classes is true of every difference.
[[nodiscard]] inline answer_change compare(const answer& before, const answer& after) {
  answer_change out;
  if (before == after) return out;
  const detail::answer_view a(before);
  const detail::answer_view b(after);
  out.trend = detail::trend_of(a, b);
  const bool same_sequence = a.sequence() == b.sequence();
  out.renamed =
      before.exhausted == after.exhausted && before.outcome == after.outcome && a.stages() == b.stages() && same_sequence;
  const auto note = [&](change what, bool holds) {
    if (holds) out.all.push_back(what);
  };
  note(change::reachability, before.reaches_nothing() != after.reaches_nothing());
  note(change::exhausted, before.exhausted != after.exhausted);
  note(change::list, out.renamed || a.origin() != b.origin());
  note(change::first, a.firsts() != b.firsts());
  note(change::fallback, !out.renamed && a.fallbacks() != b.fallbacks());
  note(change::redundancy, a.endpoints() != b.endpoints());
  note(change::sources, a.endpoints() == b.endpoints() && a.routes() != b.routes());
  note(change::order, a.routes() == b.routes() && !same_sequence);
  return out;
}

}  // namespace smplist
