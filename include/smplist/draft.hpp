// SPDX-License-Identifier: MIT
/// \file draft.hpp
/// Floor 5. A policy before it is checked: plain fields, as a document or a program fills them in.
#pragma once

#include <smplist/list.hpp>
#include <smplist/location.hpp>
#include <smplist/source.hpp>
#include <smplist/suppression.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace smplist {

/// A named set of defaults. [S-48]
enum class profile : std::uint8_t { officescan_10_6, vision_one };

template <>
struct detail::words<profile> {
  static constexpr std::string_view table[] = {"officescan-10.6", "vision-one"};
};

/// Which family a client with both prefers, or keeps to. [S-50]
enum class ip_preference : std::uint8_t { ipv4_first, ipv6_first, ipv4_only, ipv6_only };

template <>
struct detail::words<ip_preference> {
  static constexpr std::string_view table[] = {"ipv4_first", "ipv6_first", "ipv4_only", "ipv6_only"};
};

/// Do all internal clients use one list, or lists by address? [S-42] [S-43]
enum class list_mode : std::uint8_t { standard, custom };

template <>
struct detail::words<list_mode> {
  static constexpr std::string_view table[] = {"standard", "custom"};
};

/// Which of several matching lists wins. [S-44]
enum class overlap_rule : std::uint8_t { first, last, most_specific };

template <>
struct detail::words<overlap_rule> {
  static constexpr std::string_view table[] = {"first", "last", "most_specific"};
};

struct policy_draft {
  std::string title = {};
  smplist::profile profile = smplist::profile::officescan_10_6;
  smplist::ip_preference ip_preference = smplist::ip_preference::ipv4_first;
  bool allow_web_reputation_https = false;  // [S-13]
  bool file_reputation_falls_back = false;  // to the network [S-46]
  bool web_reputation_falls_back = false;   // to the network [S-46]
  location_criterion criterion = {};        // [S-30]
  std::vector<source> sources = {};         // [S-81]
  list_mode mode = list_mode::standard;
  bool web_reputation_to_servers = true;  // [S-41]
  source_list standard = {"standard"};    // its proxy is `internal.proxy` [S-23]
  bool fallback_to_standard = false;      // [S-43]
  overlap_rule on_overlap = overlap_rule::first;
  std::vector<source_list> lists = {};         // the custom lists
  source_list network = {"network"};           // its proxy is `network.proxy` [S-23]
  std::vector<suppression> suppressions = {};  // of lint findings

  /// An empty draft with the defaults of a profile. [S-48]
  [[nodiscard]] static policy_draft with_defaults(smplist::profile p) {
    policy_draft draft;
    draft.profile = p;
    draft.allow_web_reputation_https = p == smplist::profile::vision_one;
    draft.web_reputation_falls_back = p == smplist::profile::vision_one;
    return draft;
  }

  [[nodiscard]] bool falls_back_to_network(service s) const noexcept {
    return s == service::file_reputation ? file_reputation_falls_back : web_reputation_falls_back;
  }

  /// Is there no source at all in the lists that the mode uses? [S-47]
  [[nodiscard]] bool nothing_configured() const noexcept {
    if (mode == list_mode::standard) return standard.sources.empty();
    if (fallback_to_standard && !standard.sources.empty()) return false;
    return std::all_of(lists.begin(), lists.end(), [](const source_list& l) { return l.sources.empty(); });
  }
};

}  // namespace smplist
