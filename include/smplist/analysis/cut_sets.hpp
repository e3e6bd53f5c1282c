// SPDX-License-Identifier: MIT
/// \file analysis/cut_sets.hpp
/// Floor 8. The smallest sets of failures that hit every attempt of an answer.
#pragma once

#include <smplist/analysis/answer.hpp>
#include <smplist/analysis/failures.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace smplist {

/// What is taken to fail: one kind of thing, or any.
enum class cut_by : std::uint8_t { source, host, proxy, any };

template <>
struct detail::words<cut_by> {
  static constexpr std::string_view table[] = {"source", "host", "proxy", "any"};
};

/// The fewest failures that leave nothing of an answer, and every such set.
struct cut_sets {
  std::optional<std::uint64_t> failures = {};     // 0: nothing is reached already; empty: proxies alone never suffice
  std::uint64_t count = 0;                        // of the sets; 2^64 - 1 is that or more
  std::vector<std::vector<failure>> listed = {};  // the first of them, each in order

  [[nodiscard]] bool complete() const noexcept { return listed.size() == count; }

  friend bool operator==(const cut_sets& a, const cut_sets& b) noexcept {
    return a.failures == b.failures && a.count == b.count && a.listed == b.listed;
  }
  friend bool operator!=(const cut_sets& a, const cut_sets& b) noexcept { return !(a == b); }
};

namespace detail {

/// What an attempt dies of.
struct exposure {
  std::string identity;  // of the endpoint [S-14]
  std::string source;    // the first declared source that has it
  std::string host;
  std::string via;  // the proxy, or empty
};

/// Sources and hosts by endpoint.
class exposure_index {
 public:
  explicit exposure_index(const policy& p) {
    for (const service what : all_services) {
      for (const source& s : p.content().sources) {
        if (s.at(what)) known_[static_cast<std::size_t>(what)].emplace(s.identity(what), &s);
      }
    }
  }

  [[nodiscard]] std::vector<exposure> exposures(const answer& a) const {
    std::vector<exposure> out;
    for (const answer_stage& stage : a.stages) {
      for (const attempt& step : stage.attempts) {
        const source& s = *known_[static_cast<std::size_t>(a.service)].at(step.identity);
        out.push_back({step.identity, s.name, s.host.to_text(), step.via});
      }
    }
    return out;
  }

 private:
  std::unordered_map<std::string, const source*> known_[2];  // by service; looked up, never iterated
};

/// The sets of failures of one answer. A plan has three stages at most, each with one proxy or none, so what a set does about
/// proxies is one of eight choices at most; behind each, every host that is left needs exactly one failure.
class cut_finder {
 public:
  cut_finder(const std::vector<exposure>& all, cut_by by) : all_(&all), by_(by) {
    for (const exposure& e : all) {
      if (!e.via.empty() && std::find(proxies_.begin(), proxies_.end(), e.via) == proxies_.end()) proxies_.push_back(e.via);
      sources_on_[e.host].insert(e.source);
    }
    std::sort(proxies_.begin(), proxies_.end());
  }

  /// The fewest failures; empty if none suffice.
  [[nodiscard]] std::optional<std::uint64_t> fewest() const {
    std::optional<std::uint64_t> best;
    for (std::size_t mask = 0; mask < masks(); ++mask) {
      const auto size = size_of(mask);
      if (size && (!best || *size < *best)) best = size;
    }
    return best;
  }

  [[nodiscard]] cut_sets run(std::size_t max_listed) const {
    cut_sets out{fewest()};
    if (!out.failures) return out;
    for (std::size_t mask = 0; mask < masks(); ++mask) {
      if (size_of(mask) == out.failures) expand(mask, out, max_listed);
    }
    return out;
  }

