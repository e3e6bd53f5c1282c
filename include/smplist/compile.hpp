// SPDX-License-Identifier: MIT
/// \file compile.hpp
/// Floor 7. A policy flattened into one run of bytes: the same answers, and nothing allocated to get them. [S-67]
#pragma once

#include <smplist/compile/builder.hpp>
#include <smplist/compile/check.hpp>
#include <smplist/compile/storage.hpp>
#include <smplist/compile/writer.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace smplist {

/// The first attempt of a client that has one address, as numbers: positions in the compiled policy's tables.
struct first_answer {
  static constexpr std::uint32_t none = detail::no_source;

  smplist::outcome outcome = smplist::outcome::no_list;
  std::uint32_t source = none;  // the first that is not down
  std::uint32_t list = none;    // custom lists as written, then the standard list, then the network

  friend bool operator==(const first_answer& a, const first_answer& b) noexcept {
    return a.outcome == b.outcome && a.source == b.source && a.list == b.list;
  }
};

/// How much of foreign bytes is believed.
enum class trust : std::uint8_t {
  nothing,   // every number is checked: hostile bytes are refused
  checksum,  // bytes that were damaged by accident are refused; who wrote them is believed
};

/// What a compiled policy is asked beside the address.
struct question {
  smplist::service service = smplist::service::file_reputation;
  smplist::location location = smplist::location::internal;
  std::uint64_t epoch = 0;                // [S-21]
  std::optional<std::uint64_t> key = {};  // of the client's id; without one, the address decides [S-21]
};

/// Immutable; copies share the bytes. Thread-safe: nothing in it changes.
class compiled_policy {
 public:
  /// Flattens `p` in O(n log n), n the number of ranges. `given.resolved` is compiled in [S-12]; the epoch is part of each question.
  [[nodiscard]] static compiled_policy make(const policy& p, const facts& given = {}) {
    return compiled_policy(detail::smpc_writer(p, given).run());
  }

  /// From bytes of `bytes()`, which are copied.
  /// \returns the policy, or `errc::not_compiled`, `errc::unsupported_version`, `errc::wrong_checksum` or `errc::corrupt`, with
  ///          the position of the bytes that are to blame
  [[nodiscard]] static result<compiled_policy> from_bytes(const std::byte* bytes, std::size_t size, trust how = trust::nothing) {
    return checked(detail::storage::copy(bytes, size), how);
  }
  /// From a file that `save` wrote: mapped read-only and shared between processes.
  /// \returns as `from_bytes`, and `errc::unreadable_file`
  [[nodiscard]] static result<compiled_policy> open(const std::string& path, trust how = trust::nothing) {
    auto mapped = detail::storage::map(path);
    if (!mapped) return error_at(errc::unreadable_file, 0, 0);
    return checked(std::move(mapped), how);
  }

  /// The whole of it, position-independent and the same on every machine.
  [[nodiscard]] const std::byte* data() const noexcept { return storage_->data(); }
  [[nodiscard]] std::size_t size() const noexcept { return storage_->size(); }

  /// Of the policy that was compiled. [S-82]
  [[nodiscard]] std::string_view revision() const noexcept { return flat_.revision(); }
  [[nodiscard]] const detail::flat_policy& tables() const noexcept { return flat_; }

  /// The class of an address: addresses of one class get the same plan from every question without an id. O(1).
  [[nodiscard]] std::uint32_t class_of(address a) const noexcept {
    return a.is_ipv4() ? ipv4_.find(a.ipv4_bits()) : ipv6_.find(a.bits());
  }
  [[nodiscard]] std::size_t classes() const noexcept { return flat_.classes(); }

  /// Calls `visit(name)` for every custom list that holds `a`, a list once for each of its ranges that does. O(log n + found).
  template <class Visit>
  void each_matching_list(address a, Visit&& visit) const {
    flat_.each_range_holding(a, [&](const detail::labelled_interval& held) { visit(flat_.list_name(held.group)); });
  }

  /// The plan of a client for a service, as a view. Allocates nothing. [S-60]
  [[nodiscard]] plan_view evaluate(const client& who, service what, scratch& room, std::uint64_t epoch = 0) const noexcept {
    const detail::located_client located = locate(who);
    const std::size_t chain = choose_chain(located, what);
    return plan_view(flat_, located, what, chain, detail::stack_number(who.families()), epoch, room.order_.data());
  }

