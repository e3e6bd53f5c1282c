// SPDX-License-Identifier: MIT
/// \file columns.hpp
/// Columns of addresses from Python: Arrow capsules and buffers are read where they lie, anything else item by item.
#pragma once

#include "bindings.hpp"

#include <smplist/arrow.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace smplist::python {

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
  /// Adds rows `from` to `to - 1`, at most as many as a block has room for.
  virtual void read(std::size_t from, std::size_t to, arrow::address_block& out) const = 0;
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

/// The hashes of clients' ids; nothing for None and for an id that is empty. [S-21]
[[nodiscard]] std::vector<std::optional<std::uint64_t>> read_keys(const py::object& source);

}  // namespace smplist::python
