// SPDX-License-Identifier: MIT
/// \file analysis/asked.hpp
/// Floor 8. Would clients notice which of two lists they get? Whom they ask, in what order and through what, names of lists apart.
#pragma once

#include <smplist/analysis/partition.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace smplist::detail {

/// A text that is equal for two answers if clients ask the same sources in the same way. Lists and stages are not named: where
/// one ordered stage ends and the next begins is nothing that a client notices.
[[nodiscard]] inline std::string asks_of(const answer& a) {
  std::string out(name(a.service));
  for (const answer_stage& s : a.stages) {
    if (s.random) out += "\n\x01";
    for (const attempt& step : s.attempts) {
      for (const std::string* text : {&step.source, &step.url, &step.via}) (out += '\n') += *text;
      for (const family f : step.families) (out += '\n') += name(f);
    }
    if (s.random) out += "\n\x02";
  }
  return out;
}

/// The policy with one list that decides somewhere, so that it has clients: what they would get. Facts as in `cut`.
[[nodiscard]] inline partition alone(const partition& cut, std::uint32_t list) {
  const policy_draft& all = cut.policy().content();
  policy_draft one = policy_draft::with_defaults(all.profile);
  one.ip_preference = all.ip_preference;
  one.allow_web_reputation_https = all.allow_web_reputation_https;
  one.file_reputation_falls_back = all.file_reputation_falls_back;
  one.web_reputation_falls_back = all.web_reputation_falls_back;
  one.mode = all.mode;
  one.web_reputation_to_servers = all.web_reputation_to_servers;
  one.standard = all.standard;
  one.fallback_to_standard = all.fallback_to_standard;
  one.network = all.network;
  one.lists.push_back(all.lists[list]);
  one.lists[0].ranges = {address::lowest(family::ipv4)};
  if (one.lists[0].sources.empty()) {  // whether nothing is configured must not depend on the others [S-47]
    const auto other = std::find_if(all.lists.begin(), all.lists.end(), [](const source_list& l) { return !l.sources.empty(); });
    if (other != all.lists.end()) one.lists.push_back({other->name, {}, other->order, other->sources, {}});
  }
  std::vector<std::string> names = one.standard.sources;
  for (const source_list& l : one.lists) names.insert(names.end(), l.sources.begin(), l.sources.end());
  names.insert(names.end(), one.network.sources.begin(), one.network.sources.end());
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (const std::string& name : names) one.sources.push_back(*cut.policy().find_source(name));
  return partition::make(policy::make(std::move(one)).value(), cut.given());
}

/// What the clients of each list ask, as numbers to compare.
class asked_by_list {
 public:
  explicit asked_by_list(const partition& cut) : cut_(&cut) {
    const std::vector<std::uint32_t> asks = numbers_of(cut);
    for (std::uint32_t row = 0; row <= cut.lists(); ++row) {
      const std::uint32_t list = row == cut.lists() ? no_list : row;
      for (std::vector<std::uint32_t>* column : {&usable_[0], &usable_[1], &unusable_}) column->push_back(0);
      put(row, cut, list, asks);
    }
  }

  /// Equal numbers: whoever has an address of this kind asks the same, whether the one list or the other is chosen for it. The
  /// client may have an address of the other family besides; if this one is not usable, it may have any of either
  /// family besides, or nobody to ask whatever the list. [S-50]
  [[nodiscard]] std::uint32_t by(std::uint32_t list, family f, bool usable) const noexcept {
    const auto& rows = usable ? usable_[static_cast<std::size_t>(f)] : unusable_;
    return rows[list == no_list ? cut_->lists() : list];
  }

  /// Asks for the clients that a list would have if it decided anything: without them it has no numbers.
  void learn(std::uint32_t list) {
    const partition own = alone(*cut_, list);
    put(list, own, 0, numbers_of(own));
  }

 private:
  [[nodiscard]] std::vector<std::uint32_t> numbers_of(const partition& cut) {
    std::vector<std::uint32_t> out;
    for (const answer& a : cut.answers()) {
      out.push_back(known_.emplace(asks_of(a), static_cast<std::uint32_t>(known_.size())).first->second);
    }
    return out;
  }

  void put(std::size_t row, const partition& from, std::uint32_t list, const std::vector<std::uint32_t>& asks) {
    const auto number_of = [&](std::initializer_list<family_set> of_stacks) {
      std::vector<std::uint32_t> key;
      for (const family_set stack : of_stacks) {
        for (const service what : all_services) {
          const std::uint32_t found = from.answer_to({location::internal, stack, list}, what);
          key.push_back(found == no_answer ? no_answer : asks[found]);
        }
      }
      return rows_.emplace(std::move(key), static_cast<std::uint32_t>(rows_.size())).first->second;
    };
    for (const family f : {family::ipv4, family::ipv6}) {
      usable_[static_cast<std::size_t>(f)][row] = number_of({f, family_set::both()});
    }
    unusable_[row] = number_of({family::ipv4, family::ipv6, family_set::both()});
  }

  const partition* cut_;
  std::map<std::string, std::uint32_t> known_;  // what is asked
  std::map<std::vector<std::uint32_t>, std::uint32_t> rows_;
  std::array<std::vector<std::uint32_t>, 2> usable_;  // by family, list; the last one: no list
  std::vector<std::uint32_t> unusable_;
};

}  // namespace smplist::detail
