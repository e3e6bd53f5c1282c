// SPDX-License-Identifier: MIT
/// \file policy.hpp
/// Floor 5. A checked policy, ready to be asked.
#pragma once

#include <smplist/canonical.hpp>
#include <smplist/detail/cuts.hpp>
#include <smplist/detail/hash.hpp>
#include <smplist/validate.hpp>

#include <array>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace smplist {

/// An immutable policy; copies share it. Made from a draft in O(n log n), n the number of ranges.
class policy {
 public:
  /// Checks `draft`, resolves its defaults [S-12] [S-48] and indexes it.
  /// \returns the policy, or everything that is wrong, each with a JSON Pointer into the policy document
  [[nodiscard]] static result<policy, problems> make(policy_draft draft) {
    resolve_families(draft);
    problems wrong = detail::draft_check(draft).run();
    if (!wrong.empty()) return wrong;
    return policy(std::make_shared<const checked>(std::move(draft)));
  }

  // copies only: a policy that was moved from would be one that says nothing
  policy(const policy&) = default;
  policy& operator=(const policy&) = default;
  ~policy() = default;

  /// What the policy says, defaults resolved.
  [[nodiscard]] const policy_draft& content() const& noexcept { return checked_->draft; }
  [[nodiscard]] policy_draft content() && { return checked_->draft; }
  /// `sha256:` and 64 hexadecimal digits. [S-82]
  [[nodiscard]] const std::string& revision() const& noexcept { return checked_->revision; }
  [[nodiscard]] std::string revision() && { return checked_->revision; }
  /// The bytes that the revision is made of. [S-82]
  [[nodiscard]] std::string canonical() const { return detail::canonical_text(content()); }

  /// A declared source by name; null if there is none.
  [[nodiscard]] const source* find_source(std::string_view name) const {
    const auto found = checked_->by_name.find(name);
    return found == checked_->by_name.end() ? nullptr : found->second;
  }

  /// The ranges of the custom lists that hold `a`, each as list and range position.
  template <class Visit>
  void each_range_holding(address a, Visit&& visit) const {
    checked_->holding[slot(a.family())].each(a.bits(), visit);
  }

  /// The ranges of the custom lists in a family by ascending first end, each with list and range position.
  [[nodiscard]] const std::vector<detail::labelled_interval>& ranges(family f) const noexcept {
    return checked_->holding[slot(f)].sorted();
  }

  /// The addresses of a family, ascending, at which the matching lists or the winning range change, for a client
  /// with that address alone.
  [[nodiscard]] const std::vector<detail::u128>& cuts(family f) const noexcept { return checked_->cuts[slot(f)]; }

  friend bool operator==(const policy& a, const policy& b) noexcept { return a.revision() == b.revision(); }
  friend bool operator!=(const policy& a, const policy& b) noexcept { return !(a == b); }

 private:
  struct checked {
    explicit checked(policy_draft d) : draft(std::move(d)), revision("sha256:" + digest(detail::canonical_text(draft))) {
      for (const source& s : draft.sources) by_name.emplace(s.name, &s);
      index();
    }
    checked(const checked&) = delete;
    checked& operator=(const checked&) = delete;
    checked(checked&&) = delete;
    checked& operator=(checked&&) = delete;
    ~checked() = default;

    void index();

    policy_draft draft;
    std::string revision;
    std::unordered_map<std::string_view, const source*> by_name;  // looked up, never iterated
    std::array<detail::stabbing_index, 2> holding;                // by family
    std::array<std::vector<detail::u128>, 2> cuts;
  };

  explicit policy(std::shared_ptr<const checked> c) : checked_(std::move(c)) {}

  [[nodiscard]] static constexpr std::size_t slot(family f) noexcept { return static_cast<std::size_t>(f); }

  [[nodiscard]] static std::string digest(std::string_view bytes) {
    detail::sha256 hash;
    hash.update(bytes);
    return detail::hex(hash.finish());
  }

  /// An address answers on its family; a named `network` source of OfficeScan on IPv4; a proxy leaves on what it answers on. [S-12]
  /// [S-48] [S-52]
  static void resolve_families(policy_draft& draft) {
    const auto of_literal = [](std::optional<family_set>& families, const host& where) {
      if (!families && where.literal()) families = where.literal()->family();
    };
    for (source& s : draft.sources) {
      of_literal(s.families, s.host);
      const bool cloud = s.kind == source_kind::network && draft.profile == profile::officescan_10_6;
      if (!s.families && cloud) s.families = family::ipv4;
    }
    const auto of_proxy = [&](std::optional<proxy>& through) {
      if (!through) return;
      of_literal(through->families, through->host);
      if (through->leaves_on == through->families) through->leaves_on.reset();  // that is what it means not to state them
    };
    for (source_list& list : draft.lists) of_proxy(list.proxy);
    for (source_list* list : {&draft.standard, &draft.network}) of_proxy(list->proxy);
  }

  std::shared_ptr<const checked> checked_;
};

namespace detail {

/// Sorts the ranges of a policy so that of those that hold one address, the one that decides stands first. [S-44]
inline void sort_by_rule(std::vector<labelled_interval>& intervals, overlap_rule rule) {
  const auto as_written = [](const labelled_interval& a, const labelled_interval& b) {
    return a.group != b.group ? a.group < b.group : a.member < b.member;
  };
  switch (rule) {
    case overlap_rule::first: std::sort(intervals.begin(), intervals.end(), as_written); return;
    case overlap_rule::last:
      std::sort(intervals.begin(), intervals.end(), [](const labelled_interval& a, const labelled_interval& b) {
        return a.group != b.group ? b.group < a.group : a.member < b.member;
      });
      return;
    case overlap_rule::most_specific:
      std::sort(intervals.begin(), intervals.end(), [&](const labelled_interval& a, const labelled_interval& b) {
        const u128 a_length = a.last - a.first;
        const u128 b_length = b.last - b.first;
        return a_length != b_length ? a_length < b_length : as_written(a, b);
      });
      return;
  }
}

}  // namespace detail

inline void policy::checked::index() {
  for (const family f : {family::ipv4, family::ipv6}) {
    std::vector<detail::labelled_interval> intervals;
    for (std::size_t list = 0; list < draft.lists.size(); ++list) {
      const auto& ranges = draft.lists[list].ranges;
      for (std::size_t range = 0; range < ranges.size(); ++range) {
        if (ranges[range].family() != f) continue;
        intervals.push_back({ranges[range].first().bits(), ranges[range].last().bits(), static_cast<std::uint32_t>(list),
                             static_cast<std::uint32_t>(range)});
      }
    }
    detail::sort_by_rule(intervals, draft.on_overlap);
    cuts[slot(f)] = detail::cut_sweep::run(intervals, [](detail::u128 last) -> std::optional<detail::u128> {
      const auto next = address::from_bits(last).next();
      return next ? std::optional(next->bits()) : std::nullopt;
    });
    holding[slot(f)] = detail::stabbing_index(std::move(intervals));
  }
}

}  // namespace smplist
