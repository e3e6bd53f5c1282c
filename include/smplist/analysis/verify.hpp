// SPDX-License-Identifier: MIT
/// \file analysis/verify.hpp
/// Floor 8. Expectations proved over all clients, or refuted by a client that replays.
#pragma once

#include <smplist/analysis/expectation.hpp>
#include <smplist/analysis/orders.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace smplist {

/// What became of an expectation. `unproved` is a predicate's only: its classes could not all be tried.
enum class verdict : std::uint8_t { proved, refuted, unproved, error };

template <>
struct detail::words<verdict> {
  static constexpr std::string_view table[] = {"proved", "refuted", "unproved", "error"};
};

/// Neighbouring addresses whose clients, with that address alone, are concerned.
struct concerned_region {
  smplist::location location = location::internal;
  smplist::service service = service::file_reputation;
  address first;
  address last;

  [[nodiscard]] address_count size() const noexcept { return address_piece{first, last}.size(); }
};

/// Who is concerned: a client counts once, even if several services or both locations are.
struct concerned_clients {
  client_counts clients;
  std::vector<concerned_region> regions = {};  // the first of them
  std::size_t more_regions = 0;                // not listed
};

/// A client to replay: `evaluate(policy, who, service)` is `what`.
struct counterexample {
  client who;
  plan what;
};

struct proof {
  std::string name;
  std::uint32_t line = 0;
  smplist::verdict verdict = verdict::proved;
  std::string text = {};    // of an error or of what is unproved: why, and what to do
  std::size_t classes = 0;  // that were tried
  client_counts clients;    // in them
  std::vector<condition> broken = {};
  std::optional<counterexample> example = {};
  concerned_clients concerned = {};
};

namespace detail {

inline constexpr std::size_t max_regions = 1000;
inline constexpr std::size_t max_trials = 100000;

/// Gathers who is concerned, class by class.
class concern {
 public:
  explicit concern(const client_space& space)
      : space_(&space),
        lists_(space.cut().lists() + 1),
        hit_(4 * 2 * 2 * lists_, false),
        members_(space.members().size(), false) {}

  void add(std::size_t member, service what) {
    const client_space::member& m = space_->members()[member];
    members_[member] = true;
    const bool external = m.who.location == location::external;  // whatever the list
    const std::size_t list = m.who.list == no_list ? lists_ - 1 : m.who.list;
    for (std::size_t l = external ? 0 : list; l < (external ? lists_ : list + 1); ++l)
      hit_[row(m.kind, m.who.location, what) + l] = true;
  }

  [[nodiscard]] concerned_clients found() const {
    concerned_clients out;
    out.clients = count();
    for (const service what : all_services) {
      for (const location where : {location::internal, location::external}) {
        for (const family f : {family::ipv4, family::ipv6}) collect(out, what, where, f);
      }
    }
    return out;
  }

 private:
  [[nodiscard]] std::size_t row(stack_kind kind, location where, service what) const noexcept {
    const std::size_t at = (static_cast<std::size_t>(kind) * 2 + static_cast<std::size_t>(where)) * 2;
    return (at + static_cast<std::size_t>(what)) * lists_;
  }

  /// If clients of a kind are concerned outside, they all are; inside they are not counted again.
  [[nodiscard]] client_counts count() const {
    client_counts sum;
    std::array<bool, 4> outside = {};
    for (const location where : {location::external, location::internal}) {
      for (std::size_t i = 0; i < members_.size(); ++i) {
        const client_space::member& m = space_->members()[i];
        bool& all = outside[static_cast<std::size_t>(m.kind)];
        if (!members_[i] || m.who.location != where || (where == location::internal && all)) continue;
        sum = {sum.ipv4 + m.clients.ipv4, sum.ipv6 + m.clients.ipv6, sum.dual + m.clients.dual};
        if (where == location::external) all = true;
      }
    }
    return sum;
  }

  void collect(concerned_clients& out, service what, location where, family f) const {
    std::optional<concerned_region> open;
    const auto close = [&] {
      if (open && out.regions.size() < max_regions) out.regions.push_back(*open);
      else if (open) ++out.more_regions;
      open.reset();
    };
    space_->each_piece(f, [&](const address_piece& q) {
      const stack_kind kind = !q.usable ? stack_kind::none : f == family::ipv4 ? stack_kind::ipv4 : stack_kind::ipv6;
      if (!hit_[row(kind, where, what) + (q.list == no_list ? lists_ - 1 : q.list)]) return;
      if (open && open->last.next() != q.first) close();
      if (!open) open = concerned_region{where, what, q.first, q.last};
      open->last = q.last;
    });
    close();
  }

