// SPDX-License-Identifier: MIT
/// \file arrow/table.hpp
/// Side room. A small table of named columns, row by row in, as one Arrow stream out: what reports are to other programs.
#pragma once

#include <smplist/arrow/export.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace smplist::arrow {

enum class column_type : std::uint8_t { text, integer, flag };  // large_utf8, int64, bool

/// One column; any of its rows may have nothing.
class table_column {
 public:
  table_column(std::string name, column_type type) : name_(std::move(name)), type_(type) {}

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] column_type type() const noexcept { return type_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  void add_nothing() {
    ++nulls_;
    if (type_ == column_type::text) numbers_.push_back(static_cast<std::int64_t>(text_.size()));
    if (type_ == column_type::integer) numbers_.push_back(0);
    add_valid(false);
  }
  /// To a column of texts, in UTF-8.
  void add(std::string_view value) {
    text_ += value;
    numbers_.push_back(static_cast<std::int64_t>(text_.size()));
    add_valid(true);
  }
  /// To a column of integers.
  void add(std::int64_t value) {
    numbers_.push_back(value);
    add_valid(true);
  }
  /// To a column of flags.
  void add_flag(bool value) {
    if (value) set(flags_, size_);
    add_valid(true);
  }

  [[nodiscard]] const char* format() const noexcept {
    return type_ == column_type::text ? "U" : type_ == column_type::integer ? "l" : "b";
  }
  /// The array, which keeps `owner` alive.
  void to_arrow(const std::shared_ptr<const void>& owner, ArrowArray* out) const {
    auto memory = std::make_unique<exporting::array_memory>();
    memory->from = owner;
    memory->buffers = {valid_.data()};
    if (type_ == column_type::flag) memory->buffers.push_back(flags_.data());
    else memory->buffers.push_back(numbers_.data());
    if (type_ == column_type::text) memory->buffers.push_back(text_.data());
    exporting::fill_array(std::move(memory), size_, nulls_, out);
  }

 private:
  static void set(std::vector<std::uint8_t>& bits, std::size_t i) {
    bits[i / 8] = static_cast<std::uint8_t>(bits[i / 8] | 1U << (i % 8));
  }
  void add_valid(bool valid) {
    if (valid) set(valid_, size_);
    ++size_;
    if (size_ / 8 < valid_.size()) return;
    valid_.push_back(0);
    flags_.push_back(0);
  }

  std::string name_;
  column_type type_;
  std::size_t size_ = 0;
  std::size_t nulls_ = 0;
  std::vector<std::uint8_t> valid_ = {0};
  std::vector<std::uint8_t> flags_ = {0};
  std::vector<std::int64_t> numbers_ = std::vector<std::int64_t>(type_ == column_type::text ? 1 : 0);  // of texts: their ends
  std::string text_;
};

/// Columns of equal length.
using table = std::vector<table_column>;

inline void export_table(const std::shared_ptr<const table>& from, ArrowArray* out) {
  exporting::fill_struct(
      from->size(), from->empty() ? 0 : from->front().size(),
      [&](std::size_t i, ArrowArray* child) { (*from)[i].to_arrow(from, child); }, out);
}

inline void export_schema(const table& from, ArrowSchema* out) {
  exporting::fill_struct_schema(
      from.size(),
      [&](std::size_t i, ArrowSchema* child) {
        exporting::fill_schema(from[i].format(), from[i].name(), std::make_unique<exporting::schema_memory>(), child);
      },
      out);
}

}  // namespace smplist::arrow
