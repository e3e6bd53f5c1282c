// SPDX-License-Identifier: MIT
/// \file analysis/lint.hpp
/// Floor 8. The lint rules: one file in rules/ and one row below for each.
#pragma once

#include <smplist/analysis/rules/cloud_only_ipv6.hpp>
#include <smplist/analysis/rules/family_unknown.hpp>
#include <smplist/analysis/rules/gateway_without_mac.hpp>
#include <smplist/analysis/rules/host_bits_boundary.hpp>
#include <smplist/analysis/rules/integrated_before_standalone.hpp>
#include <smplist/analysis/rules/integrated_in_random.hpp>
#include <smplist/analysis/rules/link_local.hpp>
#include <smplist/analysis/rules/list_empty_for_family.hpp>
#include <smplist/analysis/rules/list_empty_for_service.hpp>
#include <smplist/analysis/rules/literal_for_mixed_clients.hpp>
#include <smplist/analysis/rules/mapped_address.hpp>
#include <smplist/analysis/rules/no_fallback.hpp>
#include <smplist/analysis/rules/overlapping_ranges.hpp>
#include <smplist/analysis/rules/plain_http_file_reputation.hpp>
#include <smplist/analysis/rules/redundant_range.hpp>
#include <smplist/analysis/rules/same_host_twice.hpp>
#include <smplist/analysis/rules/shadowed_list.hpp>
#include <smplist/analysis/rules/shadowed_range.hpp>
#include <smplist/analysis/rules/single_point_of_failure.hpp>
#include <smplist/analysis/rules/sliver.hpp>
#include <smplist/analysis/rules/underscore_in_host.hpp>
#include <smplist/analysis/rules/unreachable_source.hpp>
#include <smplist/analysis/rules/unused_list.hpp>
#include <smplist/analysis/rules/unused_source.hpp>
#include <smplist/validate.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace smplist {

/// A rule is data first; the check is a plain function over the partition.
struct lint_rule {
  std::string_view code;
  smplist::severity severity;
  std::string_view sentence;                                  // what it finds
  std::string_view fix;                                       // what to do, unless a finding knows better
  std::vector<finding> (*check)(const partition&) = nullptr;  // null: it looks at more than the policy, and `lint` leaves it out
};

