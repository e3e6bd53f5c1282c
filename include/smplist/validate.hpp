// SPDX-License-Identifier: MIT
/// \file validate.hpp
/// Floor 5. What a draft can have wrong as a whole; all of it is found, not only the first.
#pragma once

#include <smplist/draft.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace smplist::detail {

/// A step of a JSON Pointer. (RFC 6901, 3)
[[nodiscard]] inline std::string pointer_step(std::string_view key) {
  std::string out = "/";
  for (const char c : key) {
    if (c == '~') out += "~0";
    else if (c == '/') out += "~1";
    else out += c;
  }
  return out;
}
[[nodiscard]] inline std::string pointer_step(std::size_t index) { return "/" + std::to_string(index); }

/// The closest of `candidates` to a misspelt `word`, if one is close: about a third of its letters may differ.
template <class Range>
[[nodiscard]] std::string closest(std::string_view word, const Range& candidates) {
  std::string best;
  std::size_t best_distance = word.size() / 3 + (word.size() < 4 ? 1 : 2);  // swapped letters count twice
  for (const auto& candidate_like : candidates) {
    const std::string_view candidate = candidate_like;
    if (candidate.size() > word.size() + best_distance || word.size() > candidate.size() + best_distance) continue;
    std::vector<std::size_t> row(candidate.size() + 1);
    for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= word.size(); ++i) {  // edit distance, a row at a time
      std::size_t diagonal = std::exchange(row[0], i);
      for (std::size_t j = 1; j < row.size(); ++j) {
        const std::size_t replaced = diagonal + (lower(word[i - 1]) == lower(candidate[j - 1]) ? 0 : 1);
        diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
      }
    }
    if (row.back() < best_distance) {
      best_distance = row.back();
      best = candidate;
    }
  }
  return best;
}

[[nodiscard]] inline std::string in_quotes(std::string_view text) { return "'" + std::string(text) + "'"; }

/// A name of a source or list, as the policy document allows it.
[[nodiscard]] inline bool is_good_name(std::string_view text, std::string_view forbidden) noexcept {
  if (text.empty() || text.size() > 255 || text.front() == ' ' || text.back() == ' ') return false;
  return std::none_of(text.begin(), text.end(),
                      [&](char c) { return is_control(c) || forbidden.find(c) != std::string_view::npos; });
}

/// Collects what is wrong with a draft.
class draft_check {
 public:
  explicit draft_check(const policy_draft& draft) : draft_(&draft) {}