  const client_space* space_;
  std::size_t lists_;
  std::vector<bool> hit_;  // by kind, location, service, list; those without a list last
  std::vector<bool> members_;
};

/// Why an expectation can say nothing about a policy, with what to do; empty if it can.
[[nodiscard]] inline std::string misfit(const policy& p, const expectation& e) {
  if (!e.where.revision.empty() && e.where.revision != p.revision())
    return "it can never apply: it is about the revision " + e.where.revision + ", and the policy has " + p.revision() +
           "; verify that revision, or write the new one";
  std::vector<std::string_view> sources;
  for (const source& s : p.content().sources) sources.push_back(s.name);
  std::vector<std::string_view> lists = {p.content().standard.name, p.content().network.name};
  for (const source_list& l : p.content().lists) lists.push_back(l.name);
  for (const condition& c : e.conditions) {
    const bool of_sources = c.kind == condition_kind::first_source || c.kind == condition_kind::asks;
    if (!of_sources && c.kind != condition_kind::first_list) continue;
    const auto& known = of_sources ? sources : lists;
    for (const std::string& wanted : c.names) {
      if (std::find(known.begin(), known.end(), wanted) != known.end()) continue;
      const std::string near = closest(wanted, known);
      return "it can never apply: the policy has no " + std::string(of_sources ? "source " : "list ") + in_quotes(wanted) + "; " +
             (near.empty() ? "name one that it has" : "did you mean " + in_quotes(near) + "?");
    }
  }
  return {};
}

/// The same list by either address: over the pairs of a space, without walking them. [S-44]
class pair_check {
 public:
  explicit pair_check(const client_space& space) {
    const client_space::products all = space.pairs();
    for (const auto& [a, b] : all.added) {
      total_ = total_ + b.total() * a.total().low.lo;
      equal_ = equal_ + equal_pairs(a, b);
      if (!same_) same_ = find(a, b, true);
      if (!different_) different_ = find(a, b, false);
    }
    for (const auto& [a, b] : all.counted_twice) {
      total_ = total_ - b.total() * a.total().low.lo;
      equal_ = equal_ - equal_pairs(a, b);
    }
  }

  [[nodiscard]] bool empty() const noexcept { return !same_ && !different_; }
  [[nodiscard]] address_count total() const noexcept { return total_; }
  /// The pairs with one list, or those with two.
  [[nodiscard]] address_count count(bool same) const noexcept { return same ? equal_ : total_ - equal_; }
  [[nodiscard]] const std::optional<std::pair<address, address>>& shown(bool same) const noexcept {
    return same ? same_ : different_;
  }

 private:
  [[nodiscard]] static address_count equal_pairs(const list_shares& a, const list_shares& b) noexcept {
    address_count sum;
    for (std::size_t i = 0; i < a.counts.size(); ++i) sum = sum + b.counts[i] * a.counts[i].low.lo;
    return sum;
  }

  [[nodiscard]] static std::optional<std::pair<address, address>> find(const list_shares& a, const list_shares& b, bool same) {
    const auto any_but = [](const list_shares& of, std::size_t but) -> std::optional<address> {
      for (std::size_t i = 0; i < of.firsts.size(); ++i) {
        if (i != but && of.firsts[i]) return of.firsts[i];
      }
      return std::nullopt;
    };
    for (std::size_t i = 0; i < a.firsts.size(); ++i) {
      if (!a.firsts[i]) continue;
      const std::optional<address> other = same ? b.firsts[i] : any_but(b, i);
      if (other) return std::pair(*a.firsts[i], *other);
    }
    return std::nullopt;
  }

  address_count total_;
  address_count equal_;
  std::optional<std::pair<address, address>> same_;
  std::optional<std::pair<address, address>> different_;
};

/// One expectation on its way to a proof.
class verification {
 public:
  verification(const partition& cut, const expectation& e) : cut_(&cut), e_(&e), space_(cut, e.where) {}

