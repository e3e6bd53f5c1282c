// SPDX-License-Identifier: MIT
/// \file arrow/block.hpp
/// Side room. A thousand rows of a column at a time, as addresses by family.
#pragma once

#include <smplist/address.hpp>
#include <smplist/detail/quick_scan.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace smplist::arrow {

/// Up to `room` rows: `clear`, add each row once, `finish`, then read. A row that was not added is null.
class address_block {
 public:
  static constexpr std::size_t room = 1024;

  void clear() noexcept {
    texts_count_ = 0;
    tried_ = 0;
    ipv4_ = 0;
    ipv6_ = 0;
    invalid_.clear();
  }

  /// `n` texts for a block that has none, read where they are: `text_of(i)` gives one of them, in order, of which
  /// `detail::quick_scan_reads` bytes may be read.
  template <class TextOf>
  void add_texts(std::size_t n, TextOf text_of) noexcept {
    scan_ipv4(n, text_of);
    for (std::size_t k = 0; k < left_; ++k) texts_[k] = text_of(rest_[k]);
    texts_count_ = tried_ = left_;
  }

  /// A text; `readable` bytes from its start may be read: more than it has let it be read in bulk.
  void add_text(std::string_view text, std::size_t readable, std::uint32_t row) {
    if (detail::has_quick_scan && readable >= detail::quick_scan_reads) texts_[texts_count_++] = {text.data(), text.size(), row};
    else scan(text, row);
  }
  /// 4 or 16 bytes in network order.
  void add_packed(std::string_view bytes, std::uint32_t row) {
    if (bytes.size() != 4 && bytes.size() != 16) return invalid_.push_back(row);
    detail::u128 bits;
    for (const char c : bytes) bits = {bits.hi << 8U | bits.lo >> 56U, bits.lo << 8U | static_cast<unsigned char>(c)};
    bytes.size() == 4 ? add_ipv4(static_cast<std::uint32_t>(bits.lo), row) : add(address::from_bits(bits), row);
  }
  void add_ipv4(std::uint32_t bits, std::uint32_t row) noexcept {
    ipv4_bits_[ipv4_] = bits;
    ipv4_rows_[ipv4_++] = row;
  }
  void add_invalid(std::uint32_t row) { invalid_.push_back(row); }

  /// Reads the texts that wait.
  void finish() {
    const detail::quick_text* const texts = texts_.data() + tried_;
    scan_ipv4(texts_count_ - tried_, [texts](std::size_t i) { return texts[i]; });
    for (std::size_t k = 0; k < left_; ++k) texts_[tried_ + k] = texts[rest_[k]];
    tried_ += left_;
    detail::quick_found<detail::u128> found{ipv6_bits_.data(), ipv6_rows_.data(), ipv6_};
    left_ = 0;
    detail::quick_scan_ipv6(texts_.data(), tried_, found, rest_.data(), left_);
    ipv6_ = found.count;
    for (std::size_t k = 0; k < left_; ++k) {
      const detail::quick_text& text = texts_[rest_[k]];
      scan({text.at, text.size}, text.row);
    }
    texts_count_ = tried_ = 0;
    std::sort(invalid_.begin(), invalid_.end());
  }

  [[nodiscard]] std::size_t ipv4_count() const noexcept { return ipv4_; }
  [[nodiscard]] std::uint32_t ipv4(std::size_t i) const noexcept { return ipv4_bits_[i]; }
  [[nodiscard]] std::uint32_t ipv4_row(std::size_t i) const noexcept { return ipv4_rows_[i]; }
  [[nodiscard]] std::size_t ipv6_count() const noexcept { return ipv6_; }
  [[nodiscard]] detail::u128 ipv6(std::size_t i) const noexcept { return ipv6_bits_[i]; }
  [[nodiscard]] std::uint32_t ipv6_row(std::size_t i) const noexcept { return ipv6_rows_[i]; }
  /// Rows that are neither null nor an address, ascending.
  [[nodiscard]] const std::vector<std::uint32_t>& invalid() const noexcept { return invalid_; }

 private:
  template <class TextOf>
  void scan_ipv4(std::size_t n, TextOf text_of) noexcept {
    detail::quick_found<std::uint32_t> found{ipv4_bits_.data(), ipv4_rows_.data(), ipv4_};
    left_ = 0;
    detail::quick_scan_ipv4(n, text_of, found, rest_.data(), left_);
    ipv4_ = found.count;
  }
  void add(address a, std::uint32_t row) noexcept {
    if (a.is_ipv4()) return add_ipv4(a.ipv4_bits(), row);
    ipv6_bits_[ipv6_] = a.bits();
    ipv6_rows_[ipv6_++] = row;
  }
  void scan(std::string_view text, std::uint32_t row) {
    const auto scanned = detail::scan_address(text);
    scanned ? add(scanned->value, row) : invalid_.push_back(row);  // a zone says nothing here [S-04]
  }

  std::size_t texts_count_ = 0;
  std::size_t tried_ = 0;  // of those, the first, which are no IPv4 addresses that the quick scan reads
  std::size_t ipv4_ = 0;
  std::size_t ipv6_ = 0;
  std::size_t left_ = 0;  // by the last scan, whose numbers are in `rest_`
  std::array<detail::quick_text, room> texts_;
  std::array<std::uint32_t, room + 1> rest_;  // one more: what is counted nowhere is written, too
  std::array<std::uint32_t, room + 1> ipv4_bits_;
  std::array<std::uint32_t, room + 1> ipv4_rows_;
  std::array<detail::u128, room + 1> ipv6_bits_;
  std::array<std::uint32_t, room + 1> ipv6_rows_;
  std::vector<std::uint32_t> invalid_;
};

}  // namespace smplist::arrow
