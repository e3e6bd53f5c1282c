// SPDX-License-Identifier: MIT
/// \file format.hpp
/// Side room. Text for people: fmt formatters for the values, and the explanation of a plan. Needs fmt 9 or later.
#pragma once

#include <smplist/detail/u128.hpp>
#include <smplist/evaluate.hpp>
#include <smplist/range_set.hpp>

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace smplist::detail {

/// Values with a canonical text.
template <class T>
inline constexpr bool has_text =
    std::is_same_v<T, address> || std::is_same_v<T, address_range> || std::is_same_v<T, address_count> ||
    std::is_same_v<T, host> || std::is_same_v<T, host_port> || std::is_same_v<T, mac_address>;

template <class T, class = void>
struct has_words : std::false_type {};
template <class T>
struct has_words<T, std::void_t<decltype(words<T>::table)>> : std::true_type {};

}  // namespace smplist::detail

/// Every value with a canonical text formats as it, with the options of strings.
template <class T>
struct fmt::formatter<T, char, std::enable_if_t<smplist::detail::has_text<T>>> : fmt::formatter<std::string_view> {
  template <class Context>
  auto format(const T& value, Context& context) const {
    return fmt::formatter<std::string_view>::format(value.to_text(), context);
  }
};

/// Every enumerator formats as its word.
template <class T>
struct fmt::formatter<T, char, std::enable_if_t<smplist::detail::has_words<T>::value>> : fmt::formatter<std::string_view> {
  template <class Context>
  auto format(T value, Context& context) const {
    return fmt::formatter<std::string_view>::format(smplist::name(value), context);
  }
};

namespace smplist {

namespace detail {

/// Text of the user's that goes to a terminal: control characters become visible.
[[nodiscard]] inline std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_control(c)) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    else out += c;
  }
  return out;
}

/// Writes the explanation of a plan, line by line, in words that need no manual.
class explanation_writer {
 public:
  explanation_writer(const plan& p, const availability_map& known) : plan_(&p), known_(&known) {}

  [[nodiscard]] std::string run() {
    header();
    for (const trace_step& step : plan_->trace) {
      if (step.why != reason::as_written && step.why != reason::random_order) fact(step);
    }
    attempts();
    ignored();
    exhausted();
    scope();
    line("  policy        {}", plan_->revision);
    return std::move(out_);
  }

 private:
  template <class... Args>
  void line(fmt::format_string<Args...> form, Args&&... args) {
    out_ += fmt::format(form, std::forward<Args>(args)...);
    out_ += '\n';
  }

  void header() {
    std::vector<std::string> addresses;
    for (const address a : plan_->client_addresses) addresses.push_back(a.to_text());
    const std::string where = addresses.empty() ? "no address" : enumerate(addresses, 0);
    const std::string who = plan_->client_id.empty() ? where : printable(plan_->client_id) + " (" + where + ")";
    line("{}: {}", what(), who);
  }

  [[nodiscard]] std::string_view what() const {
    return plan_->service == service::file_reputation ? "File reputation" : "Web reputation";
  }

  [[nodiscard]] static std::string_view topic(reason why) {
    switch (clause(why)[2]) {
      case '0': return "address";
      case '3': return "location";
      case '5': return "families";
      default: break;
    }
    return why == reason::standard_list_as_fallback || why == reason::network_as_fallback ? "fallback" : "list";
  }

  void fact(const trace_step& step) {
    std::string text = printable(to_text(step));
    if (topic(step.why) == "location") text = fmt::format("{}: {}", plan_->location, text);
    line("  {:<13} {}  [{}]", topic(step.why), text, clause(step.why));
  }

