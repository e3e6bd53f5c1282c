// SPDX-License-Identifier: MIT
/// \file compile/writer.hpp
/// Floor 7. From a policy to the bytes of its compiled form.
#pragma once

#include <smplist/compile/classes.hpp>
#include <smplist/compile/layout.hpp>
#include <smplist/compile/ranges.hpp>
#include <smplist/compile/storage.hpp>
#include <smplist/detail/checksum.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace smplist::detail {

/// The pieces of a compiled policy while they are written. Each step fills a section or a few.
class smpc_writer {
 public:
  smpc_writer(const policy& p, const facts& given)
      : policy_(&p),
        draft_(&p.content()),
        given_(&given),
        classes_(p.content()),
        ranges_{range_writer(p, family::ipv4), range_writer(p, family::ipv6)} {
    for (const source_list& l : draft_->lists) lists_.push_back(&l);
    lists_.push_back(&draft_->standard);
    lists_.push_back(&draft_->network);
  }

  [[nodiscard]] std::shared_ptr<const storage> run() {
    put_text(policy_->revision());
    write_criterion();
    write_sources();
    write_lists();
    for (std::size_t l = 0; l < lists_.size(); ++l) plain_statuses_.push_back(add_statuses(find_statuses(*lists_[l])));
    write_chains();
    for (std::size_t i = 0; i < 2; ++i)
      index_[i] = classes_.index(i == 0 ? family::ipv4 : family::ipv6, ranges_[i].ranges(), ranges_[i].nested());
    write_settings();
    return assemble();
  }

 private:
  using stage_row = std::pair<stage, std::size_t>;  // and its list

  [[nodiscard]] byte_writer& to(section s) { return parts_[static_cast<std::size_t>(s)]; }
  [[nodiscard]] std::size_t custom_lists() const noexcept { return draft_->lists.size(); }
  [[nodiscard]] std::size_t standard_list() const noexcept { return custom_lists(); }
  [[nodiscard]] std::size_t network_list() const noexcept { return custom_lists() + 1; }

  std::uint32_t put_text(std::string_view text) {
    const auto found = texts_.find(std::string(text));
    if (found != texts_.end()) return found->second;
    byte_writer& pool = to(section::text);
    const auto at = static_cast<std::uint32_t>(pool.size());
    pool.append(reinterpret_cast<const std::byte*>(text.data()), text.size());
    texts_.emplace(text, at);
    return at;
  }
  void put_ref(byte_writer& out, std::string_view text) {
    out.put(put_text(text));
    out.put(static_cast<std::uint32_t>(text.size()));
  }

  void write_criterion() {
    const auto gateways = [&](const gateway_criterion& c) {
      for (const gateway& g : c.gateways) {
        byte_writer& out = to(section::gateways);
        out.put(g.address.bits().hi);
        out.put(g.address.bits().lo);
        out.put(g.mac ? g.mac->bits() : 0);
        out.put(std::uint64_t{g.mac ? 1U : 0U});
      }
    };
    const auto servers = [&](const connection_criterion& c) {
      if (c.management_server) write_server(*c.management_server);
      for (const reference_server& s : c.reference_servers) write_server(s);
    };
    std::visit(overload{gateways, servers}, draft_->criterion);
  }
  void write_server(const reference_server& s) {
    byte_writer& out = to(section::servers);
    for (const std::uint16_t port : s.ports) {
      const auto literal = s.host.literal();
      out.put(literal ? literal->bits().hi : 0);
      out.put(literal ? literal->bits().lo : 0);
      put_ref(out, s.host.name());
      out.put(std::uint32_t{port});
      out.put(std::uint32_t{literal ? 1U : 0U});
    }
  }

  void write_sources() {
    byte_writer& out = to(section::sources);
    for (const source& s : draft_->sources) {
      source_number_.emplace(s.name, static_cast<std::uint32_t>(source_number_.size()));
      put_ref(out, s.name);
      for (const service what : all_services) {
        const std::string identity = s.identity(what);
        put_ref(out, identity);
        put_ref(out, s.url(what));
        out.put(fnv1a64(identity));
      }
    }
  }

