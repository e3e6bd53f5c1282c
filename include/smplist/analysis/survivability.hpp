// SPDX-License-Identifier: MIT
/// \file analysis/survivability.hpp
/// Floor 8. How many failures leave clients with nothing, which ones, where that comes first, and which servers nobody would miss.
#pragma once

#include <smplist/analysis/audience.hpp>
#include <smplist/analysis/cut_sets.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace smplist {

/// Clients of one population for whom the same failures leave nothing.
struct survival_row {
  smplist::service service = service::file_reputation;
  smplist::location location = location::internal;
  population who = population::ipv4;
  std::uint32_t cuts = 0;                 // position in `survivability::cuts`
  std::optional<outcome> reached = {};    // why they reach nothing already; empty if they reach something
  address_count clients = {};             // addresses, or pairs of them
  std::vector<std::uint32_t> lists = {};  // that are chosen for them, ascending, `no_list` last; empty outside
  std::uint64_t runs = 0;                 // of neighbouring addresses; 0 for pairs
  std::vector<answer_region> shown = {};  // the first of the runs
};

/// Who forbids that a server goes: clients who would survive fewer failures without it.
struct objection {
  smplist::service service = service::file_reputation;
  smplist::location location = location::internal;
  population who = population::ipv4;
  std::optional<std::uint64_t> before = {};  // failures; empty: no number of them
  std::uint64_t after = 0;
  address_count clients = {};
  std::uint32_t list = no_list;             // one that is chosen for them
  std::optional<answer_region> shown = {};  // the longest run of their addresses; none for pairs
};

/// Can a declared source be switched off, it alone?
struct retirement {
  std::string source;
  bool asked = false;                          // somebody asks it, first or later
  std::optional<objection> forbidden_by = {};  // of those who would be left with least, the first
};

struct survivability_options {
  cut_by by = cut_by::any;
  std::uint64_t keep = ~std::uint64_t{0};  // a server may go if nobody falls below this number of failures
  std::size_t max_regions = 10;            // that a row shows
  std::size_t max_cuts = 64;               // that are listed of one answer
};

struct survivability {
  std::string revision;
  cut_by by = cut_by::any;
  std::vector<cut_sets> cuts;       // distinct
  std::vector<survival_row> rows;   // worst first
  std::vector<retirement> servers;  // in the order of the document
};

namespace detail {

class survivability_fold {
 public:
  survivability_fold(const partition& cut, const survivability_options& options) : cut_(&cut), options_(options) {}

  [[nodiscard]] survivability run() {
    result_.revision = cut_->policy().revision();
    result_.by = options_.by;
    cut_answers();
    audiences_ = audiences(*cut_);
    group();
    for (const service what : all_services) {
      for (const location where : {location::internal, location::external}) {
        for (const family f : {family::ipv4, family::ipv6}) show(what, where, f);
      }
    }
    sort_rows();
    retire();
    return std::move(result_);
  }

 private:
  void cut_answers() {
    const exposure_index of(cut_->policy());
    std::map<std::string, std::uint32_t> known;
    for (const answer& a : cut_->answers()) {
      exposures_.push_back(of.exposures(a));
      cut_sets found = find_cuts(exposures_.back(), options_.by, options_.max_cuts);
      std::string key = key_of(found);
      if (!found.complete()) key += key_of(exposures_.back());  // those not listed may differ
      const auto [at, fresh] = known.emplace(std::move(key), static_cast<std::uint32_t>(result_.cuts.size()));
      if (fresh) result_.cuts.push_back(std::move(found));
      cuts_of_.push_back(at->second);
    }
  }

  /// Of answers that reach nothing, why is part of what they are.
  [[nodiscard]] std::optional<outcome> reached(std::uint32_t answer) const {
    const smplist::answer& a = cut_->answers()[answer];
    if (!a.reaches_nothing()) return std::nullopt;
    return a.outcome;
  }

  using group_key = std::tuple<service, location, population, std::uint32_t, int>;
  [[nodiscard]] group_key key_for(service what, location where, population who, std::uint32_t answer) const {
    const auto why = reached(answer);
    return {what, where, who, cuts_of_[answer], why ? static_cast<int>(*why) : -1};
  }

