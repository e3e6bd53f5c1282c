// SPDX-License-Identifier: MIT
/// \file analysis/compare.hpp
/// Floor 8. Two policies, client by client: the same answers, or never worse ones; and two lists that share no address.
#pragma once

#include <smplist/analysis/orders.hpp>
#include <smplist/analysis/partition.hpp>
#include <smplist/detail/overload.hpp>
#include <smplist/range_set.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace smplist {

/// What a client is like that two policies are asked about: it has one address or is outside; it has one of each family; or it is
/// of another kind, with a stated stack, several addresses of a family, or none.
enum class joint_kind : std::uint8_t { single, pair, other };

template <>
struct detail::words<joint_kind> {
  static constexpr std::string_view table[] = {"single", "pair", "other"};
};

/// A client whose plans from two policies differ, or are worse. No simpler kind of client shows it.
struct difference {
  std::string why;
  joint_kind kind = joint_kind::single;
  client who;
  plan before;
  plan after;
};

/// What holds for all clients, or one that it does not hold for.
struct comparison {
  std::size_t classes = 0;  // pairs of classes, one of each policy, that were compared
  std::optional<difference> found = {};
};

namespace detail {

/// Clients that neither of two policies tells apart.
struct class_pair {
  client_class before;
  client_class after;
  client who;
};

/// Evidence of one kind for each thing that the criteria of two policies mention, and for what they do not.
///
/// Both criteria ask whether any piece of evidence is among their own, so one piece at a time shows every difference.
[[nodiscard]] inline std::vector<client> with_evidence(const policy& a, const policy& b) {
  std::vector<client> out;
  const auto use = [&](const gateway& g) { out.push_back({{}, {}, {}, {g}}); };
  const auto reach = [&](const reference_server& s) {
    for (const std::uint16_t port : s.ports) out.push_back({{}, {}, {}, {}, {host_port{s.host, port}}});
  };
  for (const policy* p : {&a, &b}) {
    std::visit(overload{[&](const gateway_criterion& c) {
                          for (const gateway& g : c.gateways) {
                            use(g);
                            use({g.address});
                            use({g.address, *mac_address::try_parse("fe:ff:ff:ff:ff:fe")});
                          }
                        },
                        [&](const connection_criterion& c) {
                          if (c.management_server) reach(*c.management_server);
                          for (const reference_server& s : c.reference_servers) reach(s);
                        }},
               p->content().criterion);
  }
  return out;
}

/// Every joint class of two partitions: `each(class_pair, kind) -> bool`, false to stop.
///
/// Of the addresses of a client only two can count: the one whose list wins by the first policy, and the one by the second. If one
/// wins by both, the client is like one that has that address alone. So beside single addresses only pairs count that cross: one
/// wins by one policy, the other by the other.
template <class Each>
class joint_fold {
 public:
  joint_fold(const partition& before, const partition& after, Each each)
      : before_(&before), after_(&after), each_(std::move(each)) {}

  /// \returns the number of joint classes that were seen
  std::size_t run() {
    places_.push_back({location::internal, location::internal, client{{}, {}, location::internal}});
    add_evidence();
    const bool all = outside() && singles(family::ipv4) && singles(family::ipv6) && pairs() && stated();
    static_cast<void>(all);
    return seen_;
  }

 private:
  /// Where a client is by either policy, and what makes it so.
  struct place {
    location before;
    location after;
    client evidence;
  };
  /// Addresses of one kind for which both policies choose the same as for their first.
  struct column {
    std::uint32_t before = no_list;
    std::uint32_t after = no_list;
    std::optional<address> first = {};
    bool usable = false;
  };

  [[nodiscard]] std::uint32_t rank_before(const column& x) const noexcept { return before_->rank_of(x.before); }
  [[nodiscard]] std::uint32_t rank_after(const column& x) const noexcept { return after_->rank_of(x.after); }

  /// Where the criteria disagree, a client is inside by one and outside by the other; one of each suffices.
  void add_evidence() {
    const auto judged = [](const partition& cut, const client& who) {
      const auto found = std::visit([&](const auto& c) { return c.judge(who); }, cut.policy().content().criterion).found;
      return found == evidence::matches ? location::internal : location::external;
    };
    if (before_->policy().content().criterion == after_->policy().content().criterion) return;
    for (client& who : with_evidence(before_->policy(), after_->policy())) {
      const location a = judged(*before_, who);
      const location b = judged(*after_, who);
      const auto known = [&](const place& p) { return p.before == a && p.after == b; };
      if (a != b && std::none_of(places_.begin(), places_.end(), known)) places_.push_back({a, b, std::move(who)});
    }
  }