  void write_lists() {
    std::uint32_t ranges = 0;
    for (const source_list* l : lists_) {
      byte_writer& out = to(section::lists);
      put_ref(out, l->name);
      put_ref(out, l->proxy ? l->proxy->to_text() : std::string());
      out.put(static_cast<std::uint32_t>(l->order));
      out.put(ranges);
      out.put(static_cast<std::uint32_t>(to(section::list_sources).size() / 4));
      out.put(static_cast<std::uint32_t>(l->sources.size()));
      ranges += static_cast<std::uint32_t>(l->ranges.size());
      for (const std::string& name : l->sources) to(section::list_sources).put(source_number_.at(name));
    }
  }

  // -- statuses: what becomes of each source, by service and stack
  [[nodiscard]] std::vector<std::uint8_t> find_statuses(const source_list& l) const {
    std::vector<std::uint8_t> out;
    for (const service what : all_services) {
      for (std::size_t stack = 0; stack < stacks; ++stack) {
        const auto families = preferred_families(stack_of(stack), draft_->ip_preference);
        for (const std::string& name : l.sources) out.push_back(status_of(l, *policy_->find_source(name), what, families));
      }
    }
    return out;
  }

  [[nodiscard]] static family_set stack_of(std::size_t number) noexcept {
    family_set out;
    if ((number & 1U) != 0) out = out | family::ipv4;
    if ((number & 2U) != 0) out = out | family::ipv6;
    return out;
  }

  [[nodiscard]] std::uint8_t status_of(const source_list& l, const source& s, service what,
                                       const std::vector<family>& client) const {
    const auto ignored = [](reason why) {
      return static_cast<std::uint8_t>(static_cast<unsigned>(why) - static_cast<unsigned>(reason::service_not_offered));
    };
    if (!s.at(what)) return ignored(reason::service_not_offered);
    const known_families source = families_of(s.families, s.host, *given_);
    const route way = l.proxy ? proxied_route(client, *l.proxy, source, *given_) : direct_route(client, source);
    if (way.families.empty()) return ignored(way.why_not);
    const bool v6_first = way.families.front() == family::ipv6;
    const bool differ = way.families.back() != way.families.front();
    const hop_code hops = way.families.size() == 1 ? (v6_first ? hop_code::ipv6 : hop_code::ipv4)
                          : differ                 ? (v6_first ? hop_code::ipv6_ipv4 : hop_code::ipv4_ipv6)
                                                   : (v6_first ? hop_code::ipv6_ipv6 : hop_code::ipv4_ipv4);
    return static_cast<std::uint8_t>(status_attempt | (way.family_unknown ? status_unknown : 0U) | static_cast<unsigned>(hops));
  }

  [[nodiscard]] std::uint32_t add_statuses(const std::vector<std::uint8_t>& block) {
    const auto [found, fresh] = status_blocks_.try_emplace(block, static_cast<std::uint32_t>(to(section::statuses).size()));
    if (fresh) to(section::statuses).append(reinterpret_cast<const std::byte*>(block.data()), block.size());
    return found->second;
  }
  [[nodiscard]] std::uint8_t* status_at(std::uint32_t offset) {
    return reinterpret_cast<std::uint8_t*>(to(section::statuses).at(offset));
  }

  // -- chains: the stages of every list, and who is asked first
  void write_chains() {
    for (std::size_t chain = 0; chain < custom_lists() + 3; ++chain) {
      for (const service what : all_services) write_chain(stages_of(chain, what), what);
    }
  }

  // [S-40] to [S-47]
  [[nodiscard]] std::vector<stage_row> stages_of(std::size_t chain, service what) const {
    if (chain == custom_lists() + 2) return {{stage::network, network_list()}};
    std::vector<stage_row> stages;
    if (chain == custom_lists() + 1) {
      stages.emplace_back(stage::standard_list, standard_list());
    } else {
      if (chain > 0) stages.emplace_back(stage::custom_list, chain - 1);
      if (draft_->fallback_to_standard) stages.emplace_back(stage::fallback_standard, standard_list());
    }
    if (draft_->falls_back_to_network(what)) stages.emplace_back(stage::network, network_list());
    return stages;
  }

  void write_chain(const std::vector<stage_row>& stages, service what) {
    std::vector<std::uint32_t> statuses;
    for (std::size_t i = 0; i < stages.size(); ++i) statuses.push_back(without_listed(stages, i, statuses));
    byte_writer& out = to(section::chains);
    out.put(static_cast<std::uint32_t>(stages.size()));
    std::size_t sources = 0;
    for (std::size_t i = 0; i < max_stages; ++i) {
      const bool there = i < stages.size();
      out.put(there ? static_cast<std::uint32_t>(stages[i].second) : 0U);
      out.put(there ? static_cast<std::uint32_t>(stages[i].first) : 0U);
      out.put(there ? statuses[i] : 0U);
      if (there) sources += lists_[stages[i].second]->sources.size();
    }
    longest_chain_ = std::max(longest_chain_, sources);
    for (std::size_t stack = 0; stack < stacks; ++stack) write_first(stages, statuses, what, stack);
  }