inline constexpr lint_rule lint_rules[] = {
    {"shadowed-list", severity::warning, "other lists win every address of a list, so nobody gets it",
     "move it before the lists that win, or remove it", &detail::check_shadowed_list},
    {"shadowed-range", severity::warning, "other lists win every address of a range, so it decides nothing",
     "move its list before the lists that win, or remove the range", &detail::check_shadowed_range},
    {"overlapping-ranges", severity::note, "a list holds addresses that go to other lists",
     "take them out of one of the lists; if it is meant, suppress this with the reason", &detail::check_overlapping_ranges},
    {"redundant-range", severity::note, "other ranges of the same list hold all of a range", "remove it: no answer changes",
     &detail::check_redundant_range},
    {"host-bits-boundary", severity::warning, "a range is one address short of an aligned block", "write the whole block",
     &detail::check_host_bits_boundary},
    {"sliver", severity::warning, "a gap or an overlap of fewer than 16 addresses between neighbours", "let the ranges touch",
     &detail::check_sliver},
    {"unused-list", severity::warning, "a list is declared and never asked", "give it ranges, or remove it",
     &detail::check_unused_list},
    {"unused-source", severity::warning, "a source is declared and no list names it", "add it to a list, or remove it",
     &detail::check_unused_source},
    {"unreachable-source", severity::warning, "no client of a list can ask one of its sources",
     "correct the families or the proxy, or take the source out of the list", &detail::check_unreachable_source},
    {"list-empty-for-family", severity::warning, "a list gives its clients of one family nothing", "give the list sources",
     &detail::check_list_empty_for_family},
    {"list-empty-for-service", severity::warning, "a list gives its clients nothing for one service",
     "add a source that offers it", &detail::check_list_empty_for_service},
    {"cloud-only-ipv6", severity::warning, "external clients with IPv6 only reach nobody",
     "add a source that answers on IPv6 to the network, or a proxy that converts", &detail::check_cloud_only_ipv6},
    {"no-fallback", severity::warning, "nobody stands behind the custom lists", "set fallback_to_standard: true",
     &detail::check_no_fallback},
    {"single-point-of-failure", severity::note, "all that some clients can ask needs one source, host or proxy",
     "add a source on another host, or another way to it", &detail::check_single_point_of_failure},
    {"same-host-twice", severity::warning, "two sources of a list are one host, so neither is a spare for the other",
     "replace one of them by a source on another host", &detail::check_same_host_twice},
    {"integrated-before-standalone", severity::warning, "a list asks the integrated server before a standalone one",
     "put the standalone server first and the integrated one last, as a backup", &detail::check_integrated_before_standalone},
    {"integrated-in-random", severity::warning, "an integrated server takes its turn in a random order",
     "take it out, so that the fallback has it, or set order: ordered and put it last", &detail::check_integrated_in_random},
    {"literal-for-mixed-clients", severity::note, "a source given by address serves clients of both families",
     "write a host name that has both families, or give the other family a source", &detail::check_literal_for_mixed_clients},
    {"mapped-address", severity::note, "an IPv4 address is written the IPv4-mapped way, or hides in an IPv6 range",
     "write the IPv4 address itself", &detail::check_mapped_address},
    {"family-unknown", severity::note, "a source or proxy says not which families it has", "write its families",
     &detail::check_family_unknown},
    {"gateway-without-mac", severity::note, "a gateway that could be anybody's is known by its address alone",
     "add the MAC address, or expect guests of other networks to count as internal", &detail::check_gateway_without_mac},
    {"link-local", severity::warning, "a link-local or loopback address stands where no client can use it",
     "remove it, or write the address that is meant", &detail::check_link_local},
    {"plain-http-file-reputation", severity::note, "a source is asked for file reputation over HTTP",
     "set scheme: https and the port for it, unless bandwidth matters more", &detail::check_plain_http_file_reputation},
    {"underscore-in-host", severity::note, "a host name has an underscore, which not every part of a network accepts",
     "rename the host, or use its address", &detail::check_underscore_in_host},
    {"password-file-permissions", severity::warning, "the file of a proxy's password can be read by others than its owner",
     "chmod 600 the file"},
    {"expired-suppression", severity::note, "a suppression has expired and hides nothing any more",
     "mend what it hid, or give it another date"},
    {"unused-suppression", severity::note, "a suppression hides nothing", "remove it"},
};

/// The row of a code; null if there is no such rule.
[[nodiscard]] constexpr const lint_rule* find_rule(std::string_view code) noexcept {
  for (const lint_rule& rule : lint_rules) {
    if (rule.code == code) return &rule;
  }
  return nullptr;
}

namespace detail {

/// The code of the rule that a misspelt one likely means; empty if none is close.
[[nodiscard]] inline std::string closest_rule(std::string_view code) {
  std::vector<std::string_view> codes;
  for (const lint_rule& rule : lint_rules) codes.push_back(rule.code);
  return closest(code, codes);
}

/// Adds what stands in the rule's row.
[[nodiscard]] inline finding completed(const lint_rule& rule, finding one) {
  one.rule = rule.code;
  one.severity = rule.severity;
  if (one.fix.empty()) one.fix = rule.fix;
  return one;
}

}  // namespace detail

/// What every rule finds, rule by rule, each in the order of the document. O(n log n), n the number of ranges.
[[nodiscard]] inline std::vector<finding> lint(const partition& cut) {
  std::vector<finding> all;
  for (const lint_rule& rule : lint_rules) {
    if (rule.check == nullptr) continue;
    for (finding& one : rule.check(cut)) all.push_back(detail::completed(rule, std::move(one)));
  }
  return all;
}
[[nodiscard]] inline std::vector<finding> lint(const policy& p) { return lint(partition::make(p)); }

}  // namespace smplist
