// SPDX-License-Identifier: MIT
/// \file analysis/rules/overlapping_ranges.hpp
/// Floor 8. Lint rule `overlapping-ranges`.
#pragma once

#include <smplist/analysis/holdings.hpp>

#include <string>
#include <utility>
#include <vector>

namespace smplist::detail {

/// What a list holds and others decide, all regions of one list together.
class overlap_finding {
 public:
  overlap_finding(const policy& p, std::uint32_t list) : draft_(&p.content()), list_(list) {}

  void add(const winners& all, const lost_region& lost) {
    size_ = size_ + sized(lost.first, lost.last).size;
    out_.region_count += all.count(lost.first, lost.last);
    differ_ = differ_ || all.differ_from(list_, lost.first, lost.last);
    all.each(lost.first, lost.last, [&](address first, address last, std::uint32_t winner) {
      if (out_.regions.size() == finding::max_regions) return false;
      out_.regions.push_back(sized(first, last, draft_->lists[winner].name));
      return true;
    });
  }

  [[nodiscard]] bool empty() const noexcept { return out_.region_count == 0; }

  [[nodiscard]] finding take() {
    const source_list& list = draft_->lists[list_];
    std::vector<std::string> places;
    for (const finding_region& r : out_.regions) places.push_back(text_of(r.first, r.last) + " to " + in_quotes(r.list));
    out_.text = "the list " + in_quotes(list.name) + " holds " + counted(size_) +
                (size_.to_text() == "1" ? " that goes" : " that go") + " to other lists: " + some_of(places, out_.region_count);
    out_.pointer = pointer_to_list(list_);
    out_.list = list.name;
    out_.addresses = size_.to_text();
    out_.different_outcome = differ_;
    out_.example = out_.regions.front().first.to_text();
    if (!differ_) out_.fix = "nobody asks otherwise because of it: take the addresses out of one of the lists";
    return std::move(out_);
  }

 private:
  const policy_draft* draft_;
  std::uint32_t list_;
  finding out_;
  address_count size_;
  bool differ_ = false;
};

/// Addresses that two lists or more hold, exactly: one finding for each list that loses some. In total there are no more regions
/// than ends of ranges, however many lists hold an address. Lists that are shadowed whole are not reported once more. [S-44]
[[nodiscard]] inline std::vector<finding> check_overlapping_ranges(const partition& cut) {
  if (!cut.consults_lists()) return {};
  const deciding_ranges decide(cut);
  const asked_by_list asked(cut);
  std::vector<overlap_finding> by_list;
  for (std::uint32_t i = 0; i < cut.lists(); ++i) by_list.emplace_back(cut.policy(), i);
  for (const family f : {family::ipv4, family::ipv6}) {
    const winners all(cut, asked, f);
    const auto lost = lost_by_list(cut, f);
    for (std::uint32_t i = 0; i < cut.lists(); ++i) {
      if (!decide.has_any(i)) continue;
      for (const lost_region& region : lost[i]) by_list[i].add(all, region);
    }
  }
  std::vector<finding> found;
  for (overlap_finding& one : by_list) {
    if (!one.empty()) found.push_back(one.take());
  }
  return found;
}

}  // namespace smplist::detail