  /// A client with the addresses of two columns, of which the first policy follows `x`, and the second `y`.
  [[nodiscard]] bool visit(const column& x, const column& y, std::vector<client_address> addresses, joint_kind kind,
                           std::optional<family_set> stack = {}) {
    for (const place& where : places_) {
      client who = where.evidence;
      who.addresses = addresses;
      who.stack = stack;
      ++seen_;
      const client_class a{where.before, who.families(), x.before};
      const client_class b{where.after, who.families(), y.after};
      if (!each_(class_pair{a, b, std::move(who)}, kind)) return false;
    }
    return true;
  }

  [[nodiscard]] bool outside() {
    const address ipv4 = address::from_ipv4(0xC0000201U);             // 192.0.2.1
    const address ipv6 = address::from_ipv6(0x20010DB8FFFFFFFFU, 1);  // 2001:db8:ffff:ffff::1
    const std::vector<std::vector<client_address>> all = {{ipv4}, {ipv6}, {ipv4, ipv6}, {address::from_ipv4(0x7F000001U)}};
    return std::all_of(all.begin(), all.end(), [&](const auto& addresses) {
      client who{{}, addresses, location::external};
      const client_class there{location::external, who.families()};
      ++seen_;
      return each_(class_pair{there, there, std::move(who)}, joint_kind::single);
    });
  }

  /// Walks the pieces of both partitions side by side; each pair of lists is visited once.
  [[nodiscard]] bool singles(family f) {
    std::set<std::pair<std::uint32_t, std::uint32_t>> known[2];
    auto b = after_->pieces(f).begin();
    for (const address_piece& a : before_->pieces(f)) {
      for (;; ++b) {
        const address first = std::max(a.first, b->first);
        if (known[a.usable ? 1 : 0].emplace(a.list, b->list).second) {
          columns_.push_back({a.list, b->list, first, a.usable});
          if (!visit(columns_.back(), columns_.back(), {first}, joint_kind::single)) return false;
        }
        if (a.last <= b->last) break;
      }
      if (a.last == b->last) ++b;
    }
    return true;
  }

  /// Does one win by the first policy, and the other by the second?
  [[nodiscard]] bool cross(const column& x, const column& y) const noexcept {
    return rank_before(x) < rank_before(y) && rank_after(y) < rank_after(x);
  }

  /// Clients with one address of each family.
  [[nodiscard]] bool pairs() {
    std::vector<std::size_t> of[2];
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i].usable) of[columns_[i].first->is_ipv4() ? 0 : 1].push_back(i);
    }
    std::vector<const column*> beaten(columns_.size(), nullptr);  // one that each wins over, by both policies
    for (const std::size_t i : of[0]) {
      for (const std::size_t j : of[1]) {
        const column& x = columns_[i];
        const column& y = columns_[j];
        const bool crossing = cross(x, y);
        if (!crossing && !cross(y, x)) {
          const bool x_wins = rank_before(x) <= rank_before(y) && rank_after(x) <= rank_after(y);
          beaten[x_wins ? i : j] = &columns_[x_wins ? j : i];
        } else if (!visit(crossing ? x : y, crossing ? y : x, {*x.first, *y.first}, joint_kind::pair)) {
          return false;
        }
      }
    }
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const column& x = columns_[i];
      if (beaten[i] != nullptr && !visit(x, x, {*x.first, *beaten[i]->first}, joint_kind::pair)) return false;
    }
    return true;
  }

  /// All others: with stated stacks, with two addresses of one family, with unusable ones beside usable ones, without any.
  [[nodiscard]] bool stated() {
    columns_.push_back({});
    std::vector<std::pair<const column*, const column*>> crossing;
    for (const column& x : columns_) {
      for (const column& y : columns_) {
        if (cross(x, y)) crossing.emplace_back(&x, &y);
      }
    }
    const std::optional<family_set> stated_stacks[] = {
        {}, family_set(family::ipv4), family_set(family::ipv6), family_set::both()};
    for (const auto& stack : stated_stacks) {
      for (const column& x : columns_) {
        std::vector<client_address> own;
        if (x.first) own.emplace_back(*x.first);
        if (!visit(x, x, own, joint_kind::other, stack)) return false;
      }
      for (const auto& [x, y] : crossing) {  // both have addresses: having none wins over nobody
        if (!visit(*x, *y, {*x->first, *y->first}, joint_kind::other, stack)) return false;
      }
    }
    return true;
  }

  const partition* before_;
  const partition* after_;
  Each each_;
  std::vector<place> places_;
  std::vector<column> columns_;
  std::size_t seen_ = 0;
};

