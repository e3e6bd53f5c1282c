// SPDX-License-Identifier: MIT
/// \file analysis/audience.hpp
/// Floor 8. Who gets an answer: how many clients of which population, and where they are.
#pragma once

#include <smplist/analysis/partition.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace smplist {

/// Clients with one address each, or with one of either family. Link-local and loopback addresses belong to none: who has no other
/// reaches nothing, whatever a policy says. [S-50]
enum class population : std::uint8_t { ipv4, ipv6, dual };

template <>
struct detail::words<population> {
  static constexpr std::string_view table[] = {"ipv4", "ipv6", "dual"};
};

inline constexpr population all_populations[] = {population::ipv4, population::ipv6, population::dual};

/// The clients of a population that get one answer.
struct audience {
  smplist::service service = service::file_reputation;
  smplist::location location = location::internal;
  population who = population::ipv4;
  std::uint32_t answer = no_answer;
  address_count clients = {};               // addresses, or pairs of them
  std::vector<std::uint32_t> lists = {};    // that are chosen for them, `no_list` last; empty outside, where none is
  std::optional<answer_region> shown = {};  // the longest run of their addresses; none for pairs
};

namespace detail {

[[nodiscard]] constexpr std::optional<family> family_of(population who) noexcept {
  if (who == population::dual) return std::nullopt;
  return who == population::ipv4 ? family::ipv4 : family::ipv6;
}

[[nodiscard]] inline address_count count_of_population(const partition& cut, population who, std::uint32_t list) {
  const auto f = family_of(who);
  return f ? cut.count(*f, list) : cut.dual_count(list);
}

}  // namespace detail

/// The usable addresses of a family by the answer that a client with one of them gets; neighbours without a gap differ.
[[nodiscard]] inline std::vector<answer_region> usable_regions(const partition& cut, family f, service what, location where) {
  std::vector<answer_region> out;
  bool joined = false;
  for (const address_piece& q : cut.pieces(f)) {
    if (!q.usable) {
      joined = false;
      continue;
    }
    const std::uint32_t found = cut.answer_to(cut.class_of(q, where), what);
    if (joined && out.back().answer == found) out.back().last = q.last;
    else out.push_back({q.first, q.last, found});
    joined = true;
  }
  return out;
}

namespace detail {

/// Audiences of one service, place and population, in the order in which lists first get their answer.
class audience_fold {
 public:
  audience_fold(const partition& cut, service what, location where, population who)
      : cut_(&cut), what_(what), where_(where), who_(who), at_(cut.answers().size(), no_answer) {}

  [[nodiscard]] std::vector<audience> run() {
    for (std::uint32_t list = 0; list < cut_->lists(); ++list) add(list);
    add(no_list);
    show();
    return std::move(found_);
  }

 private:
  void add(std::uint32_t list) {
    const address_count clients = count_of_population(*cut_, who_, list);
    if (clients == address_count{}) return;
    const auto f = family_of(who_);
    const client_class of{where_, f ? family_set(*f) : family_set::both(), list};
    const std::uint32_t answer = cut_->answer_to(of, what_);
    if (at_[answer] == no_answer) {
      at_[answer] = static_cast<std::uint32_t>(found_.size());
      found_.push_back({what_, where_, who_, answer});
    }
    audience& one = found_[at_[answer]];
    one.clients = one.clients + clients;
    if (where_ == location::internal) one.lists.push_back(list);
  }

  void show() {
    const auto f = family_of(who_);
    if (!f) return;
    for (const answer_region& r : usable_regions(*cut_, *f, what_, where_)) {
      audience& one = found_[at_[r.answer]];
      if (!one.shown || one.shown->size() < r.size()) one.shown = r;
    }
  }

  const partition* cut_;
  service what_;
  location where_;
  population who_;
  std::vector<std::uint32_t> at_;  // by answer: its audience
  std::vector<audience> found_;
};

}  // namespace detail

/// Every audience of a policy: by service, internal before external, by population.
[[nodiscard]] inline std::vector<audience> audiences(const partition& cut) {
  std::vector<audience> all;
  for (const service what : all_services) {
    for (const location where : {location::internal, location::external}) {
      for (const population who : all_populations) {
        for (audience& one : detail::audience_fold(cut, what, where, who).run()) all.push_back(std::move(one));
      }
    }
  }
  return all;
}

}  // namespace smplist