  void group() {
    for (const audience& one : audiences_) {
      const auto [at, fresh] = rows_.emplace(key_for(one.service, one.location, one.who, one.answer), result_.rows.size());
      if (fresh) {
        result_.rows.push_back({one.service, one.location, one.who, cuts_of_[one.answer], reached(one.answer)});
      }
      survival_row& row = result_.rows[at->second];
      row.clients = row.clients + one.clients;
      row.lists.insert(row.lists.end(), one.lists.begin(), one.lists.end());
    }
    for (survival_row& row : result_.rows) std::sort(row.lists.begin(), row.lists.end());
  }

  /// Runs with one row, of which neighbours with different answers may be part.
  void show(service what, location where, family f) {
    const population who = f == family::ipv4 ? population::ipv4 : population::ipv6;
    std::vector<std::size_t> row_of(cut_->answers().size(), ~std::size_t{0});
    for (const audience& one : audiences_) {
      if (one.service == what && one.location == where && one.who == who)
        row_of[one.answer] = rows_.at(key_for(what, where, who, one.answer));
    }
    std::optional<std::pair<std::size_t, address>> open;  // the row of the last run, and its end
    for (const answer_region& r : usable_regions(*cut_, f, what, where)) {
      survival_row& row = result_.rows[row_of[r.answer]];
      const bool goes_on = open && open->first == row_of[r.answer] && open->second.next() == r.first;
      if (!goes_on) {
        ++row.runs;
        if (row.runs <= options_.max_regions) row.shown.push_back({r.first, r.last, r.answer});
      } else if (row.runs <= options_.max_regions) {
        row.shown.back().last = r.last;
      }
      open = std::pair(row_of[r.answer], r.last);
    }
  }

  /// Fewest failures first; then as found, the most clients first.
  void sort_rows() {
    const auto rank = [&](const survival_row& r) {
      const cut_sets& c = result_.cuts[r.cuts];
      return std::tuple(c.failures.value_or(~std::uint64_t{0}), r.location, r.service, r.who);
    };
    std::stable_sort(result_.rows.begin(), result_.rows.end(), [&](const survival_row& a, const survival_row& b) {
      return rank(a) != rank(b) ? rank(a) < rank(b) : b.clients < a.clients;
    });
  }

  void retire() {
    const auto& sources = cut_->policy().content().sources;
    for (const service what : all_services) {
      for (std::size_t i = 0; i < sources.size(); ++i) {
        if (sources[i].at(what)) places_[{what, sources[i].identity(what)}].push_back(i);
      }
    }
    for (const source& s : sources) result_.servers.push_back({s.name});
    for (const audience& one : audiences_) {
      const std::vector<exposure>& all = exposures_[one.answer];
      std::vector<std::string> tried;
      for (const exposure& gone : all) {
        if (std::find(tried.begin(), tried.end(), gone.identity) != tried.end()) continue;
        tried.push_back(gone.identity);
        object(one, all, gone.identity);
      }
    }
  }

  void object(const audience& one, const std::vector<exposure>& all, const std::string& identity) {
    std::vector<exposure> left;
    std::copy_if(all.begin(), all.end(), std::back_inserter(left), [&](const exposure& e) { return e.identity != identity; });
    const std::optional<std::uint64_t> before = result_.cuts[cuts_of_[one.answer]].failures;
    const std::optional<std::uint64_t> after = fewest_failures(left, options_.by);
    const bool forbids = after && *after < std::min(before.value_or(~std::uint64_t{0}), options_.keep);
    for (const std::size_t i : places_.at({one.service, identity})) {
      retirement& server = result_.servers[i];
      server.asked = true;
      if (!forbids || (server.forbidden_by && server.forbidden_by->after <= *after)) continue;
      server.forbidden_by = objection{
          one.service, one.location, one.who, before, *after, one.clients, one.lists.empty() ? no_list : one.lists.front(),
          one.shown};
    }
  }

  const partition* cut_;
  survivability_options options_;
  survivability result_;
  std::vector<std::vector<exposure>> exposures_;  // by answer
  std::vector<std::uint32_t> cuts_of_;            // by answer
  std::vector<audience> audiences_;
  std::map<group_key, std::size_t> rows_;
  std::map<std::pair<service, std::string>, std::vector<std::size_t>> places_;  // of an endpoint: the sources that have it
};

}  // namespace detail

/// How many failures each client survives. Exact: a plan has three stages at most, so three proxies at most, and the rest is counting.
/// O(pieces + answers x attempts^2).
[[nodiscard]] inline survivability find_survivability(const partition& cut, const survivability_options& options = {}) {
  return detail::survivability_fold(cut, options).run();
}

}  // namespace smplist
