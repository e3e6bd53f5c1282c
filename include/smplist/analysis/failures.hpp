// SPDX-License-Identifier: MIT
/// \file analysis/failures.hpp
/// Floor 8. What can fail: a source, everything on a host, or a proxy; and which attempts that hits.
#pragma once

#include <smplist/plan.hpp>
#include <smplist/policy.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace smplist {

/// A source fails with both its endpoints, and so does whatever has the same endpoint; a host with every source on it; a proxy
/// with every attempt through it. A proxy is no source: that its host fails is said by naming the proxy.
enum class failure_kind : std::uint8_t { source, host, proxy };

template <>
struct detail::words<failure_kind> {
  static constexpr std::string_view table[] = {"source", "host", "proxy"};
};

/// One thing that can fail.
struct failure {
  failure_kind kind = failure_kind::source;
  std::string name;                  // of the source; the host; the proxy's `host:port`
  std::optional<service> only = {};  // of a source: one endpoint, not both

  /// As `read_failure` reads it.
  [[nodiscard]] std::string to_text() const {
    if (kind != failure_kind::source) return std::string(smplist::name(kind)) + ":" + name;
    return only ? name + "/" + std::string(smplist::name(*only)) : name;
  }

  friend bool operator==(const failure& a, const failure& b) noexcept {
    return a.kind == b.kind && a.name == b.name && a.only == b.only;
  }
  friend bool operator!=(const failure& a, const failure& b) noexcept { return !(a == b); }
  friend bool operator<(const failure& a, const failure& b) noexcept {
    return a.kind != b.kind ? a.kind < b.kind : a.name < b.name;
  }
};

/// Failures of a policy, taken together: the endpoints that are gone, and the proxies.
class failures {
 public:
  failures() = default;
  failures(const policy& p, const std::vector<failure>& all) {
    for (const failure& one : all) add(p, one);
  }

  [[nodiscard]] bool takes(service what, const std::string& identity) const {
    return endpoints_[static_cast<std::size_t>(what)].count(identity) != 0;
  }
  [[nodiscard]] bool takes_proxy(const std::string& via) const { return !via.empty() && proxies_.count(via) != 0; }
  [[nodiscard]] bool hits(service what, const attempt& a) const { return takes(what, a.identity) || takes_proxy(a.via); }

 private:
  void add(const policy& p, const failure& one) {
    if (one.kind == failure_kind::proxy) {
      proxies_.insert(one.name);
      return;
    }
    for (const source& s : p.content().sources) {
      if ((one.kind == failure_kind::source ? s.name : s.host.to_text()) != one.name) continue;
      for (const service what : all_services) {
        if (s.at(what) && (!one.only || *one.only == what)) endpoints_[static_cast<std::size_t>(what)].insert(s.identity(what));
      }
    }
  }

  std::array<std::set<std::string>, 2> endpoints_;  // by service: identities [S-14]
  std::set<std::string> proxies_;
};

namespace detail {

/// Every proxy of a policy, `host:port`.
[[nodiscard]] inline std::set<std::string> proxies_of(const policy& p) {
  std::set<std::string> all;
  const auto put = [&](const source_list& list) {
    if (list.proxy) all.insert(list.proxy->to_text());
  };
  for (const source_list& list : p.content().lists) put(list);
  put(p.content().standard);
  put(p.content().network);
  return all;
}

[[nodiscard]] inline std::set<std::string> hosts_of(const policy& p) {
  std::set<std::string> all;
  for (const source& s : p.content().sources) all.insert(s.host.to_text());
  return all;
}

[[nodiscard]] inline std::set<std::string> names_of(const policy& p) {
  std::set<std::string> all;
  for (const source& s : p.content().sources) all.insert(s.name);
  return all;
}

/// That a word names none of `known`: the one that was meant, or the first of them.
[[nodiscard]] inline problem nothing_called(const std::string& reason, std::string_view word,
                                            const std::set<std::string>& known) {
  const std::string near = closest(word, known);
  if (!near.empty()) return {errc::unknown_source, "", reason, "did you mean " + in_quotes(near) + "?"};
  std::string some;
  std::size_t shown = 0;
  for (const std::string& one : known) {
    if (++shown > 20) break;
    some += (some.empty() ? "" : ", ") + one;
  }
  if (known.size() > 20) some += " and " + std::to_string(known.size() - 20) + " more";
  return {errc::unknown_source, "", reason, known.empty() ? "it has none" : "it has " + some};
}

[[nodiscard]] inline result<failure, problem> read_source_failure(const policy& p, std::string_view text) {
  const std::size_t slash = text.rfind('/');  // no name of a source holds one
  const std::string_view name = text.substr(0, slash);
  failure found{failure_kind::source, std::string(name)};
  if (slash != std::string_view::npos) {
    found.only = from_word<service>(text.substr(slash + 1));
    if (!found.only) {
      return problem{errc::unknown_word, "", "no service is called " + in_quotes(text.substr(slash + 1)),
                     "write file_reputation or web_reputation"};
    }
  }
  if (p.find_source(name) != nullptr) return found;
  return nothing_called("the policy declares no source " + in_quotes(name), name, names_of(p));
}

}  // namespace detail

