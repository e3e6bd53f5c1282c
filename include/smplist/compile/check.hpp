// SPDX-License-Identifier: MIT
/// \file compile/check.hpp
/// Floor 7. Bytes from a stranger: is this a compiled policy, whole, and safe to ask?
#pragma once

#include <smplist/compile/layout.hpp>
#include <smplist/detail/checksum.hpp>
#include <smplist/detail/index_check.hpp>

#include <algorithm>
#include <optional>

namespace smplist::detail {

/// Checks everything that a question follows. Each step is a section or a few; the first wrong one is reported by its bytes.
class smpc_check {
 public:
  smpc_check(const std::byte* bytes, std::size_t size) noexcept : bytes_(bytes), size_(size) {}

  [[nodiscard]] std::optional<parse_error> run(bool believe) {
    if (size_ < smpc_head || !std::equal(smpc_magic.begin(), smpc_magic.end(), reinterpret_cast<const unsigned char*>(bytes_)))
      return error_at(errc::not_compiled, 0, std::min(size_, smpc_magic.size()));
    if (load<std::uint32_t>(bytes_ + 8) != smpc_version) return error_at(errc::unsupported_version, 8, 4);
    if (load<std::uint32_t>(bytes_ + 12) != smpc_order_mark) return error_at(errc::corrupt, 12, 4);
    if (load<std::uint64_t>(bytes_ + 16) != size_) return error_at(errc::corrupt, 16, 8);
    if (load<std::uint64_t>(bytes_ + 24) != checksum(bytes_ + smpc_checked_from, size_ - smpc_checked_from))
      return error_at(errc::wrong_checksum, 24, 8);
    if (believe) return std::nullopt;
    if (!check_sections()) return error_at(errc::corrupt, smpc_checked_from, smpc_head - smpc_checked_from);
    flat_ = flat_policy(bytes_);
    using check = bool (smpc_check::*)() const;
    struct row {
      section part;
      check fits;
    };
    constexpr row rows[] = {{section::settings, &smpc_check::settings},     {section::servers, &smpc_check::criterion},
                            {section::sources, &smpc_check::sources},       {section::lists, &smpc_check::lists},
                            {section::statuses, &smpc_check::statuses},     {section::chains, &smpc_check::chains},
                            {section::firsts, &smpc_check::firsts},         {section::classes, &smpc_check::classes},
                            {section::ranges_ipv4, &smpc_check::ipv4},      {section::ranges_ipv6, &smpc_check::ipv6},
                            {section::index_ipv4, &smpc_check::index_ipv4}, {section::index_ipv6, &smpc_check::index_ipv6}};
    for (const row& r : rows) {
      const flat_part& part = flat_.part(r.part);
      if (!(this->*r.fits)()) return error_at(errc::corrupt, static_cast<std::size_t>(part.at - bytes_), part.size);
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] bool check_sections() const noexcept {
    std::size_t end = smpc_head;
    for (std::size_t i = 0; i < section_count; ++i) {
      const auto at = load<std::uint64_t>(bytes_ + smpc_checked_from + 16 * i);
      const auto size = load<std::uint64_t>(bytes_ + smpc_checked_from + 16 * i + 8);
      if (at % section_alignment != 0 || at < end || at > size_ || size > size_ - at) return false;
      const auto which = static_cast<section>(i);
      const bool ranges = which == section::ranges_ipv4 || which == section::ranges_ipv6;
      if (which == section::settings ? size != settings_size : ranges && size < 16) return false;
      end = static_cast<std::size_t>(at + size);
    }
    return true;
  }

  [[nodiscard]] std::size_t size(section s) const noexcept { return flat_.part(s).size; }
  [[nodiscard]] const std::byte* at(section s) const noexcept { return flat_.part(s).at; }
  [[nodiscard]] bool text(const std::byte* ref) const noexcept {
    return std::uint64_t{load<std::uint32_t>(ref)} + load<std::uint32_t>(ref + 4) <= size(section::text);
  }
  [[nodiscard]] std::size_t range_count() const noexcept { return std::size_t{flat_.ranges[0].count} + flat_.ranges[1].count; }

  [[nodiscard]] bool settings() const noexcept {
    const flat_settings& s = flat_.settings;
    return s.lists <= size(section::lists) / list_size && size(section::lists) == flat_.lists() * list_size &&
           s.mode < count_of<list_mode> && s.on_overlap < count_of<overlap_rule> && s.preference < count_of<ip_preference> &&
           s.criterion < count_of<criterion_kind> && s.revision <= size(section::text);
  }

  [[nodiscard]] bool criterion() const noexcept {
    if (size(section::gateways) % gateway_size != 0 || size(section::servers) % server_size != 0) return false;
    for (std::size_t i = 0; i < size(section::servers); i += server_size) {
      if (!text(at(section::servers) + i + 16)) return false;
    }
    return true;
  }

  [[nodiscard]] bool sources() const noexcept {
    if (size(section::sources) % source_size != 0) return false;
    for (std::size_t i = 0; i < size(section::sources); i += source_size) {
      for (const std::size_t ref : {0U, 8U, 16U, 32U, 40U}) {
        if (!text(at(section::sources) + i + ref)) return false;
      }
    }
    return true;
  }

  [[nodiscard]] bool lists() const noexcept {
    const std::size_t positions = size(section::list_sources) / 4;
    std::uint32_t ranges = 0;
    for (std::size_t i = 0; i < flat_.lists(); ++i) {
      const std::byte* const list = at(section::lists) + list_size * i;
      if (!text(list) || !text(list + 8) || load<std::uint32_t>(list + 16) >= count_of<order>) return false;
      if (flat_.first_range(i) < ranges || (i == 0 && flat_.first_range(0) != 0)) return false;
      ranges = flat_.first_range(i);
      if (std::uint64_t{load<std::uint32_t>(list + 24)} + flat_.source_count(i) > positions) return false;
      for (std::size_t k = 0; k < flat_.source_count(i); ++k) {
        if (flat_.list_source(i, k) >= flat_.sources()) return false;
      }
    }
    return true;
  }

  [[nodiscard]] bool statuses() const noexcept {
    const std::byte* const from = at(section::statuses);
    return std::all_of(from, from + size(section::statuses), [](std::byte b) {
      const auto status = static_cast<std::uint8_t>(b);
      return (status & status_code) <= static_cast<std::uint8_t>(hop_code::ipv6_ipv4) &&
             ((status & status_attempt) != 0 ? (status & 0x38U) == 0 : status <= status_code);
    });
  }

  [[nodiscard]] bool chains() const noexcept {
    if (size(section::chains) != flat_.chains() * 2 * chain_size) return false;
    std::size_t longest = 0;
    for (std::size_t i = 0; i < size(section::chains); i += chain_size) {
      const std::byte* const chain = at(section::chains) + i;
      if (load<std::uint32_t>(chain) > max_stages) return false;
      std::size_t sources = 0;
      for (std::size_t s = 0; s < load<std::uint32_t>(chain); ++s) {
        const std::byte* const row = chain + 4 + chain_stage_size * s;
        const std::size_t list = load<std::uint32_t>(row);
        if (list >= flat_.lists() || load<std::uint32_t>(row + 4) >= count_of<stage>) return false;
        const std::size_t block = combinations * flat_.source_count(list);
        if (load<std::uint32_t>(row + 8) + block > size(section::statuses)) return false;
        sources += flat_.source_count(list);
      }
      longest = std::max(longest, sources);
    }
    return flat_.settings.longest_chain == longest;
  }

  [[nodiscard]] bool firsts() const noexcept {
    if (size(section::firsts) != flat_.chains() * combinations * first_size) return false;
    for (std::size_t i = 0; i < flat_.chains() * combinations; ++i) {
      const auto first = flat_.first(i / combinations, static_cast<service>(i % combinations / stacks), i % stacks);
      const std::uint32_t found = first.outcome & ~first_is_random;
      if (found >= count_of<outcome> || (first.source != no_source && first.source >= flat_.sources())) return false;
      const std::size_t chain = i / combinations;
      const bool custom = chain >= 1 && chain <= flat_.settings.lists;
      if (found == static_cast<std::uint32_t>(outcome::custom_list) && !custom) return false;
      if (found < static_cast<std::uint32_t>(outcome::none_reachable) && first.source == no_source) return false;
      if ((first.outcome & first_is_random) != 0 && !candidates(first.candidates)) return false;
    }
    return true;
  }

  /// Those of a random order: one at least, and all of them sources.
  [[nodiscard]] bool candidates(std::size_t which) const noexcept {
    const std::size_t room = size(section::candidates);
    const std::size_t from = candidate_unit * which;
    if (from + 8 > room) return false;
    const auto n = load<std::uint64_t>(at(section::candidates) + from);
    if (n == 0 || n > (room - from - 8) / 12) return false;
    const std::byte* const sources = at(section::candidates) + from + 8 + 8 * n;
    bool fine = true;
    for (std::size_t k = 0; k < n; ++k) fine = fine && load<std::uint32_t>(sources + 4 * k) < flat_.sources();
    return fine;
  }

  [[nodiscard]] bool classes() const noexcept {
    if (flat_.classes() == 0 || size(section::classes) % 4 != 0) return false;
    for (std::size_t i = 0; i < flat_.classes(); ++i) {
      if (flat_.class_record(i) >> 1U > flat_.settings.lists) return false;
    }
    return true;
  }

  [[nodiscard]] bool ipv4() const noexcept { return ranges(family::ipv4, section::ranges_ipv4, section::cuts_ipv4); }
  [[nodiscard]] bool ipv6() const noexcept { return ranges(family::ipv6, section::ranges_ipv6, section::cuts_ipv6); }

  [[nodiscard]] bool ranges(family f, section part, section cuts) const noexcept {
    const flat_ranges& all = flat_.ranges[static_cast<std::size_t>(f)];
    if (size(part) != flat_ranges::size_of(all.count, all.nested, f)) return false;
    if (size(cuts) % all.width != 0 || (all.count != 0 && flat_.settings.lists == 0)) return false;
    u128 before{};
    u128 before_last{};
    for (std::size_t i = 0; i < all.count; ++i) {
      const u128 first = all.first_of(i);
      const u128 last = all.last_of(i);
      if (last < first || first < before || !of_family(first, f) || !of_family(last, f) || all.id_of(i) >= range_count())
        return false;
      if (!all.nested && i != 0 && first <= before_last) return false;
      before = first;
      before_last = last;
    }
    for (std::size_t i = 0; i < size(cuts) / all.width; ++i) {
      const u128 cut = all.point(at(cuts), i);
      if (!of_family(cut, f) || (i != 0 && cut <= all.point(at(cuts), i - 1))) return false;
    }
    return true;
  }
  [[nodiscard]] static bool of_family(u128 bits, family f) noexcept { return address::from_bits(bits).family() == f; }

  [[nodiscard]] bool index_ipv4() const { return ipv4_index_check::run(flat_.part(section::index_ipv4), flat_.classes()); }
  [[nodiscard]] bool index_ipv6() const { return check_ipv6_index(flat_.part(section::index_ipv6), flat_.classes()); }

  const std::byte* bytes_;
  std::size_t size_;
  flat_policy flat_;
};

/// What is wrong with the bytes of a compiled policy, if anything is. `believe`: the checksum will do.
[[nodiscard]] inline std::optional<parse_error> check_smpc(const std::byte* bytes, std::size_t size, bool believe) {
  return smpc_check(bytes, size).run(believe);
}

}  // namespace smplist::detail