  /// The statuses of a stage, with what stands in an earlier one already. [S-63]
  [[nodiscard]] std::uint32_t without_listed(const std::vector<stage_row>& stages, std::size_t which,
                                             const std::vector<std::uint32_t>& earlier) {
    const source_list& l = *lists_[stages[which].second];
    const std::uint32_t plain = plain_statuses_[stages[which].second];
    const std::string proxy = l.proxy ? l.proxy->to_text() : std::string();
    std::vector<std::uint8_t> block;
    for (std::size_t i = 0; i < which; ++i) {
      const source_list& before = *lists_[stages[i].second];
      if ((before.proxy ? before.proxy->to_text() : std::string()) != proxy) continue;
      for (std::size_t combination = 0; combination < combinations; ++combination) {
        const service what = combination < stacks ? service::file_reputation : service::web_reputation;
        std::set<std::string> asked;
        for (std::size_t s = 0; s < before.sources.size(); ++s) {
          const std::uint8_t status =
              *status_at(earlier[i] + static_cast<std::uint32_t>(combination * before.sources.size() + s));
          if ((status & status_attempt) != 0) asked.insert(policy_->find_source(before.sources[s])->identity(what));
        }
        if (asked.empty()) continue;
        for (std::size_t s = 0; s < l.sources.size(); ++s) {
          const std::size_t at = combination * l.sources.size() + s;
          if (block.empty()) block.assign(status_at(plain), status_at(plain) + combinations * l.sources.size());
          if ((block[at] & status_attempt) == 0) continue;
          if (asked.count(policy_->find_source(l.sources[s])->identity(what)) == 0) continue;
          block[at] = static_cast<std::uint8_t>(static_cast<unsigned>(reason::already_listed) -
                                                static_cast<unsigned>(reason::service_not_offered));
        }
      }
    }
    return block.empty() ? plain : add_statuses(block);
  }

  // [S-64]
  void write_first(const std::vector<stage_row>& stages, const std::vector<std::uint32_t>& statuses, service what,
                   std::size_t stack) {
    byte_writer& out = to(section::firsts);
    for (std::size_t i = 0; i < stages.size(); ++i) {
      const source_list& l = *lists_[stages[i].second];
      const std::uint8_t* const row = status_at(
          statuses[i] + static_cast<std::uint32_t>((static_cast<std::size_t>(what) * stacks + stack) * l.sources.size()));
      std::vector<std::uint32_t> asked;
      for (std::size_t k = 0; k < l.sources.size(); ++k) {
        if ((row[k] & status_attempt) != 0) asked.push_back(source_number_.at(l.sources[k]));
      }
      if (asked.empty()) continue;
      const bool random = l.order == order::random && asked.size() > 1;
      out.put(asked.front());
      out.put(static_cast<std::uint32_t>(stages[i].first) | (random ? first_is_random : 0U));
      out.put(random ? put_candidates(std::move(asked), what) : 0);
      return;
    }
    out.put(no_source);
    out.put(static_cast<std::uint32_t>(stages.empty() ? outcome::no_list : outcome::none_reachable));
    out.put(0U);
  }

  /// One record for all chains and stacks with the same candidates. [S-21]
  std::uint32_t put_candidates(std::vector<std::uint32_t> sources, service what) {
    byte_writer& out = to(section::candidates);
    const auto next = static_cast<std::uint32_t>(out.size() / candidate_unit);
    const auto [known, added] = candidates_[static_cast<std::size_t>(what)].try_emplace(std::move(sources), next);
    if (!added) return known->second;
    out.put(std::uint64_t{known->first.size()});
    for (const std::uint32_t s : known->first) out.put(fnv1a64(draft_->sources[s].identity(what)));
    for (const std::uint32_t s : known->first) out.put(s);
    out.align(candidate_unit);
    return next;
  }

