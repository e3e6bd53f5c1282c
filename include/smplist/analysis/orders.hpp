// SPDX-License-Identifier: MIT
/// \file analysis/orders.hpp
/// Floor 8. The orders in which clients of one class may try their sources, and clients that do. [S-21]
#pragma once

#include <smplist/analysis/answer.hpp>
#include <smplist/evaluate.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace smplist {

/// The id of the n-th client that is tried when an order is looked for; any id would do.
[[nodiscard]] inline std::string trial_id(std::size_t n) { return "c-" + std::to_string(n); }

/// The random stages of an answer and what orders they can come in.
///
/// An endpoint has one rank for a client, whatever the stage. So endpoints that stand in two random stages stand in the same
/// order in both, and every choice of orders that agrees with this is some client's.
class possible_orders {
 public:
  using arrangement = std::vector<std::vector<std::size_t>>;  // by random stage: positions in its attempts

  /// \param most the number of orders above which they are not listed
  possible_orders(const answer& found, std::size_t most) {
    for (const answer_stage& s : found.stages) {
      if (!s.random) continue;
      stages_.emplace_back();
      for (const attempt& a : s.attempts) stages_.back().push_back(a.identity);
    }
    if (count_products(most)) list_all();
  }

  /// Every order, or none if there are more than were wanted; without a random stage there is one.
  [[nodiscard]] const std::vector<arrangement>& all() const noexcept { return all_; }
  /// How many there are at most: the product of the factorials, in decimal; `all().size()` is exact.
  [[nodiscard]] const std::string& at_most() const noexcept { return products_; }

  /// The order for a client with this id.
  [[nodiscard]] arrangement of(const std::string& id, std::uint64_t epoch = 0) const {
    arrangement out;
    for (const auto& identities : stages_) out.push_back(detail::arrange_at_random(identities, detail::fnv1a64(id), epoch));
    return out;
  }

  /// An id for each of `all()`; empty where none of the first `tries` ids has the order.
  [[nodiscard]] std::vector<std::string> ids(std::size_t tries = 2000000) const {
    std::map<arrangement, std::size_t> wanted;
    for (std::size_t i = 0; i < all_.size(); ++i) wanted.emplace(all_[i], i);
    std::vector<std::string> out(all_.size());
    for (std::size_t n = 0; n < tries && !wanted.empty(); ++n) {
      std::string id = trial_id(n);
      const auto found = wanted.find(of(id));
      if (found == wanted.end()) continue;
      out[found->second] = std::move(id);
      wanted.erase(found);
    }
    return out;
  }

 private:
  /// Lists may have thousands of sources, so the product stops growing at 2^128.
  /// \returns whether it is at most `most`
  [[nodiscard]] bool count_products(std::size_t most) {
    address_count product{0, {0, 1}};
    bool overflows = false;
    for (const auto& identities : stages_) {
      for (std::size_t k = 2; k <= identities.size() && !overflows; ++k) {
        product = product * k;
        overflows = product.top != 0;
      }
    }
    products_ = overflows ? "more than 10^38" : product.to_text();
    return !overflows && product.low <= detail::u128{0, most};
  }

  void list_all() {
    arrangement now;
    for (const auto& identities : stages_) now.push_back(detail::arrange_as_listed(identities.size()));
    for (bool more = true; more;) {
      if (agrees(now)) all_.push_back(now);
      more = false;
      for (auto& order : now) {
        more = std::next_permutation(order.begin(), order.end());
        if (more) break;
      }
    }
  }

  /// Is there one order of all endpoints of which each stage's is a part? Takes away, again and again, an endpoint that stands
  /// first wherever it still stands.
  [[nodiscard]] bool agrees(const arrangement& orders) const {
    std::vector<std::size_t> at(orders.size(), 0);
    const auto next = [&](std::size_t s) -> const std::string& { return stages_[s][orders[s][at[s]]]; };
    const auto behind = [&](const std::string& identity, std::size_t s) {
      for (std::size_t i = at[s] + 1; i < orders[s].size(); ++i) {
        if (stages_[s][orders[s][i]] == identity) return true;
      }
      return false;
    };
    for (;;) {
      std::optional<std::string> free;
      bool left = false;
      for (std::size_t s = 0; s < orders.size() && !free; ++s) {
        if (at[s] == orders[s].size()) continue;
        left = true;
        bool blocked = false;
        for (std::size_t t = 0; t < orders.size(); ++t) blocked = blocked || (at[t] < orders[t].size() && behind(next(s), t));
        if (!blocked) free = next(s);
      }
      if (!free) return !left;
      for (std::size_t s = 0; s < orders.size(); ++s) {
        if (at[s] < orders[s].size() && next(s) == *free) ++at[s];
      }
    }
  }

  std::vector<std::vector<std::string>> stages_;
  std::vector<arrangement> all_;
  std::string products_;
};

}  // namespace smplist