  void attempts() {
    if (plan_->attempts.empty()) {
      line("  asks          nobody{}", plan_->stages.empty() ? ": no list applies" : ": no source of the lists can be reached");
    } else {
      line("  asks, in this order");
    }
    const attempt* next = first_available(*plan_, *known_);
    std::size_t number = 0;
    for (const planned_stage& stage_of : plan_->stages) {
      bool headed = false;
      for (const attempt& a : plan_->attempts) {
        if (a.stage != stage_of.stage) continue;
        if (!headed) stage_header(stage_of);
        headed = true;
        ++number;
        const auto found = known_->find(a.identity);
        const bool down = found != known_->end() && found->second == availability::down;
        const std::string_view mark = down ? "  (down)" : !known_->empty() && next == &a ? "  <- asked now" : "";
        line("    {:>2}. {}  {}{}", number, printable(a.source), a.url, mark);
        line("        {}{}", how(a), a.notes.empty() ? "" : "; its family is not stated, both are assumed");
      }
    }
    if (!known_->empty() && next == nullptr && !plan_->attempts.empty()) line("    none of them is up");
  }

  void stage_header(const planned_stage& s) {
    const std::string_view then = s.stage == plan_->attempts.front().stage ? "from" : "then, if none of these answers,";
    const std::string list = s.stage == stage::custom_list ? "the list " + printable(s.list)
                             : s.stage == stage::network   ? std::string("the network")
                                                           : std::string("the standard list");
    const std::string_view order_text = s.order == order::ordered ? "as written" : random_order_text();
    line("    {} {}, {}", then, list, order_text);
  }

  [[nodiscard]] std::string_view random_order_text() const {
    return plan_->client_id.empty() ? "in a random order, fixed by the client's address"
                                    : "in a random order, fixed by the client's id";
  }

  [[nodiscard]] static std::string how(const attempt& a) {
    const auto spoken_family = [](family f) { return f == family::ipv4 ? "IPv4" : "IPv6"; };
    if (a.via.empty()) return fmt::format("directly, over {}", spoken_family(a.families.front()));
    if (a.families.front() == a.families.back()) {
      return fmt::format("through the proxy {}, over {}", a.via, spoken_family(a.families.front()));
    }
    return fmt::format("through the proxy {}, which converts {} to {}", a.via, spoken_family(a.families.front()),
                       spoken_family(a.families.back()));
  }

  void ignored() {
    if (plan_->ignored.empty()) return;
    line("  leaves out");
    for (const ignored_source& i : plan_->ignored) {
      line("    {} of {}: {}  [{}]", printable(i.source), printable(i.list), sentence(i.reason), clause(i.reason));
    }
  }

  void exhausted() {
    line("  if no answer  {}  [S-66]", plan_->exhausted == exhausted_action::allow_and_rescan
                                           ? "the file is flagged, allowed for now and scanned again on reconnect"
                                           : "only the client's local lists decide about the website");
  }

  void scope() {
    if (!plan_->scope) return;
    const auto range = address_range::try_make(plan_->scope->first, plan_->scope->last);
    line("  same answer   from {} to {} ({} address{}){}  [S-62]", plan_->scope->first, plan_->scope->last,
         grouped(range->size().to_text()), range->size() == address_count{0, {0, 1}} ? "" : "es",
         plan_->scope->order_varies ? "; only the random order varies" : "");
  }

  const plan* plan_;
  const availability_map* known_;
  std::string out_;
};

}  // namespace detail

/// The plan in words: location, lists, every attempt with its route, what is left out and why, and what happens in the end.
/// Endpoints that are known to be down are marked, and the attempt that is next.
[[nodiscard]] inline std::string explain(const plan& p, const availability_map& known = {}) {
  return detail::explanation_writer(p, known).run();
}

/// The plan in one line: `file_reputation internal custom_list: sps-hq > osce; ignored: sps-b (no_common_family)`.
[[nodiscard]] inline std::string oneline(const plan& p) {
  std::string out = fmt::format("{} {} {}", p.service, p.location, p.outcome);
  std::string_view before = ": ";
  for (const attempt& a : p.attempts) {
    out += fmt::format("{}{}{}", before, detail::printable(a.source), a.via.empty() ? "" : " via " + a.via);
    before = " > ";
  }
  before = "; ignored: ";
  for (const ignored_source& i : p.ignored) {
    out += fmt::format("{}{} ({})", before, detail::printable(i.source), i.reason);
    before = ", ";
  }
  return out + fmt::format("; else {}", p.exhausted);
}

}  // namespace smplist
