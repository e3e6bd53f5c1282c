// SPDX-License-Identifier: MIT
// The partition against the plain engine, asked at every toy address.
#pragma once

#include "universe.hpp"

#include <map>
#include <string>

namespace universe {

/// Ascending, without a gap, neighbours different.
template <class Pieces, class Same>
bool tiles(const Pieces& pieces, family f, Same same) {
  bool good = pieces.front().first == address::lowest(f) && pieces.back().last == address::highest(f);
  for (std::size_t i = 1; i < pieces.size(); ++i)
    good = good && pieces[i - 1].last.next() == pieces[i].first && !same(pieces[i - 1], pieces[i]);
  return good;
}

inline std::string check_shape(const partition& cut) {
  for (const family f : {family::ipv4, family::ipv6}) {
    const auto same_list = [](const address_piece& a, const address_piece& b) {
      return a.list == b.list && a.usable == b.usable;
    };
    const auto same_range = [&](const address_piece& a, const address_piece& b) { return same_list(a, b) && a.range == b.range; };
    if (!tiles(cut.cells(f), f, same_range)) return "the cells do not tile";
    if (!tiles(cut.pieces(f), f, same_list)) return "the pieces do not tile";
    if (cut.cells(f).size() > 2 * cut.policy().ranges(f).size() + 1 + 4) return "too many cells";
    for (const service what : all_services) {
      for (const auto& stack : stacks) {
        const auto same_answer = [](const answer_region& a, const answer_region& b) { return a.answer == b.answer; };
        if (!tiles(cut.regions(f, what, location::internal, stack), f, same_answer)) return "the regions do not tile";
      }
    }
  }
  return {};
}

inline bool gives(const partition& cut, const client_class& of, const client& who, service what) {
  const std::uint32_t found = cut.answer_to(of, what);
  return found != no_answer && cut.answers()[found] == ask(cut.policy(), who, what);
}

/// A client with one address, whatever stack it states, inside and outside.
inline std::string check_single(const partition& cut, address a) {
  const address_piece& piece = cut.piece_of(a);
  if (a < piece.first || piece.last < a) return "the wrong piece for " + a.to_text();
  for (const service what : all_services) {
    for (const auto& stack : stacks) {
      for (const location where : {location::internal, location::external}) {
        if (!gives(cut, cut.class_of(piece, where, stack), at({a}, where, stack), what))
          return "another answer at " + a.to_text() + " for " + std::string(name(what));
      }
    }
  }
  return {};
}

inline std::string check_pair(const partition& cut, address a, address b) {
  const client who = at({a, b}, location::internal);
  const client_class of{location::internal, who.families(), cut.choose(cut.piece_of(a).list, cut.piece_of(b).list)};
  for (const service what : all_services) {
    if (!gives(cut, of, who, what)) return "another answer for " + a.to_text() + " with " + b.to_text();
  }
  return {};
}

inline std::string check_witnesses(const partition& cut) {
  for (const client_class& one : cut.classes()) {
    const auto who = cut.witness(one);
    if (!who || who->families() != one.stack) return "a witness of another class";
    for (const service what : all_services) {
      if (!gives(cut, one, *who, what)) return "a witness with another answer";
    }
  }
  return {};
}

/// Adds up what lists get over every pair of pieces.
inline std::string check_dual_counts(const partition& cut) {
  std::map<std::uint32_t, address_count> sums;
  for (const address_piece& a : cut.pieces(family::ipv4)) {
    for (const address_piece& b : cut.pieces(family::ipv6)) {
      if (!a.usable || !b.usable) continue;
      address_count& sum = sums[cut.choose(a.list, b.list)];
      sum = sum + b.size() * a.size().low.lo;
    }
  }
  bool good = cut.dual_count(no_list) == sums[no_list];
  for (std::uint32_t list = 0; list < cut.lists(); ++list) good = good && cut.dual_count(list) == sums[list];
  return good ? "" : "pairs are counted wrong";
}

/// A random policy; the first difference, or nothing.
inline std::string check_partition(generate::dice& d) {
  const partition cut = partition::make(policy::make(generate::draft(d)).value());
  static const std::vector<address> all[] = {addresses(family::ipv4), addresses(family::ipv6)};
  std::string wrong = check_shape(cut);
  for (const auto& of_family : all) {
    for (const address a : of_family) {
      if (wrong.empty()) wrong = check_single(cut, a);
    }
  }
  for (int n = 0; n < 100 && wrong.empty(); ++n) wrong = check_pair(cut, d.one_of(all[0]), d.one_of(all[1]));
  if (wrong.empty()) wrong = check_witnesses(cut);
  if (wrong.empty()) wrong = check_dual_counts(cut);
  return wrong.empty() ? wrong : wrong + "\n" + cut.policy().canonical();
}

}  // namespace universe
