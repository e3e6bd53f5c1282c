// SPDX-License-Identifier: MIT
// The product's own indexes, in a buffer as compiled policies keep it.
#pragma once

#include "../peer.hpp"

#include <smplist/compile/storage.hpp>
#include <smplist/detail/index_ipv4.hpp>
#include <smplist/detail/index_ipv6.hpp>

#include <memory>
#include <vector>

namespace bench {

class smplist_ipv4 {
 public:
  static constexpr const char* name = "smplist";

  explicit smplist_ipv4(const table<std::uint32_t>& t) {
    std::vector<smplist::detail::ipv4_cell> cells;
    std::uint32_t highest = 0;
    for (std::size_t i = 0; i < t.first.size(); ++i) {
      cells.push_back({t.first[i], t.value[i]});
      highest = std::max<std::uint32_t>(highest, t.value[i]);
    }
    bytes_ = smplist::detail::storage::of(smplist::detail::ipv4_index_writer::write(cells, highest));
    index_ = smplist::detail::ipv4_index(bytes_->data());
  }
  [[nodiscard]] std::size_t bytes() const { return bytes_->size(); }
  [[nodiscard]] const std::byte* head() const { return bytes_->data(); }
  [[nodiscard]] std::uint16_t find(std::uint32_t x) const { return static_cast<std::uint16_t>(index_.find(x)); }
  void find_many(const std::uint32_t* queries, std::size_t n, std::uint16_t* out) const {
    index_.find_many(
        n, [=](std::size_t i) { return queries[i]; },
        [=](std::size_t i, std::uint32_t value) { out[i] = static_cast<std::uint16_t>(value); });
  }

 private:
  std::shared_ptr<const smplist::detail::storage> bytes_;
  smplist::detail::ipv4_index index_;
};

class smplist_ipv6 {
 public:
  static constexpr const char* name = "smplist";

  explicit smplist_ipv6(const table<u128>& t) {
    std::vector<smplist::detail::ipv6_cell> cells;
    for (std::size_t i = 0; i < t.first.size(); ++i) cells.push_back({t.first[i], t.value[i]});
    bytes_ = smplist::detail::storage::of(smplist::detail::ipv6_index_writer::write(cells));
    index_ = smplist::detail::ipv6_index(bytes_->data());
  }
  [[nodiscard]] std::size_t bytes() const { return bytes_->size(); }
  [[nodiscard]] const std::byte* head() const { return bytes_->data(); }
  [[nodiscard]] std::uint16_t find(u128 x) const { return static_cast<std::uint16_t>(index_.find(x)); }
  void find_many(const u128* queries, std::size_t n, std::uint16_t* out) const {
    index_.find_many(
        n, [=](std::size_t i) { return queries[i]; },
        [=](std::size_t i, std::uint32_t value) { out[i] = static_cast<std::uint16_t>(value); });
  }

 private:
  std::shared_ptr<const smplist::detail::storage> bytes_;
  smplist::detail::ipv6_index index_;
};

}  // namespace bench