/// A plan as an answer in one order: that of its client.
[[nodiscard]] inline answer in_order(const plan& p) {
  answer out{p.service, p.location, p.outcome, p.exhausted, {}};
  if (!p.attempts.empty()) out.stages.push_back({false, p.attempts});
  for (answer_stage& s : out.stages) {
    for (attempt& a : s.attempts) a.notes.clear();
  }
  return out;
}

/// `worse(answer before, answer after)` says why, or nothing.
template <class Worse>
[[nodiscard]] comparison compare(const partition& before, const partition& after, Worse worse) {
  comparison out;
  std::map<std::pair<std::uint32_t, std::uint32_t>, bool> tried;
  const auto show = [&](client who, service what, std::string why, joint_kind kind) {
    for (std::size_t n = 0;; ++n) {  // a client whose own order shows it [S-21]
      out.found = difference{why, kind, who, evaluate(before.policy(), who, what, before.given()),
                             evaluate(after.policy(), who, what, after.given())};
      const std::string here = worse(in_order(out.found->before), in_order(out.found->after));
      if (!here.empty()) out.found->why = here;
      if (!here.empty() || n == 100000) return;
      who.id = trial_id(n);
    }
  };
  const auto goes_on = [&](const class_pair& j, joint_kind kind) {
    for (const service what : all_services) {
      const std::uint32_t a = before.answer_to(j.before, what);
      const std::uint32_t b = after.answer_to(j.after, what);
      if (!tried.emplace(std::pair(a, b), true).second) continue;
      std::string why = worse(before.answers()[a], after.answers()[b]);
      if (why.empty()) continue;
      show(j.who, what, std::move(why), kind);
      return false;
    }
    return true;
  };
  out.classes = joint_fold<decltype(goes_on)>(before, after, goes_on).run();
  return out;
}

/// The computers that an answer asks: one that is asked twice is one.
[[nodiscard]] inline std::size_t count_hosts(const answer& a) {
  std::set<std::string> hosts;
  for (const attempt& step : a.attempts()) {
    const std::size_t from = step.identity.find("://") + 3;
    hosts.insert(step.identity.substr(from, step.identity.rfind(':') - from));
  }
  return hosts.size();
}

/// Why an answer is worse than another; empty if it is not.
[[nodiscard]] inline std::string why_worse(const answer& before, const answer& after) {
  const std::vector<attempt> old_all = before.attempts();
  const std::vector<attempt> new_all = after.attempts();
  const auto network = [](const attempt& a) { return a.stage == stage::network; };
  if (!old_all.empty() && new_all.empty()) return "it reached a source, and reaches none now";
  const std::size_t old_hosts = count_hosts(before);
  const std::size_t new_hosts = count_hosts(after);
  if (new_hosts < old_hosts)
    return "it asked " + std::to_string(old_hosts) + " computers, and asks " + std::to_string(new_hosts) + " now";
  const auto every = [](const std::vector<attempt>& all, auto is) { return std::all_of(all.begin(), all.end(), is); };
  const std::vector<attempt> new_firsts = after.firsts();
  const std::vector<attempt> old_firsts = before.firsts();
  if (!old_all.empty() && every(old_all, is_https) && !every(new_all, is_https))
    return "all it asked was asked over HTTPS, and is not now";
  if (!old_all.empty() && every(old_firsts, is_https) && !every(new_firsts, is_https))
    return "it asked over HTTPS first, and does not now";
  const auto any = [](const std::vector<attempt>& all, auto is) { return std::any_of(all.begin(), all.end(), is); };
  if (!any(old_all, network) && any(new_all, network)) return "it never fell to the network, and does now";
  if (!any(old_firsts, network) && any(new_firsts, network) && !old_all.empty())
    return "it asked the network last, and asks it first now";
  return {};
}

}  // namespace detail

/// Does every client get the same answer from both policies, whatever its location, addresses and order?
[[nodiscard]] inline comparison equivalent(const partition& before, const partition& after) {
  return detail::compare(before, after, [&](const answer& a, const answer& b) {
    return a == b ? std::string() : std::string("the answers differ");
  });
}

/// Is no client worse off with `after`? For every client and service: who reached a source still does; no fewer different
/// computers are asked; if all attempts were over HTTPS all are, and if the first was the first is, whatever the order; the network
/// is not asked where it was not, and not first where it was not first.
[[nodiscard]] inline comparison refines(const partition& after, const partition& before) {
  return detail::compare(before, after, [](const answer& a, const answer& b) { return detail::why_worse(a, b); });
}

/// The addresses that two lists both hold. [S-07]
[[nodiscard]] inline range_set common_addresses(const source_list& a, const source_list& b) {
  return range_set(a.ranges) & range_set(b.ranges);
}

}  // namespace smplist
