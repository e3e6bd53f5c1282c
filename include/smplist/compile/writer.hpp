// SPDX-License-Identifier: MIT
/// \file compile/writer.hpp
/// Floor 7. From a policy to the bytes of its compiled form.
#pragma once

#include <smplist/compile/classes.hpp>
#include <smplist/compile/layout.hpp>
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
  smpc_writer(const policy& p, const facts& given) : policy_(&p), draft_(&p.content()), given_(&given), classes_(p.content()) {
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
    for (const family f : {family::ipv4, family::ipv6}) write_ranges(f);
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
    const route way =
        l.proxy ? proxied_route(client, families_of(l.proxy->families, l.proxy->host, *given_), l.proxy->converts, source)
                : direct_route(client, source);
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

  // -- addresses
  void write_ranges(family f) {
    const std::vector<labelled_interval>& ranges = policy_->ranges(f);
    bool nested = false;
    for (std::size_t i = 1; i < ranges.size() && !nested; ++i) nested = ranges[i].first <= ranges[i - 1].last;
    byte_writer& out = to(f == family::ipv4 ? section::ranges_ipv4 : section::ranges_ipv6);
    out.reserve(flat_ranges::size_of(ranges.size(), nested, f));
    out.put(static_cast<std::uint32_t>(ranges.size()));
    out.put(nested ? 1U : 0U);
    out.skip(8);
    for (const labelled_interval& r : ranges) put_point(out, r.first, f);
    for (const labelled_interval& r : ranges) put_point(out, r.last, f);
    for (const labelled_interval& r : ranges) out.put(classes_.range_number(r));
    if (nested) {
      std::vector<u128> highest(ranges.size());
      find_highest(ranges, highest, 0, ranges.size());
      for (const u128 h : highest) put_point(out, h, f);
      byte_writer& cuts = to(f == family::ipv4 ? section::cuts_ipv4 : section::cuts_ipv6);
      for (const u128 cut : policy_->cuts(f)) put_point(cuts, cut, f);
    }
    index_[f == family::ipv4 ? 0 : 1] = classes_.index(f, ranges, nested);
  }

  static void put_point(byte_writer& out, u128 p, family f) {
    if (f == family::ipv4) return out.put(static_cast<std::uint32_t>(p.lo));
    out.put(p.hi);
    out.put(p.lo);
  }

  static u128 find_highest(const std::vector<labelled_interval>& ranges, std::vector<u128>& highest, std::size_t begin,
                           std::size_t end) {
    if (begin == end) return {};
    const std::size_t middle = begin + (end - begin) / 2;
    highest[middle] = std::max(
        {ranges[middle].last, find_highest(ranges, highest, begin, middle), find_highest(ranges, highest, middle + 1, end)});
    return highest[middle];
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

  [[nodiscard]] std::shared_ptr<const storage> assemble() {
    std::array<byte_pieces, section_count> sections;
    std::size_t size = (smpc_head + section_alignment - 1) / section_alignment * section_alignment;
    byte_writer head;
    for (const unsigned char c : smpc_magic) head.put(c);
    head.put(smpc_version);
    head.put(smpc_order_mark);
    head.skip(smpc_checked_from - head.size());
    for (std::size_t i = 0; i < section_count; ++i) {
      const auto which = static_cast<section>(i);
      if (which == section::index_ipv4) sections[i] = std::move(index_[0]);
      else if (which == section::index_ipv6) sections[i] = std::move(index_[1]);
      else sections[i].push_back(std::move(parts_[i]));
      const std::size_t bytes = size_of(sections[i]);
      head.put(std::uint64_t{size});
      head.put(std::uint64_t{bytes});
      sections[i].emplace_back().skip((section_alignment - bytes % section_alignment) % section_alignment);
      size += size_of(sections[i]);
    }
    head.align(section_alignment);
    store(head.at(16), std::uint64_t{size});
    auto out = storage::make(size);
    std::memcpy(out->room(), head.data(), head.size());
    std::byte* to = out->room() + head.size();
    for (byte_pieces& section : sections) to = join(std::move(section), to);
    store(out->room() + 24, checksum(out->room() + smpc_checked_from, size - smpc_checked_from));
    return out;
  }

  const policy* policy_;
  const policy_draft* draft_;
  const facts* given_;
  class_writer classes_;
  std::vector<const source_list*> lists_;  // custom, then standard, then network
  std::array<byte_writer, section_count> parts_;
  std::array<byte_pieces, 2> index_;
  std::unordered_map<std::string, std::uint32_t> texts_;               // looked up, never iterated
  std::unordered_map<std::string_view, std::uint32_t> source_number_;  // the same
  std::map<std::vector<std::uint8_t>, std::uint32_t> status_blocks_;
  std::array<std::map<std::vector<std::uint32_t>, std::uint32_t>, 2> candidates_;  // by service
  std::vector<std::uint32_t> plain_statuses_;                                      // of each list
  std::size_t longest_chain_ = 0;
};

}  // namespace smplist::detail