  /// Who is asked first by a client that has this address alone.
  [[nodiscard]] first_answer first(address a, const question& q) const noexcept {
    return answer(class_of(a), a.family(), a.bits(), q);
  }
  /// What that client asks; empty if there is nobody. [S-14]
  [[nodiscard]] std::string_view first_url(address a, const question& q) const noexcept {
    const first_answer found = first(a, q);
    return found.source == first_answer::none ? std::string_view() : flat_.url(found.source, q.service);
  }

  /// What `class_of` asks for an IPv4 address. Lives as long as the compiled policy.
  [[nodiscard]] const detail::ipv4_index& ipv4_classes() const noexcept { return ipv4_; }
  [[nodiscard]] const detail::ipv6_index& ipv6_classes() const noexcept { return ipv6_; }

  /// Hands `take(i, class)` the classes of `n` IPv4 addresses; `address_of(i)` gives their 32 bits.
  template <class AddressOf, class Take>
  void each_class_ipv4(std::size_t n, AddressOf address_of, Take take) const noexcept {
    ipv4_.find_many(n, address_of, take);
  }
  /// The same for IPv6: `address_of(i)` gives 128 bits.
  template <class AddressOf, class Take>
  void each_class_ipv6(std::size_t n, AddressOf address_of, Take take) const noexcept {
    ipv6_.find_many(n, address_of, take);
  }

  /// The answer for a client with one address of a class; `bits` of the address are read for a random order without key only.
  [[nodiscard]] first_answer answer(std::uint32_t address_class, family f, detail::u128 bits, const question& q) const noexcept {
    const std::uint32_t record = flat_.class_record(address_class);
    const std::size_t chain = chain_for(q.location, q.service, record >> 1U);
    const std::size_t stack = (record & 1U) != 0 ? 0 : f == family::ipv4 ? 1 : 2;
    const auto stored = flat_.first(chain, q.service, stack);
    if ((stored.outcome & detail::first_is_random) == 0) return as_answer(chain, stored.outcome, stored.source);
    const std::uint64_t base = detail::rank_base(key_of(bits, q), q.epoch);
    return as_answer(chain, stored.outcome & 0xFFU, flat_.draw(stored.candidates, base));
  }

  /// The same, sources that are down left out: `is_down(source)` says so. [S-65]
  template <class IsDown>
  [[nodiscard]] first_answer answer(std::uint32_t address_class, family f, detail::u128 bits, const question& q,
                                    IsDown is_down) const {
    const std::uint32_t record = flat_.class_record(address_class);
    const std::size_t chain = chain_for(q.location, q.service, record >> 1U);
    const std::size_t stack = (record & 1U) != 0 ? 0 : f == family::ipv4 ? 1 : 2;
    const std::uint64_t base = detail::rank_base(key_of(bits, q), q.epoch);
    first_answer found;
    found.outcome = static_cast<outcome>(flat_.first(chain, q.service, stack).outcome & 0xFFU);
    for (std::size_t i = 0; i < flat_.stage_count(chain, q.service); ++i) {
      const auto s = flat_.stage(chain, q.service, stack, i);
      const std::size_t k = flat_.first_position(s, q.service, base, is_down);
      if (k == flat_.source_count(s.list)) continue;
      found.source = flat_.list_source(s.list, k);
      found.list = s.list;
      return found;
    }
    return found;
  }

  /// The sources of which one is asked first by clients with one address of a class: calls `visit(source, hash)` for each, as
  /// listed. If there are several, the lowest `detail::rank_of(detail::rank_base(key, epoch), hash)` decides, then the place.
  /// \returns the answer of whoever asks the first of them
  template <class IsDown, class Visit>
  [[nodiscard]] first_answer each_candidate(std::uint32_t address_class, family f, const question& q, IsDown is_down,
                                            Visit&& visit) const {
    const std::uint32_t record = flat_.class_record(address_class);
    const std::size_t chain = chain_for(q.location, q.service, record >> 1U);
    const std::size_t stack = (record & 1U) != 0 ? 0 : f == family::ipv4 ? 1 : 2;
    first_answer found;
    found.outcome = static_cast<outcome>(flat_.first(chain, q.service, stack).outcome & 0xFFU);
    for (std::size_t i = 0; i < flat_.stage_count(chain, q.service) && found.source == first_answer::none; ++i) {
      const auto s = flat_.stage(chain, q.service, stack, i);
      const bool random = flat_.list_order(s.list) == order::random;
      for (std::size_t k = 0; k < flat_.source_count(s.list); ++k) {
        const std::uint32_t source = flat_.list_source(s.list, k);
        if ((static_cast<std::uint8_t>(s.statuses[k]) & detail::status_attempt) == 0 || is_down(source)) continue;
        if (found.source != first_answer::none && !random) break;
        if (found.source == first_answer::none) found.source = source;
        found.list = s.list;
        visit(source, flat_.identity_hash(source, q.service));
      }
    }
    return found;
  }