  [[nodiscard]] problems run() {
    for (const source& s : draft_->sources) check_source(s);
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < draft_->lists.size(); ++i) {
      const source_list& list = draft_->lists[i];
      const std::string at = "/internal/custom/lists" + pointer_step(i);
      if (!is_good_name(list.name, "")) add(errc::bad_name, at + "/name", "not a name for a list: " + in_quotes(list.name));
      if (!names.insert(list.name).second)
        add(errc::duplicate_name, at + "/name", "two lists are called " + in_quotes(list.name));
      check_list(list, at, at + "/proxy");
    }
    check_list(draft_->standard, "/internal/standard", "/internal/proxy");
    check_list(draft_->network, "/network", "/network/proxy");
    if (const auto* c = std::get_if<connection_criterion>(&draft_->criterion)) check_servers(*c);
    return std::move(found_);
  }

 private:
  void add(errc code, std::string pointer, std::string reason, std::string what_to_do = {}) {
    if (what_to_do.empty()) what_to_do = advice(code);
    found_.push_back({code, std::move(pointer), std::move(reason), std::move(what_to_do)});
  }

  void check_any_family(const std::optional<family_set>& stated, const std::string& at) {
    if (stated && stated->empty()) add(errc::empty_text, at, "no family is stated", "write [ipv4], [ipv6], both, or nothing");
  }

  void check_families(const std::optional<family_set>& stated, const host& where, const std::string& at) {
    if (!stated) return;
    check_any_family(stated, at + "/families");
    if (where.literal() && !stated->empty() && *stated != where.literal()->family()) {
      add(errc::families_of_literal, at + "/families", in_quotes(where.to_text()) + " answers on its own family only");
    }
  }

  void check_source(const source& s) {
    const std::string at = "/sources" + pointer_step(s.name);
    if (!is_good_name(s.name, "/;")) add(errc::bad_name, at, "not a name for a source: " + in_quotes(s.name));
    if (!by_name_.emplace(s.name, &s).second) add(errc::duplicate_name, at, "two sources are called " + in_quotes(s.name));
    check_families(s.families, s.host, at);
    if (!s.file_reputation && !s.web_reputation) add(errc::no_service, at, in_quotes(s.name) + " offers no service");
    if (s.web_reputation && s.web_reputation->scheme == scheme::https && !draft_->allow_web_reputation_https) {
      add(errc::https_web_reputation, at + "/web_reputation/scheme", "clients send web reputation queries over HTTP");
    }
    for (const service what : all_services) {
      if (s.at(what) && s.at(what)->port == 0) {
        add(errc::port_out_of_range, at + "/" + std::string(name(what)) + "/port", "port 0 is no port");
      }
    }
  }

  void check_list(const source_list& list, const std::string& at, const std::string& proxy_at) {
    std::set<std::string_view> seen;
    std::map<std::pair<service, std::string>, std::string_view> endpoints;
    for (std::size_t i = 0; i < list.sources.size(); ++i) {
      const std::string_view wanted = list.sources[i];
      const std::string here = at + "/sources" + pointer_step(i);
      const auto declared = by_name_.find(wanted);
      if (declared == by_name_.end()) {
        add_unknown_source(wanted, here);
      } else if (!seen.insert(wanted).second) {
        add(errc::duplicate_source, here, in_quotes(wanted) + " stands twice in this list");
      } else {
        check_endpoints(*declared->second, endpoints, here);
      }
    }
    if (list.proxy) check_proxy(*list.proxy, proxy_at);
  }

  void add_unknown_source(std::string_view wanted, const std::string& at) {
    std::vector<std::string_view> names;
    if (by_name_.size() <= 1000) {  // suggestions must not make a broken file slow
      for (const auto& entry : by_name_) names.push_back(entry.first);
    }
    const std::string near = closest(wanted, names);
    add(errc::unknown_source, at, "nobody declared the source " + in_quotes(wanted),
        near.empty() ? "declare it under 'sources'" : "did you mean " + in_quotes(near) + "?");
  }

  void check_endpoints(const source& s, std::map<std::pair<service, std::string>, std::string_view>& endpoints,
                       const std::string& at) {
    for (const service what : all_services) {
      if (!s.at(what)) continue;
      const auto [other, fresh] = endpoints.emplace(std::pair(what, s.identity(what)), s.name);
      if (fresh) continue;
      add(errc::duplicate_endpoint, at,
          in_quotes(s.name) + " and " + in_quotes(other->second) + " are the same endpoint " + other->first.second);
      return;
    }
  }

  void check_proxy(const proxy& through, const std::string& at) {
    check_families(through.families, through.host, at);
    check_any_family(through.leaves_on, at + "/leaves_on");
    if (through.port == 0) add(errc::port_out_of_range, at + "/port", "port 0 is no port");
    if (through.password && !through.user) add(errc::password_without_user, at + "/password", "a password without a user");
    const std::string_view user = through.user ? std::string_view(*through.user) : std::string_view();
    if (std::any_of(user.begin(), user.end(), is_control)) add(errc::control_character, at + "/user", "a control character");
  }

  void check_servers(const connection_criterion& c) {
    if (c.reference_servers.size() > connection_criterion::max_reference_servers) {
      add(errc::too_many, "/location/reference_servers",
          std::to_string(c.reference_servers.size()) + " reference servers, at most 320 are allowed");
    }
    if (c.management_server) check_ports(*c.management_server, "/location/management_server");
    for (std::size_t i = 0; i < c.reference_servers.size(); ++i) {
      check_ports(c.reference_servers[i], "/location/reference_servers" + pointer_step(i));
    }
  }

  void check_ports(const reference_server& server, const std::string& at) {
    if (server.ports.empty()) add(errc::missing_port, at + "/ports", "no port is given", "write at least one port");
    for (std::size_t i = 0; i < server.ports.size(); ++i) {
      if (server.ports[i] == 0) add(errc::port_out_of_range, at + "/ports" + pointer_step(i), "port 0 is no port");
    }
  }

  const policy_draft* draft_;
  std::map<std::string_view, const source*> by_name_;
  problems found_;
};

}  // namespace smplist::detail
