// SPDX-License-Identifier: MIT
// Ranges in bulk: real tables where a checkout has them beside it, tables of the same shape from a seed where not.
#pragma once

#include "../cpp/support/generate.hpp"

#include <smplist/smplist.hpp>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

namespace scale {

using namespace smplist;
using detail::u128;
using generate::dice;

/// A range and what decides to which list it goes.
struct row {
  address_range where;
  std::uint64_t word;
};
using rows = std::vector<row>;

inline u128 any_bits(dice& d) {
  const auto half = [&] { return std::uint64_t{d.below(std::size_t{1} << 32U)} << 32U | d.below(std::size_t{1} << 32U); };
  const std::uint64_t high = half();
  return {high, half()};
}

// -- real tables: `first,last,word`, or a prefix a line
inline bool read_row(const std::string& line, std::size_t number, rows& out) {
  const std::size_t comma = line.find(',');
  if (comma == std::string::npos) {
    const auto prefix = address_range::try_parse(line);
    if (prefix) out.push_back({*prefix, detail::mix64(number)});
    return prefix.has_value();
  }
  const std::size_t second = line.find(',', comma + 1);
  const auto range = address_range::try_parse(line.substr(0, comma) + "-" + line.substr(comma + 1, second - comma - 1));
  if (range) out.push_back({*range, detail::mix64(detail::fnv1a64(line.substr(second + 1)))});
  return range.has_value();
}

/// Appends the rows of a gzipped file; false if it is not there or a row is not one.
inline bool read_table(const std::string& path, rows& out) {
  std::FILE* const there = std::fopen(path.c_str(), "rb");
  if (there == nullptr) return false;
  std::fclose(there);
  std::FILE* const pipe = ::popen(("gzip -dc '" + path + "'").c_str(), "r");
  if (pipe == nullptr) return false;
  char text[256];
  std::size_t number = 0;
  bool good = true;
  while (good && std::fgets(text, sizeof text, pipe) != nullptr) {
    std::string line(text);
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
    good = read_row(line, number++, out);
  }
  return ::pclose(pipe) == 0 && good && number != 0;
}

// -- generated tables
/// Disjoint ranges, most of them at blocks of 256 addresses or at /48s, one in ten with a gap behind it.
inline void add_disjoint(dice& d, std::size_t n, family f, rows& out) {
  const u128 block = detail::low_mask(f == family::ipv4 ? 8 : 80);
  std::vector<address> starts;
  for (std::size_t i = 0; i < n; ++i) {
    u128 bits = any_bits(d);
    if (!d.one_in(10)) bits = bits & ~block;
    const bool narrow = f == family::ipv4;
    const address a =
        narrow ? address::from_ipv4(static_cast<std::uint32_t>(bits.lo)) : address::from_bits({bits.hi >> 3U, bits.lo});
    if (a.family() == f) starts.push_back(a);
  }
  std::sort(starts.begin(), starts.end());
  starts.erase(std::unique(starts.begin(), starts.end()), starts.end());
  for (std::size_t i = 0; i + 1 < starts.size(); ++i) {
    address last = *starts[i + 1].previous();
    if (d.one_in(10) && starts[i] < last) last = *last.previous();
    out.push_back({*address_range::try_make(starts[i], last), detail::mix64(d.below(60000))});
  }
}

/// Prefixes that nest as routes do: /24 and /48 above all.
inline void add_prefixes(dice& d, std::size_t n, rows& out) {
  for (std::size_t i = 0; i < n; ++i) {
    const bool narrow = !d.one_in(6);
    const unsigned longest = narrow ? 24 : 48;
    const unsigned all = narrow ? 32 : 128;
    unsigned length = d.one_in(2) ? longest : static_cast<unsigned>(8 + d.below(longest - 8));
    if (d.one_in(50)) length = static_cast<unsigned>(longest + d.below(all - longest + 1));
    const u128 mask = detail::low_mask(all - length);
    u128 bits = any_bits(d);
    bits = narrow ? address::from_ipv4(static_cast<std::uint32_t>(bits.lo)).bits() : u128{bits.hi >> 3U | 1ULL << 61U, bits.lo};
    out.push_back(
        {*address_range::try_make(address::from_bits(bits & ~mask), address::from_bits(bits | mask)), detail::mix64(i)});
  }
}

/// Ranges of every kind that arithmetic fears: single, nested, equal, touching, at both ends of a family, aligned or not.
class anything {
 public:
  /// For `n` ranges: the more there are, the shorter most of them, so that an address is in a few and not in all.
  anything(dice& d, family f, std::size_t n)
      : dice_(&d), family_(f), width_(width(f)), usual_(width_), left_(n), wide_(100 + n / 10) {
    for (std::size_t m = n / 50; m > 1 && usual_ > 8; m /= 2) --usual_;
    const u128 places[] = {address::lowest(f).bits(), address::highest(f).bits(), address::parse("10.1.2.3").bits(),
                           address::parse("2001:db8::7").bits()};
    for (const u128 place : places) {
      if (address::from_bits(place).family() == f) places_.push_back(place);
    }
    for (std::size_t i = 0; i < 20 + n / 20; ++i) places_.push_back(point(any_bits(d)));
  }