  friend bool operator==(const compiled_policy& a, const compiled_policy& b) noexcept {
    return a.size() == b.size() && std::equal(a.data(), a.data() + a.size(), b.data());
  }
  friend bool operator!=(const compiled_policy& a, const compiled_policy& b) noexcept { return !(a == b); }

 private:
  friend class scratch;

  explicit compiled_policy(std::shared_ptr<const detail::storage> bytes)
      : storage_(std::move(bytes)),
        flat_(storage_->data()),
        ipv4_(flat_.part(detail::section::index_ipv4).at),
        ipv6_(flat_.part(detail::section::index_ipv6).at) {}

  [[nodiscard]] static result<compiled_policy> checked(std::shared_ptr<const detail::storage> bytes, trust how) {
    if (const auto wrong = detail::check_smpc(bytes->data(), bytes->size(), how == trust::checksum)) return *wrong;
    return compiled_policy(std::move(bytes));
  }

  // [S-30] to [S-33]
  [[nodiscard]] detail::located_client locate(const client& who) const noexcept {
    if (who.location) return {&who, *who.location, reason::location_declared, 0};
    const bool by_gateway = flat_.settings.criterion == 0;
    const std::size_t evidence = by_gateway ? who.gateways.size() : who.reached.size();
    if (evidence == 0) return {&who, location::external, reason::no_location_evidence, 0};
    for (std::size_t i = 0; i < evidence; ++i) {
      if (by_gateway ? flat_.is_gateway(who.gateways[i]) : flat_.is_server(who.reached[i]))
        return {&who, location::internal, by_gateway ? reason::gateway_matched : reason::server_reached, i};
    }
    return {&who, location::external, by_gateway ? reason::gateway_not_matched : reason::server_not_reached, 0};
  }

  [[nodiscard]] std::size_t choose_chain(const detail::located_client& located, service what) const noexcept {
    const std::size_t chain = chain_for(located.location, what, 0);
    return chain != 0 ? chain : chain_of(*located.who);
  }

  // [S-40] to [S-45]; `custom` is the chain of the custom list that matches, 0 for none
  [[nodiscard]] std::size_t chain_for(location where, service what, std::size_t custom) const noexcept {
    const detail::flat_settings& s = flat_.settings;
    const bool network =
        where == location::external || s.nothing_configured != 0 || (what == service::web_reputation && s.web_to_servers == 0);
    if (network) return flat_.network_chain();
    return static_cast<list_mode>(s.mode) == list_mode::standard ? flat_.standard_chain() : custom;
  }

  // [S-44]: among the addresses the earlier list, under `last` the later one
  [[nodiscard]] std::size_t chain_of(const client& who) const noexcept {
    const bool later_wins = static_cast<overlap_rule>(flat_.settings.on_overlap) == overlap_rule::last;
    std::size_t chosen = 0;
    for (const client_address& a : who.addresses) {
      const std::size_t chain = flat_.class_record(class_of(a.value)) >> 1U;
      if (chain == 0) continue;
      if (chosen == 0 || (later_wins ? chosen < chain : chain < chosen)) chosen = chain;
    }
    return chosen;
  }

  [[nodiscard]] first_answer as_answer(std::size_t chain, std::uint32_t stored, std::uint32_t source) const noexcept {
    const auto found = static_cast<outcome>(stored);
    switch (found) {
      case outcome::custom_list: return {found, source, static_cast<std::uint32_t>(chain - 1)};
      case outcome::standard_list:
      case outcome::fallback_standard: return {found, source, flat_.settings.lists};
      case outcome::network: return {found, source, flat_.settings.lists + 1};
      case outcome::none_reachable:
      case outcome::no_list: break;
    }
    return {found, first_answer::none, first_answer::none};
  }

  // [S-21]
  [[nodiscard]] static std::uint64_t key_of(detail::u128 bits, const question& q) noexcept {
    return q.key ? *q.key : detail::address_key(bits);
  }

  std::shared_ptr<const detail::storage> storage_;
  detail::flat_policy flat_;
  detail::ipv4_index ipv4_;
  detail::ipv6_index ipv6_;
};

inline scratch::scratch(const compiled_policy& p) : order_(p.flat_.settings.longest_chain) {}

/// `compiled_policy::make`. [S-67]
[[nodiscard]] inline compiled_policy compile(const policy& p, const facts& given = {}) { return compiled_policy::make(p, given); }

}  // namespace smplist
