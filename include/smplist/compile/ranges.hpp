// SPDX-License-Identifier: MIT
/// \file compile/ranges.hpp
/// Floor 7. The sections that hold the ranges of a family as they are, written where they will stay.
#pragma once

#include <smplist/compile/layout.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace smplist::detail {

/// Numbers of one width in flat bytes: 32 bits of an IPv4 address, 128 of an IPv6 one.
struct flat_ipv4 {
  using point = std::uint32_t;
  static constexpr std::size_t width = 4;

  [[nodiscard]] static point of(u128 bits) noexcept { return static_cast<std::uint32_t>(bits.lo); }
  [[nodiscard]] static point read(const std::byte* from) noexcept { return load<std::uint32_t>(from); }
  static void write(std::byte* to, point p) noexcept { store(to, p); }
};
struct flat_ipv6 {
  using point = u128;
  static constexpr std::size_t width = 16;

  [[nodiscard]] static point of(u128 bits) noexcept { return bits; }
  [[nodiscard]] static point read(const std::byte* from) noexcept {
    return {load<std::uint64_t>(from), load<std::uint64_t>(from + 8)};
  }
  static void write(std::byte* to, point p) noexcept {
    store(to, p.hi);
    store(to + 8, p.lo);
  }
};

/// Writes the ranges and cuts of one family, whose sizes are known beforehand: into their place and not into a buffer, since
/// with millions of ranges new pages cost as much as what is written into them. The ranges outlive it.
class range_writer {
 public:
  range_writer(const policy& p, family f) : ranges_(&p.ranges(f)), cuts_(&p.cuts(f)), family_(f) {
    for (std::size_t i = 1; i < ranges_->size() && !nested_; ++i) nested_ = (*ranges_)[i].first <= (*ranges_)[i - 1].last;
  }

  [[nodiscard]] const std::vector<labelled_interval>& ranges() const noexcept { return *ranges_; }
  /// Do some overlap?
  [[nodiscard]] bool nested() const noexcept { return nested_; }

  [[nodiscard]] std::size_t size() const noexcept { return flat_ranges::size_of(ranges_->size(), nested_, family_); }
  [[nodiscard]] std::size_t cuts_size() const noexcept {
    return nested_ ? cuts_->size() * (family_ == family::ipv4 ? flat_ipv4::width : flat_ipv6::width) : 0;
  }

  /// Fills `size()` bytes; `number_of(range)` is its number among all of the policy.
  template <class NumberOf>
  void write(std::byte* to, NumberOf number_of) const {
    family_ == family::ipv4 ? write_as<flat_ipv4>(to, number_of) : write_as<flat_ipv6>(to, number_of);
  }
  /// Fills `cuts_size()` bytes.
  void write_cuts(std::byte* to) const {
    if (nested_) family_ == family::ipv4 ? write_cuts_as<flat_ipv4>(to) : write_cuts_as<flat_ipv6>(to);
  }

 private:
  template <class Flat, class NumberOf>
  void write_as(std::byte* to, NumberOf number_of) const {
    const std::size_t n = ranges_->size();
    store(to, static_cast<std::uint32_t>(n));
    store(to + 4, nested_ ? 1U : 0U);
    store(to + 8, std::uint64_t{0});
    std::byte* const first = to + 16;
    std::byte* const last = first + Flat::width * n;
    std::byte* const id = last + Flat::width * n;
    for (std::size_t i = 0; i < n; ++i) {
      const labelled_interval& r = (*ranges_)[i];
      Flat::write(first + Flat::width * i, Flat::of(r.first));
      Flat::write(last + Flat::width * i, Flat::of(r.last));
      store(id + 4 * i, number_of(r));
    }
    if (nested_ && n != 0) static_cast<void>(write_highest<Flat>(last, id + 4 * n, 0, n));
  }

  /// The greatest last end of ranges `begin` to `end - 1`, of which there are some, and those of the subtrees below.
  template <class Flat>
  static typename Flat::point write_highest(const std::byte* last, std::byte* to, std::size_t begin, std::size_t end) {
    const std::size_t middle = begin + (end - begin) / 2;
    auto highest = Flat::read(last + Flat::width * middle);
    if (begin < middle) highest = std::max(highest, write_highest<Flat>(last, to, begin, middle));
    if (middle + 1 < end) highest = std::max(highest, write_highest<Flat>(last, to, middle + 1, end));
    Flat::write(to + Flat::width * middle, highest);
    return highest;
  }

  template <class Flat>
  void write_cuts_as(std::byte* to) const {
    for (const u128 cut : *cuts_) {
      Flat::write(to, Flat::of(cut));
      to += Flat::width;
    }
  }

  const std::vector<labelled_interval>* ranges_;
  const std::vector<u128>* cuts_;
  family family_;
  bool nested_ = false;
};

}  // namespace smplist::detail
