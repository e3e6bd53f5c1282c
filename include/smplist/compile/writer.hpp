// SPDX-License-Identifier: MIT
/// \file compile/writer.hpp
/// Floor 7. From a policy to the bytes of its compiled form.
#pragma once

#include <smplist/compile/layout.hpp>
#include <smplist/detail/checksum.hpp>
#include <smplist/detail/flatten.hpp>
#include <smplist/detail/index_ipv4.hpp>
#include <smplist/detail/index_ipv6.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace smplist::detail {

/// The pieces of a compiled policy while they are written. Each step fills a section or a few.
class smpc_writer {
 public:
  smpc_writer(const policy& p, const facts& given) : policy_(&p), draft_(&p.content()), given_(&given) {
    for (const source_list& l : draft_->lists) lists_.push_back(&l);
    lists_.push_back(&draft_->standard);
    lists_.push_back(&draft_->network);
  }

  [[nodiscard]] std::vector<std::byte> run() {
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
      first_range_.push_back(ranges);
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
      std::size_t attempts = 0;
      std::size_t first = 0;
      for (std::size_t s = l.sources.size(); s > 0; --s) {
        if ((row[s - 1] & status_attempt) == 0) continue;
        ++attempts;
        first = s - 1;
      }
      if (attempts == 0) continue;
      out.put(source_number_.at(l.sources[first]));
      out.put(static_cast<std::uint32_t>(stages[i].first) | (l.order == order::random && attempts > 1 ? first_is_random : 0U));
      return;
    }
    out.put(no_source);
    out.put(static_cast<std::uint32_t>(stages.empty() ? outcome::no_list : outcome::none_reachable));
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
    for (const labelled_interval& r : ranges) out.put(first_range_[r.group] + r.member);
    if (nested) {
      std::vector<u128> highest(ranges.size());
      find_highest(ranges, highest, 0, ranges.size());
      for (const u128 h : highest) put_point(out, h, f);
      byte_writer& cuts = to(f == family::ipv4 ? section::cuts_ipv4 : section::cuts_ipv6);
      for (const u128 cut : policy_->cuts(f)) put_point(cuts, cut, f);
    }
    write_index(f, ranges);
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

  void write_index(family f, const std::vector<labelled_interval>& ranges) {
    std::vector<ipv6_cell> cells;
    cells.reserve(2 * ranges.size() + 8);
    const u128 lowest = address::lowest(f).bits();
    flatten(
        ranges, lowest, address::highest(f).bits(),
        [&](std::size_t a, std::size_t b) { return decides_before(draft_->on_overlap, ranges[a], ranges[b]); },
        [](u128 last) {
          return last + u128{0, 1};
        },
        [&](u128 first, std::size_t winner) {
          const std::uint32_t chain = winner == ranges.size() ? 0 : ranges[winner].group + 1;
          if (cells.empty() || cells.back().value != chain) cells.push_back({first, chain});
        });
    using namespace literals;
    if (f == family::ipv4) {
      mark(cells, "127.0.0.0"_address, "127.255.255.255"_address);
      mark(cells, "169.254.0.0"_address, "169.254.255.255"_address);
      std::vector<ipv4_cell> narrow;
      narrow.reserve(cells.size());
      for (const ipv6_cell& c : cells) narrow.push_back({static_cast<std::uint32_t>(c.first.lo), c.value});
      cells = {};
      index_[0] = ipv4_index_writer::write(narrow, static_cast<std::uint32_t>(custom_lists() + special_classes_.size()));
    } else {
      mark(cells, "::1"_address, "::1"_address);
      mark(cells, "fe80::"_address, "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"_address);
      index_[1] = ipv6_index_writer::write(cells);
    }
  }