  [[nodiscard]] proof run() {
    out_.name = e_->name;
    out_.line = e_->line;
    const auto is_pair = [](const condition& c) { return c.kind == condition_kind::same_list; };
    const bool pairs = std::any_of(e_->conditions.begin(), e_->conditions.end(), is_pair);
    std::string wrong = misfit(cut_->policy(), *e_);
    if (wrong.empty() && e_->conditions.empty()) wrong = "it says nothing; write 'always' or 'never'";
    if (wrong.empty() && pairs && !std::all_of(e_->conditions.begin(), e_->conditions.end(), is_pair))
      wrong = "same_list is about pairs of addresses and not about plans; give it an expectation of its own";
    if (wrong.empty() && (space_.members().empty() || e_->where.services.empty()))
      wrong = "it can never apply: no client is there; widen 'where'";
    if (!wrong.empty()) {
      out_.verdict = verdict::error;
      out_.text = std::move(wrong);
      return std::move(out_);
    }
    pairs ? check_pairs() : check_answers();
    return std::move(out_);
  }

 private:
  void check_answers() {
    out_.classes = space_.members().size();
    out_.clients = space_.clients();
    enum class known : std::uint8_t { not_yet, fits, fails };
    std::vector<known> of_answer(cut_->answers().size(), known::not_yet);
    concern who(space_);
    for (std::size_t i = 0; i < space_.members().size(); ++i) {
      for (const service what : e_->where.services) {
        const std::uint32_t at = cut_->answer_to(space_.members()[i].who, what);
        const answer& found = cut_->answers()[at];
        if (of_answer[at] == known::not_yet) {
          const bool fits =
              broken(cut_->policy(), e_->conditions, {found.firsts(), found.firsts(), found.attempts(), found.outcome}).empty();
          of_answer[at] = fits ? known::fits : known::fails;
        }
        if (of_answer[at] == known::fits) continue;
        who.add(i, what);
        if (out_.verdict == verdict::proved) refute(space_.members()[i].witness, what);
      }
    }
    if (out_.verdict == verdict::refuted) out_.concerned = who.found();
  }

  /// Shows a client; under a random order one whose order is to blame. [S-21]
  void refute(client who, service what) {
    out_.verdict = verdict::refuted;
    for (std::size_t n = 0;; ++n) {
      plan found = evaluate(cut_->policy(), who, what, cut_->given());
      asked_sources asked{{}, answer_of(found).firsts(), found.attempts, found.outcome};
      if (!found.attempts.empty()) asked.first.push_back(found.attempts.front());
      const std::vector<std::size_t> which = broken(cut_->policy(), e_->conditions, asked);
      for (const std::size_t i : which) out_.broken.push_back(e_->conditions[i]);
      out_.example = counterexample{who, std::move(found)};
      if (!which.empty() || n == max_trials) return;
      who.id = trial_id(n);
    }
  }

  void check_pairs() {
    const pair_check pairs(space_);
    const bool inside = space_.may_be(location::internal) && space_.may_be(stack_kind::dual);
    if (!inside || pairs.empty()) {
      out_.verdict = verdict::error;
      out_.text =
          "it can never apply: same_list is about internal clients with an address of each family, and none is there; widen "
          "'where'";
      return;
    }
    out_.clients.dual = pairs.total();
    for (const client_space::member& m : space_.members())
      out_.classes += m.kind == stack_kind::dual && m.who.location == location::internal ? 1U : 0U;
    for (const condition& c : e_->conditions) {
      const bool same_is_wrong = (c.when == polarity::always) != c.truth;
      const auto& shown = pairs.shown(same_is_wrong);
      if (!shown) continue;
      out_.broken.push_back(c);
      if (out_.example) continue;
      out_.verdict = verdict::refuted;
      const client who{{}, {shown->first, shown->second}, location::internal};
      const service what = e_->where.services.front();
      out_.example = counterexample{who, evaluate(cut_->policy(), who, what, cut_->given())};
      out_.concerned.clients.dual = pairs.count(same_is_wrong);
    }
  }

  const partition* cut_;
  const expectation* e_;
  client_space space_;
  proof out_;
};

}  // namespace detail

/// Proves an expectation over all clients of the policy, or shows one that it does not hold for. O(pieces + answers).
[[nodiscard]] inline proof verify(const partition& cut, const expectation& e) { return detail::verification(cut, e).run(); }

}  // namespace smplist