  void add(rows& out) {
    for (; left_ > 0; --left_) {
      const address_range r = some_range();
      out.push_back({r, detail::mix64(dice_->below(std::size_t{1} << 32U))});
      last_ = r;
    }
  }

 private:
  [[nodiscard]] u128 point(u128 bits) const {
    return family_ == family::ipv4 ? address::from_ipv4(static_cast<std::uint32_t>(bits.lo)).bits() : bits;
  }
  [[nodiscard]] u128 mask() {
    return detail::low_mask(static_cast<unsigned>(dice_->below((dice_->one_in(wide_) ? width_ : usual_) + 1)));
  }

  [[nodiscard]] address somewhere() {
    for (;;) {
      const u128 turned = any_bits(*dice_) & detail::low_mask(static_cast<unsigned>(dice_->below(width_ + 1)));
      const u128 place = dice_->one_of(places_);
      u128 bits = (place & ~turned) | (~place & turned);
      if (dice_->one_in(2)) bits = bits & ~mask();
      const address a = address::from_bits(point(bits));
      if (a.family() == family_) return a;
    }
  }

  /// From `a` to somewhere behind it, at most to the end of the family.
  [[nodiscard]] address_range onwards(address a) {
    const u128 end = a.bits() + (any_bits(*dice_) & mask());
    const address last = address::from_bits(end);
    const bool fits = a.bits() <= end && last.family() == family_;
    return *address_range::try_make(a, fits ? last : address::highest(family_));
  }

  [[nodiscard]] address_range some_range() {
    const std::size_t kind = dice_->below(8);
    if (last_ && kind == 0) return *last_;
    if (last_ && kind == 1 && last_->last().next()) return onwards(*last_->last().next());
    if (last_ && kind == 2) return onwards(last_->first());
    const address a = somewhere();
    if (kind == 3) return a;
    if (kind != 4) return onwards(a);
    const u128 host = mask();
    const address first = address::from_bits(a.bits() & ~host);
    const address last = address::from_bits(a.bits() | host);
    const bool whole = first.family() == family_ && last.family() == family_;
    return whole ? *address_range::try_make(first, last) : address_range(a);
  }

  dice* dice_;
  family family_;
  unsigned width_;
  unsigned usual_;  // bits in which the ends of most ranges differ at most
  std::size_t left_;
  std::size_t wide_;  // one in so many may be as wide as the family
  std::vector<u128> places_;
  std::optional<address_range> last_;
};

/// A policy that deals rows to `lists` lists by their words.
inline policy deal(const rows& from, std::size_t lists, overlap_rule rule) {
  policy_draft draft;
  draft.mode = list_mode::custom;
  draft.on_overlap = rule;
  source s{"a", source_kind::standalone, host::parse("a.example")};
  s.file_reputation = endpoint{scheme::https, 443};
  draft.sources.push_back(s);
  draft.lists.reserve(lists);
  for (std::size_t i = 0; i < lists; ++i) draft.lists.push_back({"l" + std::to_string(i), {}, order::ordered, {"a"}});
  for (const row& r : from) draft.lists[static_cast<std::size_t>(r.word % lists)].ranges.push_back(r.where);
  return policy::make(std::move(draft)).value();
}

}  // namespace scale