  // -- the whole
  void write_settings() {
    std::vector<std::uint32_t> records;
    for (std::uint32_t chain = 0; chain <= custom_lists(); ++chain) records.push_back(2 * chain);
    records.resize(records.size() + classes_.special().size());
    for (const auto& [chain, number] : classes_.special()) records[number] = 2 * chain + 1;
    for (const std::uint32_t record : records) to(section::classes).put(record);
    for (const std::size_t number :
         {custom_lists(), static_cast<std::size_t>(draft_->mode), std::size_t{draft_->web_reputation_to_servers},
          std::size_t{draft_->nothing_configured()}, std::size_t{draft_->fallback_to_standard},
          std::size_t{draft_->file_reputation_falls_back}, std::size_t{draft_->web_reputation_falls_back},
          static_cast<std::size_t>(draft_->on_overlap), static_cast<std::size_t>(draft_->ip_preference),
          draft_->criterion.index(), longest_chain_, policy_->revision().size()})
      to(section::settings).put(static_cast<std::uint32_t>(number));
  }

  [[nodiscard]] std::size_t size_of_section(section s) const noexcept {
    switch (s) {
      case section::ranges_ipv4: return ranges_[0].size();
      case section::ranges_ipv6: return ranges_[1].size();
      case section::cuts_ipv4: return ranges_[0].cuts_size();
      case section::cuts_ipv6: return ranges_[1].cuts_size();
      case section::index_ipv4: return size_of(index_[0]);
      case section::index_ipv6: return size_of(index_[1]);
      default: return parts_[static_cast<std::size_t>(s)].size();
    }
  }
  void put_section(section s, std::byte* at) {
    const auto number_of = [&](const labelled_interval& r) { return classes_.range_number(r); };
    switch (s) {
      case section::ranges_ipv4: return ranges_[0].write(at, number_of);
      case section::ranges_ipv6: return ranges_[1].write(at, number_of);
      case section::cuts_ipv4: return ranges_[0].write_cuts(at);
      case section::cuts_ipv6: return ranges_[1].write_cuts(at);
      case section::index_ipv4: join(std::move(index_[0]), at); return;
      case section::index_ipv6: join(std::move(index_[1]), at); return;
      default: break;
    }
    const byte_writer& part = to(s);
    if (part.size() != 0) std::memcpy(at, part.data(), part.size());
  }

  [[nodiscard]] std::shared_ptr<const storage> assemble() {
    const auto aligned = [](std::size_t n) { return (n + section_alignment - 1) / section_alignment * section_alignment; };
    std::array<std::size_t, section_count + 1> places{aligned(smpc_head)};
    byte_writer head;
    for (const unsigned char c : smpc_magic) head.put(c);
    head.put(smpc_version);
    head.put(smpc_order_mark);
    head.skip(smpc_checked_from - head.size());
    for (std::size_t i = 0; i < section_count; ++i) {
      const std::size_t bytes = size_of_section(static_cast<section>(i));
      head.put(std::uint64_t{places[i]});
      head.put(std::uint64_t{bytes});
      places[i + 1] = aligned(places[i] + bytes);
    }
    head.align(section_alignment);
    const std::size_t size = places.back();
    store(head.at(16), std::uint64_t{size});
    auto out = storage::make(size);
    std::memcpy(out->room(), head.data(), head.size());
    for (std::size_t i = 0; i < section_count; ++i) {
      const std::size_t end = places[i] + size_of_section(static_cast<section>(i));
      std::memset(out->room() + end, 0, places[i + 1] - end);
      put_section(static_cast<section>(i), out->room() + places[i]);
    }
    store(out->room() + 24, checksum(out->room() + smpc_checked_from, size - smpc_checked_from));
    return out;
  }

  const policy* policy_;
  const policy_draft* draft_;
  const facts* given_;
  class_writer classes_;
  std::vector<const source_list*> lists_;  // custom, then standard, then network
  std::array<byte_writer, section_count> parts_;
  std::array<range_writer, 2> ranges_;                                 // by family
  std::array<byte_pieces, 2> index_;                                   // the same
  std::unordered_map<std::string, std::uint32_t> texts_;               // looked up, never iterated
  std::unordered_map<std::string_view, std::uint32_t> source_number_;  // the same
  std::map<std::vector<std::uint8_t>, std::uint32_t> status_blocks_;
  std::array<std::map<std::vector<std::uint32_t>, std::uint32_t>, 2> candidates_;  // by service
  std::vector<std::uint32_t> plain_statuses_;                                      // of each list
  std::size_t longest_chain_ = 0;
};

}  // namespace smplist::detail
