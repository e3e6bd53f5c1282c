// SPDX-License-Identifier: MIT
/// \file analysis/space.hpp
/// Floor 8. A part of the space of clients: which classes it holds, a client of each, and how many there are.
#pragma once

#include <smplist/analysis/partition.hpp>
#include <smplist/range_set.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace smplist {

/// What a client has: one address, one of each family, or one that gives it no family at all. [S-50]
enum class stack_kind : std::uint8_t { ipv4, ipv6, dual, none };

template <>
struct detail::words<stack_kind> {
  static constexpr std::string_view table[] = {"ipv4", "ipv6", "dual", "none"};
};

/// Of a client with two addresses: must one of them be inside, as lists match [S-07], or both?
enum class address_match : std::uint8_t { any, all };

template <>
struct detail::words<address_match> {
  static constexpr std::string_view table[] = {"any", "all"};
};

/// Which clients: those with one usable IPv4 address, one usable IPv6 address, one of each, or one unusable address.
struct client_filter {
  std::optional<range_set> addresses = {};  // none: everywhere
  address_match match = address_match::any;
  std::vector<smplist::location> locations = {location::internal, location::external};
  std::vector<service> services = {all_services.begin(), all_services.end()};
  std::vector<stack_kind> stacks = {stack_kind::ipv4, stack_kind::ipv6, stack_kind::dual};
  std::string revision = {};  // empty: of any policy
};

/// Numbers of clients: of one address by family, and of pairs of addresses.
struct client_counts {
  address_count ipv4;
  address_count ipv6;
  address_count dual;

  friend bool operator==(const client_counts& a, const client_counts& b) noexcept {
    return a.ipv4 == b.ipv4 && a.ipv6 == b.ipv6 && a.dual == b.dual;
  }
  friend bool operator!=(const client_counts& a, const client_counts& b) noexcept { return !(a == b); }
};

namespace detail {

/// The addresses of a set by the list that is chosen for them: how many, and the first of each.
struct list_shares {
  explicit list_shares(std::size_t lists) : counts(lists + 1), firsts(lists + 1) {}

  std::vector<address_count> counts;  // by list; those without a list last
  std::vector<std::optional<address>> firsts;

  [[nodiscard]] bool empty() const noexcept {
    return std::none_of(firsts.begin(), firsts.end(), [](const auto& a) { return a.has_value(); });
  }
  [[nodiscard]] address_count total() const noexcept {
    address_count sum;
    for (const address_count& n : counts) sum = sum + n;
    return sum;
  }
};

/// Pairs of one IPv4 and one IPv6 address by the list that is chosen for them: how many, and a pair of each.
struct pair_shares {
  std::vector<address_count> counts;
  std::vector<std::optional<std::pair<address, address>>> shown;
};

/// The positions of lists, `lists()` for none, from the one that yields to all others to the one that yields to none. [S-44]
template <class Each>
void each_by_precedence(const partition& cut, Each&& each) {
  const std::size_t n = cut.lists();
  each(n);
  for (auto rank = static_cast<std::uint32_t>(n); rank-- > 0;) each(static_cast<std::size_t>(cut.list_at(rank)));
}

/// Over lists, not over pairs of pieces: a list is chosen with itself and with what yields to it.
[[nodiscard]] inline pair_shares pair_up(const partition& cut, const list_shares& ipv4, const list_shares& ipv6) {
  pair_shares out{std::vector<address_count>(cut.lists() + 1), {}};
  out.shown.resize(cut.lists() + 1);
  address_count below4;
  address_count below6;
  std::optional<address> weakest4;
  std::optional<address> weakest6;
  each_by_precedence(cut, [&](std::size_t list) {
    const auto& own4 = ipv4.firsts[list];
    const auto& own6 = ipv6.firsts[list];
    if (!weakest4) weakest4 = own4;
    if (!weakest6) weakest6 = own6;
    if (own4 && weakest6) out.shown[list] = std::pair(*own4, own6 ? *own6 : *weakest6);
    else if (own6 && weakest4) out.shown[list] = std::pair(*weakest4, *own6);
    const std::uint64_t count4 = ipv4.counts[list].low.lo;  // at most 2^32
    out.counts[list] = (ipv6.counts[list] + below6) * count4 + ipv6.counts[list] * below4.low.lo;
    below4 = below4 + ipv4.counts[list];
    below6 = below6 + ipv6.counts[list];
  });
  return out;
}

}  // namespace detail