  /// Gives the addresses from `from` to `to`, which reach nothing by themselves, classes of their own. [S-50]
  void mark(std::vector<ipv6_cell>& cells, address from, address to) {
    const u128 first = from.bits();
    const u128 behind = to.bits() + u128{0, 1};
    split(cells, first);
    split(cells, behind);
    for (auto c = find_cell(cells, first); c != cells.end() && c->first < behind; ++c) {
      const auto next = static_cast<std::uint32_t>(custom_lists() + 1 + special_classes_.size());
      c->value = special_classes_.try_emplace(c->value, next).first->second;
    }
  }
  [[nodiscard]] static std::vector<ipv6_cell>::iterator find_cell(std::vector<ipv6_cell>& cells, u128 at) {
    return std::lower_bound(cells.begin(), cells.end(), at, [](const ipv6_cell& c, u128 p) { return c.first < p; });
  }
  static void split(std::vector<ipv6_cell>& cells, u128 at) {
    const auto next = find_cell(cells, at);
    if (next != cells.end() && next->first == at) return;
    cells.insert(next, {at, std::prev(next)->value});
  }

  // -- the whole
  void write_settings() {
    std::vector<std::uint32_t> records;
    for (std::uint32_t chain = 0; chain <= custom_lists(); ++chain) records.push_back(2 * chain);
    records.resize(records.size() + special_classes_.size());
    for (const auto& [chain, number] : special_classes_) records[number] = 2 * chain + 1;
    for (const std::uint32_t record : records) to(section::classes).put(record);
    for (const std::size_t number :
         {custom_lists(), static_cast<std::size_t>(draft_->mode), std::size_t{draft_->web_reputation_to_servers},
          std::size_t{draft_->nothing_configured()}, std::size_t{draft_->fallback_to_standard},
          std::size_t{draft_->file_reputation_falls_back}, std::size_t{draft_->web_reputation_falls_back},
          static_cast<std::size_t>(draft_->on_overlap), static_cast<std::size_t>(draft_->ip_preference),
          draft_->criterion.index(), longest_chain_, policy_->revision().size()})
      to(section::settings).put(static_cast<std::uint32_t>(number));
  }

  [[nodiscard]] std::vector<std::byte> assemble() {
    byte_writer out;
    std::size_t size = smpc_head + section_count * section_alignment + index_[0].size() + index_[1].size();
    for (const byte_writer& part : parts_) size += part.size();
    out.reserve(size);
    for (const unsigned char c : smpc_magic) out.put(c);
    out.put(smpc_version);
    out.put(smpc_order_mark);
    out.skip(smpc_head - 16);
    for (std::size_t i = 0; i < section_count; ++i) {
      const auto which = static_cast<section>(i);
      const std::vector<std::byte>& part = which == section::index_ipv4   ? index_[0]
                                           : which == section::index_ipv6 ? index_[1]
                                                                          : parts_[i].bytes();
      const std::size_t at = out.align(section_alignment);
      out.append(part.data(), part.size());
      store(out.at(smpc_checked_from + 16 * i), std::uint64_t{at});
      store(out.at(smpc_checked_from + 16 * i + 8), std::uint64_t{part.size()});
    }
    out.align(section_alignment);
    store(out.at(16), std::uint64_t{out.size()});
    store(out.at(24), checksum(out.at(smpc_checked_from), out.size() - smpc_checked_from));
    return std::move(out).take();
  }

  const policy* policy_;
  const policy_draft* draft_;
  const facts* given_;
  std::vector<const source_list*> lists_;  // custom, then standard, then network
  std::array<byte_writer, section_count> parts_;
  std::array<std::vector<std::byte>, 2> index_;
  std::unordered_map<std::string, std::uint32_t> texts_;               // looked up, never iterated
  std::unordered_map<std::string_view, std::uint32_t> source_number_;  // the same
  std::map<std::vector<std::uint8_t>, std::uint32_t> status_blocks_;
  std::vector<std::uint32_t> plain_statuses_;               // of each list
  std::vector<std::uint32_t> first_range_;                  // of each list
  std::map<std::uint32_t, std::uint32_t> special_classes_;  // by chain
  std::size_t longest_chain_ = 0;
};

}  // namespace smplist::detail
