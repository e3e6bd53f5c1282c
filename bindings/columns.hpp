// SPDX-License-Identifier: MIT
/// \file columns.hpp
/// Columns of addresses from Python: Arrow capsules and buffers are read where they lie, anything else item by item.
#pragma once

#include "bindings.hpp"

#include <smplist/detail/bytes.hpp>

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
};

/// One chunk of a column. `at` is pure: it needs no lock of Python's.
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