/// The classes of the clients that a filter lets through. O(pieces + ranges of the filter).
class client_space {
 public:
  /// One class, with a client of it that the filter lets through.
  struct member {
    client_class who;
    stack_kind kind = stack_kind::ipv4;
    client witness;
    client_counts clients;
  };

  client_space(const partition& cut, client_filter filter) : cut_(&cut), filter_(std::move(filter)) {
    if (filter_.addresses) {
      for (const address_range& r : filter_.addresses->ranges()) ranges_[slot(r.family())].push_back(r);
    } else {
      for (const family f : {family::ipv4, family::ipv6}) ranges_[slot(f)] = {address_range::all(f)};
    }
    for (const stack_kind kind : {stack_kind::ipv4, stack_kind::ipv6, stack_kind::dual, stack_kind::none}) {
      if (holds(filter_.stacks, kind)) populate(kind);
    }
  }

  [[nodiscard]] const partition& cut() const noexcept { return *cut_; }
  [[nodiscard]] const client_filter& filter() const noexcept { return filter_; }
  /// By kind of client, then location, then list in the order of precedence.
  [[nodiscard]] const std::vector<member>& members() const noexcept { return members_; }
  /// All clients; who may be inside and outside is counted once.
  [[nodiscard]] const client_counts& clients() const noexcept { return clients_; }

  [[nodiscard]] bool may_be(location where) const noexcept { return holds(filter_.locations, where); }
  [[nodiscard]] bool may_be(stack_kind kind) const noexcept { return holds(filter_.stacks, kind); }

  /// The parts of pieces that lie inside, ascending: `each(piece cut to the filter)`.
  template <class Each>
  void each_piece(family f, Each&& each) const {
    auto range = ranges_[slot(f)].begin();
    for (address_piece q : cut_->pieces(f)) {
      const address_piece whole = q;
      while (range != ranges_[slot(f)].end() && range->first() <= whole.last) {
        q.first = std::max(whole.first, range->first());
        q.last = std::min(whole.last, range->last());
        if (q.first <= q.last) each(static_cast<const address_piece&>(q));
        if (whole.last < range->last()) break;  // it goes on in the next piece
        ++range;
      }
    }
  }

  /// The addresses of a family that lie inside, or of all, by list.
  [[nodiscard]] detail::list_shares shares(family f, bool usable = true) const {
    detail::list_shares out(cut_->lists());
    each_piece(f, [&](const address_piece& q) {
      if (q.usable != usable) return;
      const std::size_t list = q.list == no_list ? cut_->lists() : q.list;
      out.counts[list] = out.counts[list] + q.size();
      if (!out.firsts[list]) out.firsts[list] = q.first;
    });
    return out;
  }

  /// The sets of IPv4 and IPv6 addresses whose pairs the filter lets through: one product, or two that may overlap and what they share.
  struct products {
    std::vector<std::pair<detail::list_shares, detail::list_shares>> added;
    std::vector<std::pair<detail::list_shares, detail::list_shares>> counted_twice;
  };
  [[nodiscard]] products pairs() const {
    const detail::list_shares own4 = shares(family::ipv4);
    const detail::list_shares own6 = shares(family::ipv6);
    if (!filter_.addresses || filter_.match == address_match::all) return {{{own4, own6}}, {}};
    client_filter everywhere;
    everywhere.stacks = {};
    const client_space all(*cut_, std::move(everywhere));
    return {{{own4, all.shares(family::ipv6)}, {all.shares(family::ipv4), own6}}, {{own4, own6}}};
  }