 private:
  /// The sets of proxies to consider; no plan has more than three.
  [[nodiscard]] std::size_t masks() const noexcept {
    return by_ == cut_by::proxy || by_ == cut_by::any ? std::size_t{1} << proxies_.size() : 1;
  }
  [[nodiscard]] bool taken(std::size_t mask, const std::string& via) const {
    for (std::size_t i = 0; i < proxies_.size(); ++i) {
      if ((mask >> i & 1U) != 0 && proxies_[i] == via) return true;
    }
    return false;
  }
  /// What is left behind those proxies, by host or, if only sources fail, by source: its sources.
  [[nodiscard]] std::map<std::string, std::set<std::string>> left(std::size_t mask) const {
    std::map<std::string, std::set<std::string>> out;
    for (const exposure& e : *all_) {
      if (!taken(mask, e.via)) out[by_ == cut_by::source ? e.source : e.host].insert(e.source);
    }
    return out;
  }
  [[nodiscard]] std::optional<std::uint64_t> size_of(std::size_t mask) const {
    std::uint64_t size = left(mask).size();
    if (by_ == cut_by::proxy && size != 0) return std::nullopt;
    for (std::size_t i = 0; i < proxies_.size(); ++i) size += mask >> i & 1U;
    return size;
  }

  /// The failures of which each alone takes what is left of a host. One source on it, as far as the answer goes, is the host.
  [[nodiscard]] std::vector<failure> choices(const std::string& key, const std::set<std::string>& sources) const {
    if (by_ == cut_by::source) return {{failure_kind::source, key}};
    if (by_ == cut_by::host) return {{failure_kind::host, key}};
    if (sources.size() > 1) return {{failure_kind::host, key}};
    const failure only{failure_kind::source, *sources.begin()};
    if (sources_on_.at(key).size() == 1) return {only};
    return {only, {failure_kind::host, key}};
  }

  void expand(std::size_t mask, cut_sets& out, std::size_t max_listed) const {
    std::vector<std::vector<failure>> ways;
    for (const auto& [key, sources] : left(mask)) ways.push_back(choices(key, sources));
    std::uint64_t number = 1;
    for (const auto& way : ways) number = number > ~std::uint64_t{0} / way.size() ? ~std::uint64_t{0} : number * way.size();
    out.count = number > ~std::uint64_t{0} - out.count ? ~std::uint64_t{0} : out.count + number;
    for (std::uint64_t n = 0; n < number && out.listed.size() < max_listed; ++n) {
      std::vector<failure> set;
      std::uint64_t rest = n;
      for (const auto& way : ways) {
        set.push_back(way[static_cast<std::size_t>(rest % way.size())]);
        rest /= way.size();
      }
      for (std::size_t i = 0; i < proxies_.size(); ++i) {
        if ((mask >> i & 1U) != 0) set.push_back({failure_kind::proxy, proxies_[i]});
      }
      std::sort(set.begin(), set.end());
      out.listed.push_back(std::move(set));
    }
  }

  const std::vector<exposure>* all_;
  cut_by by_;
  std::vector<std::string> proxies_;                         // ascending
  std::map<std::string, std::set<std::string>> sources_on_;  // by host, of this answer
};

[[nodiscard]] inline std::optional<std::uint64_t> fewest_failures(const std::vector<exposure>& all, cut_by by) {
  return cut_finder(all, by).fewest();
}

[[nodiscard]] inline cut_sets find_cuts(const std::vector<exposure>& all, cut_by by, std::size_t max_listed) {
  return cut_finder(all, by).run(max_listed);
}

/// Texts that are equal for equal values only: no name holds a control character.
[[nodiscard]] inline std::string key_of(const cut_sets& c) {
  std::string out = c.failures ? std::to_string(*c.failures) : "-";
  out += '\n' + std::to_string(c.count);
  for (const auto& set : c.listed) {
    out += "\n\x01";
    for (const failure& f : set) ((out += name(f.kind)) += f.name) += '\n';
  }
  return out;
}
[[nodiscard]] inline std::string key_of(const std::vector<exposure>& all) {
  std::string out;
  for (const exposure& e : all) out += "\x02" + e.identity + '\n' + e.source + '\n' + e.host + '\n' + e.via + '\n';
  return out;
}

}  // namespace detail

}  // namespace smplist
