// SPDX-License-Identifier: MIT
/// \file columns.hpp
/// Columns of addresses from Python: Arrow capsules and buffers are read where they lie, anything else item by item.
#pragma once

#include "bindings.hpp"

#include <smplist/detail/bytes.hpp>
#include <smplist/detail/quick_scan.hpp>

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// the C data interface of Apache Arrow; the guards are the ones that its specification names
extern "C" {
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE
struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;
  void (*release)(struct ArrowSchema*);
  void* private_data;
};
struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void** buffers;
  struct ArrowArray** children;
  struct ArrowArray* dictionary;
  void (*release)(struct ArrowArray*);
  void* private_data;
};
#endif
#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE
struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream*, struct ArrowSchema*);
  int (*get_next)(struct ArrowArrayStream*, struct ArrowArray*);
  const char* (*get_last_error)(struct ArrowArrayStream*);
  void (*release)(struct ArrowArrayStream*);
  void* private_data;
};
#endif
}

namespace smplist::python {

/// An Arrow structure that releases itself.
template <class T>
struct released {
  T value{};
  released() = default;
  released(const released&) = delete;
  released& operator=(const released&) = delete;
  released(released&&) = delete;
  released& operator=(released&&) = delete;
  ~released() {
    if (value.release != nullptr) value.release(&value);
  }
};

/// What the items of a column are.
enum class item_kind : std::uint8_t { text, ipv4_number, bytes };

/// An item of a column: text, the 32 bits of an IPv4 address, or 4 or 16 packed bytes; or nothing.
struct column_item {
  bool null = false;
  item_kind kind = item_kind::text;
  std::string_view bytes = {};
  std::uint32_t number = 0;
  std::size_t readable = 0;  // bytes from the start of `bytes` that may be read; 0: no more than it has
};

/// Up to `room` addresses of a column by family, and the rows that they stand in.
class address_block {
 public:
  static constexpr std::size_t room = 1024;

  std::size_t ipv4_count = 0;
  std::size_t ipv6_count = 0;
  std::array<std::uint32_t, room> ipv4;
  std::array<std::uint32_t, room> ipv4_row;  // counted from the first row of the block
  std::array<smplist::detail::u128, room> ipv6;
  std::array<std::uint32_t, room> ipv6_row;
  std::vector<std::uint32_t> invalid;  // rows that are neither null nor an address

  void clear() noexcept {
    ipv4_count = 0;
    ipv6_count = 0;
    invalid.clear();
  }
  void add_ipv4(std::uint32_t bits, std::uint32_t row) noexcept {
    ipv4[ipv4_count] = bits;
    ipv4_row[ipv4_count++] = row;
  }
  void add(address a, std::uint32_t row) noexcept {
    if (a.is_ipv4()) return add_ipv4(a.ipv4_bits(), row);
    ipv6[ipv6_count] = a.bits();
    ipv6_row[ipv6_count++] = row;
  }
  void add(const column_item& item, std::uint32_t row) {
    if (item.null) return;
    switch (item.kind) {
      case item_kind::ipv4_number: return add_ipv4(item.number, row);
      case item_kind::bytes: return add_packed(item.bytes, row);
      case item_kind::text: break;
    }
    std::uint32_t bits = 0;
    if (smplist::detail::quick_scan_ipv4(item.bytes.data(), item.bytes.size(), item.readable, bits)) return add_ipv4(bits, row);
    const auto scanned = smplist::detail::scan_address(item.bytes);
    scanned ? add(scanned->value, row) : invalid.push_back(row);  // a zone says nothing here [S-04]
  }

 private:
  void add_packed(std::string_view bytes, std::uint32_t row) {
    if (bytes.size() != 4 && bytes.size() != 16) return invalid.push_back(row);
    smplist::detail::u128 bits;
    for (const char c : bytes) bits = {bits.hi << 8U | bits.lo >> 56U, bits.lo << 8U | static_cast<unsigned char>(c)};
    bytes.size() == 4 ? add_ipv4(static_cast<std::uint32_t>(bits.lo), row) : add(address::from_ipv6(bits.hi, bits.lo), row);
  }
};

/// One chunk of a column. Reading is pure: it needs no lock of Python's.
class column_chunk {
 public:
  column_chunk() = default;
  column_chunk(const column_chunk&) = delete;
  column_chunk& operator=(const column_chunk&) = delete;
  column_chunk(column_chunk&&) = delete;
  column_chunk& operator=(column_chunk&&) = delete;
  virtual ~column_chunk() = default;
  [[nodiscard]] virtual std::size_t size() const noexcept = 0;
  [[nodiscard]] virtual column_item at(std::size_t i) const noexcept = 0;
  /// Adds rows `from` to `to - 1`, at most as many as a block has room for.
  virtual void read(std::size_t from, std::size_t to, address_block& out) const {
    for (std::size_t i = from; i < to; ++i) out.add(at(i), static_cast<std::uint32_t>(i - from));
  }
};

/// A column, chunk by chunk, and what keeps its memory alive.
struct column {
  std::vector<std::unique_ptr<column_chunk>> chunks = {};

  [[nodiscard]] std::size_t size() const noexcept {
    std::size_t rows = 0;
    for (const auto& c : chunks) rows += c->size();
    return rows;
  }
};

/// Reads a column from what Python gave.
///
/// Accepts an Arrow array or stream of one column (utf8, large_utf8, utf8_view, a dictionary of these, uint32, fixed-size binary
/// of 4 or 16 bytes, binary), a buffer (uint32; uint8 of shape (n, 16); S16; U), or an iterable of text, int, `ipaddress`
/// addresses, `Address` and None.
[[nodiscard]] column read_column(const py::object& source);

}  // namespace smplist::python