 private:
  [[nodiscard]] static constexpr std::size_t slot(family f) noexcept { return static_cast<std::size_t>(f); }
  template <class T>
  [[nodiscard]] static bool holds(const std::vector<T>& all, T one) noexcept {
    return std::find(all.begin(), all.end(), one) != all.end();
  }

  void populate(stack_kind kind) {
    switch (kind) {
      case stack_kind::ipv4: return populate_singles(kind, family::ipv4, true, family::ipv4);
      case stack_kind::ipv6: return populate_singles(kind, family::ipv6, true, family::ipv6);
      case stack_kind::dual: return populate_pairs();
      case stack_kind::none:
        populate_singles(kind, family::ipv4, false, {});
        populate_singles(kind, family::ipv6, false, {});
        return;
    }
  }

  void populate_singles(stack_kind kind, family f, bool usable, family_set stack) {
    const detail::list_shares found = shares(f, usable);
    std::vector<std::optional<client>> shown;
    std::vector<client_counts> counts;
    for (std::size_t i = 0; i < found.counts.size(); ++i) {
      shown.emplace_back();
      if (found.firsts[i]) shown.back() = client{{}, {*found.firsts[i]}};
      counts.push_back({});
      (f == family::ipv4 ? counts.back().ipv4 : counts.back().ipv6) = found.counts[i];
    }
    add(kind, stack, shown, counts);
  }

  void populate_pairs() {
    std::vector<std::optional<client>> shown(cut_->lists() + 1);
    std::vector<client_counts> counts(cut_->lists() + 1);
    const products all = pairs();
    for (const auto& [ipv4, ipv6] : all.added) {
      const detail::pair_shares found = detail::pair_up(*cut_, ipv4, ipv6);
      for (std::size_t i = 0; i < shown.size(); ++i) {
        counts[i].dual = counts[i].dual + found.counts[i];
        if (!shown[i] && found.shown[i]) shown[i] = client{{}, {found.shown[i]->first, found.shown[i]->second}};
      }
    }
    for (const auto& [ipv4, ipv6] : all.counted_twice) {
      const detail::pair_shares found = detail::pair_up(*cut_, ipv4, ipv6);
      for (std::size_t i = 0; i < shown.size(); ++i) counts[i].dual = counts[i].dual - found.counts[i];
    }
    add(stack_kind::dual, family_set::both(), shown, counts);
  }

  /// Members of one kind from what each list has; outside, lists are of no account. [S-40]
  void add(stack_kind kind, family_set stack, const std::vector<std::optional<client>>& shown,
           const std::vector<client_counts>& counts) {
    const std::size_t before = members_.size();
    client_counts total;
    const std::optional<client>* first = nullptr;
    for (std::size_t i = 0; i < shown.size(); ++i) {
      if (!shown[i]) continue;
      if (first == nullptr) first = &shown[i];
      total = {total.ipv4 + counts[i].ipv4, total.ipv6 + counts[i].ipv6, total.dual + counts[i].dual};
      if (!may_be(location::internal)) continue;
      const std::uint32_t list = i == cut_->lists() ? no_list : static_cast<std::uint32_t>(i);
      members_.push_back({{location::internal, stack, list}, kind, *shown[i], counts[i]});
    }
    if (first != nullptr && may_be(location::external))
      members_.push_back({{location::external, stack, no_list}, kind, **first, total});
    for (std::size_t i = before; i < members_.size(); ++i) members_[i].witness.location = members_[i].who.location;
    clients_ = {clients_.ipv4 + total.ipv4, clients_.ipv6 + total.ipv6, clients_.dual + total.dual};
  }

  const partition* cut_;
  client_filter filter_;
  std::array<std::vector<address_range>, 2> ranges_;  // of the filter, by family
  std::vector<member> members_;
  client_counts clients_;
};

}  // namespace smplist