/// Reads `SOURCE`, `SOURCE/SERVICE`, `host:NAME` or `proxy:HOST:PORT`; the name of a declared source comes first.
/// \returns the failure, or a problem with the name that was likely meant
[[nodiscard]] inline result<failure, problem> read_failure(const policy& p, std::string_view text) {
  constexpr std::string_view host_mark = "host:";
  constexpr std::string_view proxy_mark = "proxy:";
  const bool is_source = p.find_source(text.substr(0, text.rfind('/'))) != nullptr;
  if (!is_source && text.substr(0, host_mark.size()) == host_mark) {
    const std::string_view word = text.substr(host_mark.size());
    const auto where = host::try_parse(word);
    const std::set<std::string> known = detail::hosts_of(p);
    if (where && known.count(where->to_text()) != 0) return failure{failure_kind::host, where->to_text()};
    return detail::nothing_called("the policy has no source on the host " + detail::in_quotes(word), word, known);
  }
  if (!is_source && text.substr(0, proxy_mark.size()) == proxy_mark) {
    const std::string_view word = text.substr(proxy_mark.size());
    const auto where = host_port::try_parse(word);
    const std::set<std::string> known = detail::proxies_of(p);
    if (where && known.count(where->to_text()) != 0) return failure{failure_kind::proxy, where->to_text()};
    return detail::nothing_called("the policy has no proxy " + detail::in_quotes(word), word, known);
  }
  return detail::read_source_failure(p, text);
}

/// The policy after failures: for every client the plan of `p` without the attempts that they hit, in the same order, and the
/// outcome that follows from those. Pure: `p` stays as it is.
///
/// Endpoints that are gone are no longer offered; a source without any leaves the lists but stays declared; a list loses
/// every source if its proxy is gone. Where that would leave nothing configured, which means the network [S-47], a list without
/// ranges keeps the policy configured. (Decision 0015)
[[nodiscard]] inline policy what_if(const policy& p, const failures& down);

namespace detail {

/// Keeps a draft configured whose lists have become empty. [S-47]
inline void keep_configured(policy_draft& draft, std::string dead_source) {
  if (draft.mode == list_mode::standard) {
    draft.mode = list_mode::custom;  // with the empty standard list for everybody: no custom list has a range
    draft.fallback_to_standard = true;
    draft.lists.clear();
  }
  source_list placeholder{"what-if"};
  const auto taken = [&](const source_list& list) { return list.name == placeholder.name; };
  for (int n = 2; std::any_of(draft.lists.begin(), draft.lists.end(), taken); ++n)
    placeholder.name = "what-if-" + std::to_string(n);
  placeholder.sources = {std::move(dead_source)};
  draft.lists.push_back(std::move(placeholder));
}

}  // namespace detail

inline policy what_if(const policy& p, const failures& down) {
  policy_draft draft = p.content();
  std::set<std::string> dead;  // sources without an endpoint that is left
  for (source& s : draft.sources) {
    const auto gone = [&](service what) { return !s.at(what) || down.takes(what, s.identity(what)); };
    const bool no_file = gone(service::file_reputation);
    const bool no_web = gone(service::web_reputation);
    if (no_file && no_web) {
      dead.insert(s.name);
      continue;
    }
    if (no_file) s.file_reputation.reset();
    if (no_web) s.web_reputation.reset();
  }
  std::string one_of_them;
  const auto thin_out = [&](source_list& list) {
    const bool cut_off = list.proxy && down.takes_proxy(list.proxy->to_text());
    const auto leaves = [&](const std::string& name) { return cut_off || dead.count(name) != 0; };
    if (!list.sources.empty()) one_of_them = list.sources.front();
    list.sources.erase(std::remove_if(list.sources.begin(), list.sources.end(), leaves), list.sources.end());
  };
  const bool configured = !draft.nothing_configured();
  thin_out(draft.network);
  thin_out(draft.standard);
  for (source_list& list : draft.lists) thin_out(list);
  if (configured && draft.nothing_configured()) detail::keep_configured(draft, std::move(one_of_them));
  auto made = policy::make(std::move(draft));
  return made ? *made : p;  // a part of a valid policy is valid
}

}  // namespace smplist
