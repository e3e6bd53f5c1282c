// SPDX-License-Identifier: MIT
/// \file arrow/chunk.hpp
/// Side room. One array of Arrow as rows of addresses, read where it lies.
#pragma once

#include <smplist/arrow/block.hpp>
#include <smplist/arrow/structs.hpp>
#include <smplist/error.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace smplist::arrow {

/// An array of utf8, large_utf8, utf8_view, binary, large_binary, binary_view, uint32, fixed-size binary of 4 or 16 bytes, or a
/// dictionary of these. Owns the array; reading changes nothing.
class chunk {
 public:
  /// Takes the array out of `moved`, if its type holds addresses; `schema` is only read.
  /// \returns `errc::wrong_type` for another type, and `errc::corrupt` for an array that cannot be
  [[nodiscard]] static result<chunk> make(const ArrowSchema& schema, ArrowArray* moved) {
    const auto view = layout::of(schema);
    if (!view) return error_at(errc::wrong_type, 0, 0);
    chunk out;
    out.view_ = *view;
    const ArrowArray* words = nullptr;
    if (view->form == form::indices) {
      const auto dictionary = layout::of(*schema.dictionary);
      if (!dictionary || dictionary->form == form::indices) return error_at(errc::wrong_type, 0, 0);
      out.dictionary_ = *dictionary;
      words = moved->dictionary;
      if (words == nullptr || !is_sound(*words, *dictionary)) return error_at(errc::corrupt, 0, 0);
    }
    if (!is_sound(*moved, *view)) return error_at(errc::corrupt, 0, 0);
    if (view->form == form::views) out.view_buffers_ = view_buffers(*moved);
    if (words != nullptr && out.dictionary_.form == form::views) out.view_buffers_ = view_buffers(*words);
    out.array_ = owned<ArrowArray>(moved);
    return out;
  }

  [[nodiscard]] std::size_t size() const noexcept { return static_cast<std::size_t>(array_->length); }

  /// Adds rows `from` to `to - 1`, at most as many as a block has room for.
  void read(std::size_t from, std::size_t to, address_block& out) const {
    const ArrowArray& array = *array_.get();
    if (view_.form != form::indices) {
      const std::size_t rest = from + read_quickly(array, from, to, out);
      return by_form(array, view_, out, [&](auto add) { read_rows(array, from, rest, to, add); });
    }
    const ArrowArray& words = *array.dictionary;
    by_form(words, dictionary_, out, [&](auto add) {
      read_rows(array, from, from, to, [&](std::size_t position, std::uint32_t row) {
        const std::uint64_t index = index_at(position);
        if (index >= static_cast<std::uint64_t>(words.length)) return out.add_invalid(row);
        const std::size_t at = static_cast<std::size_t>(index) + static_cast<std::size_t>(words.offset);
        if (!is_null(words, at)) add(at, row);
      });
    });
  }

 private:
  enum class form : std::uint8_t { offsets32, offsets64, views, uint32, fixed, indices };

  /// How an array stores its items.
  struct layout {
    arrow::chunk::form form = form::offsets32;
    bool packed = false;    // bytes and no text
    std::size_t width = 0;  // of fixed-size items
    char index = 'i';       // the number type of indices

    [[nodiscard]] static std::optional<layout> of(const ArrowSchema& schema) noexcept {
      const std::string_view f = schema.format == nullptr ? std::string_view() : schema.format;
      if (schema.dictionary != nullptr) {
        if (f.size() != 1 || std::string_view("cCsSiIlL").find(f.front()) == std::string_view::npos) return {};
        return layout{form::indices, false, 0, f.front()};
      }
      if (f == "u" || f == "z") return layout{form::offsets32, f == "z"};
      if (f == "U" || f == "Z") return layout{form::offsets64, f == "Z"};
      if (f == "vu" || f == "vz") return layout{form::views, f == "vz"};
      if (f == "I") return layout{form::uint32};
      if (f == "w:4") return layout{form::fixed, true, 4};
      if (f == "w:16") return layout{form::fixed, true, 16};
      return {};
    }
  };

  chunk() = default;

  template <class Number>
  [[nodiscard]] static Number number_at(const void* from, std::size_t i) noexcept {
    Number value;
    std::memcpy(&value, static_cast<const char*>(from) + sizeof(Number) * i, sizeof value);
    return value;
  }

  /// Are the buffers there that rows are read from?
  [[nodiscard]] static bool is_sound(const ArrowArray& array, const layout& of) noexcept {
    if (array.length < 0 || array.offset < 0 || array.length > std::numeric_limits<std::int64_t>::max() - array.offset)
      return false;
    const std::int64_t least = of.form == form::offsets32 || of.form == form::offsets64 || of.form == form::views ? 3 : 2;
    if (array.n_buffers < least || array.buffers == nullptr) return false;
    return array.length == 0 || array.buffers[1] != nullptr;
  }

  [[nodiscard]] static bool is_null(const ArrowArray& array, std::size_t at) noexcept {
    if (array.null_count == 0 || array.buffers[0] == nullptr) return false;
    return (static_cast<const std::uint8_t*>(array.buffers[0])[at / 8] >> (at % 8) & 1U) == 0;
  }

  [[nodiscard]] static bool has_nulls(const ArrowArray& array) noexcept {
    return array.null_count != 0 && array.buffers[0] != nullptr;
  }

  /// Calls `add(position in the array, row)` for `next` to `to - 1`, nulls left out; `from` is row 0.
  template <class Add>
  static void read_rows(const ArrowArray& array, std::size_t from, std::size_t next, std::size_t to, Add add) {
    const auto offset = static_cast<std::size_t>(array.offset);
    const bool nulls = has_nulls(array);
    for (std::size_t i = next; i < to; ++i) {
      if (!nulls || !is_null(array, i + offset)) add(i + offset, static_cast<std::uint32_t>(i - from));
    }
  }

  /// Reads the first rows, if they are sound texts that lie well before the end of a buffer. \returns how many
  [[nodiscard]] std::size_t read_quickly(const ArrowArray& array, std::size_t from, std::size_t to, address_block& out) const {
    if (!detail::has_quick_scan || view_.packed || from == to) return 0;
    const auto offset = static_cast<std::size_t>(array.offset);
    switch (view_.form) {
      case form::offsets32: return read_between<std::int32_t>(array, from + offset, to + offset, out);
      case form::offsets64: return read_between<std::int64_t>(array, from + offset, to + offset, out);
      case form::views: return read_views(array, from + offset, to + offset, out);
      default: return 0;
    }
  }

  /// Adds the texts of `n` rows, nulls left out; `from` is where row 0 stands in the array, `text_of(row)` gives a text.
  template <class TextOf>
  static void add_texts(const ArrowArray& array, std::size_t from, std::size_t n, TextOf text_of, address_block& out) {
    if (!has_nulls(array)) return out.add_texts(n, text_of);
    std::array<std::uint32_t, address_block::room + 1> rows;  // one more: what is counted nowhere is written, too
    std::size_t count = 0;
    for (std::size_t i = 0; i < n; ++i) {
      rows[count] = static_cast<std::uint32_t>(i);
      count += is_null(array, from + i) ? 0U : 1U;
    }
    out.add_texts(count, [&](std::size_t i) { return text_of(rows[i]); });
  }

  template <class Offset>
  [[nodiscard]] static std::size_t read_between(const ArrowArray& array, std::size_t from, std::size_t to, address_block& out) {
    const void* const offsets = array.buffers[1];
    const char* const text = static_cast<const char*>(array.buffers[2]);
    const auto at = [&](std::size_t i) { return number_at<Offset>(offsets, i); };
    const auto last = static_cast<std::int64_t>(at(static_cast<std::size_t>(array.length + array.offset)));
    while (to > from && at(to) > last - static_cast<std::int64_t>(detail::quick_scan_reads)) --to;
    bool wrong = text == nullptr || at(from) < 0;
    for (std::size_t i = from; i < to; ++i) wrong |= at(i + 1) < at(i);
    if (wrong) return 0;
    const auto text_of = [=](std::size_t i) {
      const auto begin = number_at<Offset>(offsets, from + i);
      const auto size = static_cast<std::size_t>(number_at<Offset>(offsets, from + i + 1) - begin);
      return detail::quick_text{text + begin, size, static_cast<std::uint32_t>(i)};
    };
    add_texts(array, from, to - from, text_of, out);
    return to - from;
  }

  /// Calls `use(add)`, once for all rows; `add(position in the array, row)` adds an item to `out`.
  template <class Use>
  void by_form(const ArrowArray& array, const layout& of, address_block& out, Use use) const {
    switch (of.form) {
      case form::offsets32:
        return use([&](std::size_t at, std::uint32_t row) { add_between<std::int32_t>(array, of, at, row, out); });
      case form::offsets64:
        return use([&](std::size_t at, std::uint32_t row) { add_between<std::int64_t>(array, of, at, row, out); });
      case form::views: return use([&](std::size_t at, std::uint32_t row) { add_view(array, of, at, row, out); });
      case form::uint32:
        return use([&](std::size_t at, std::uint32_t row) { out.add_ipv4(number_at<std::uint32_t>(array.buffers[1], at), row); });
      case form::fixed: return use([&](std::size_t at, std::uint32_t row) { add_fixed(array, of, at, row, out); });
      case form::indices: return;  // never an item itself
    }
  }

  static void add_bytes(const layout& of, std::string_view bytes, std::size_t readable, std::uint32_t row, address_block& out) {
    of.packed ? out.add_packed(bytes, row) : out.add_text(bytes, readable, row);
  }

  template <class Offset>
  static void add_between(const ArrowArray& array, const layout& of, std::size_t at, std::uint32_t row, address_block& out) {
    const void* const offsets = array.buffers[1];
    const auto from = number_at<Offset>(offsets, at);
    const auto to = number_at<Offset>(offsets, at + 1);
    const auto end = number_at<Offset>(offsets, static_cast<std::size_t>(array.length + array.offset));
    if (from < 0 || to < from || end < to) return out.add_invalid(row);
    const char* const text = static_cast<const char*>(array.buffers[2]);
    if (text == nullptr && from != to) return out.add_invalid(row);
    const std::string_view bytes = text == nullptr ? "" : std::string_view(text + from, static_cast<std::size_t>(to - from));
    add_bytes(of, bytes, static_cast<std::size_t>(text == nullptr ? 0 : end - from), row, out);
  }

  /// A buffer that views point into.
  struct view_buffer {
    const char* at = nullptr;
    std::int64_t size = 0;
  };

  /// Those of an array of views, or one that is empty: so that whoever looks for the first finds one.
  [[nodiscard]] static std::vector<view_buffer> view_buffers(const ArrowArray& array) {
    std::vector<view_buffer> out;
    for (std::int64_t i = 2; i + 1 < array.n_buffers && array.buffers[array.n_buffers - 1] != nullptr; ++i) {
      const auto size = number_at<std::int64_t>(array.buffers[array.n_buffers - 1], static_cast<std::size_t>(i - 2));
      const char* const at = static_cast<const char*>(array.buffers[i]);
      out.push_back({at, at == nullptr ? 0 : std::max<std::int64_t>(size, 0)});
    }
    if (out.empty()) out.emplace_back();
    return out;
  }

  /// Short ones stand in the view itself, others in one of the buffers behind it. Which is not predictable: no branch asks.
  void add_view(const ArrowArray& array, const layout& of, std::size_t at, std::uint32_t row, address_block& out) const {
    const char* const view = static_cast<const char*>(array.buffers[1]) + 16 * at;
    const auto size = number_at<std::int32_t>(view, 0);
    const std::size_t is_long = (12U - static_cast<std::uint32_t>(size)) >> 31U;  // of a size that is not negative
    const auto mask = static_cast<std::uint32_t>(0 - is_long);
    const std::uint32_t which = number_at<std::uint32_t>(view, 2) & mask;
    const std::uint32_t offset = number_at<std::uint32_t>(view, 3) & mask;
    if (size < 0 || which >= view_buffers_.size()) return out.add_invalid(row);
    const view_buffer& behind = view_buffers_[which];
    const std::array<std::int64_t, 2> held = {std::numeric_limits<std::int64_t>::max(), behind.size};
    if (std::int64_t{offset} + size > held[is_long]) return out.add_invalid(row);
    const std::size_t rows_left = static_cast<std::size_t>(array.length + array.offset) - at;
    const std::array<std::size_t, 2> readable = {16 * rows_left - 4, static_cast<std::size_t>(behind.size) - offset};
    const std::array<const char*, 2> texts = {view + 4, behind.at + offset};
    add_bytes(of, {texts[is_long], static_cast<std::size_t>(size)}, readable[is_long], row, out);
  }

  /// The same for many rows; none is added if one is not sound.
  [[nodiscard]] std::size_t read_views(const ArrowArray& array, std::size_t from, std::size_t to, address_block& out) const {
    constexpr std::size_t behind_it = detail::quick_scan_reads / 16;  // views that are read with one
    const auto end = static_cast<std::size_t>(array.length + array.offset);
    to = std::min(to, end - std::min(end, behind_it));
    if (to <= from) return 0;
    const char* const views = static_cast<const char*>(array.buffers[1]) + 16 * from;
    const view_buffer* const buffers = view_buffers_.data();
    const std::size_t count = view_buffers_.size();
    bool wrong = false;
    const auto text_of = [=, &wrong](std::size_t i) {
      const char* const view = views + 16 * i;
      const auto size = number_at<std::uint32_t>(view, 0);
      const std::size_t is_long = size > 12 ? 1 : 0;
      const std::size_t mask = 0 - is_long;
      const std::size_t which = number_at<std::uint32_t>(view, 2) & mask;
      const std::size_t offset = number_at<std::uint32_t>(view, 3) & mask;
      const view_buffer& behind = buffers[which < count ? which : 0];
      const std::size_t read = std::max<std::size_t>(size, detail::quick_scan_reads) & mask;
      const bool fits = which < count && offset + read <= static_cast<std::size_t>(behind.size);
      if (!fits) wrong = true;
      const std::array<const char*, 2> texts = {view + 4, behind.at + (fits ? offset : 0)};
      return detail::quick_text{texts[fits ? is_long : 0], size, static_cast<std::uint32_t>(i)};
    };
    add_texts(array, from, to - from, text_of, out);
    if (!wrong) return to - from;
    out.clear();
    return 0;
  }

  static void add_fixed(const ArrowArray& array, const layout& of, std::size_t at, std::uint32_t row, address_block& out) {
    out.add_packed({static_cast<const char*>(array.buffers[1]) + of.width * at, of.width}, row);
  }

  [[nodiscard]] std::uint64_t index_at(std::size_t at) const noexcept {
    const void* const from = array_->buffers[1];
    switch (view_.index) {  // a negative index is larger than any dictionary
      case 'c': return static_cast<std::uint64_t>(std::int64_t{number_at<std::int8_t>(from, at)});
      case 'C': return number_at<std::uint8_t>(from, at);
      case 's': return static_cast<std::uint64_t>(std::int64_t{number_at<std::int16_t>(from, at)});
      case 'S': return number_at<std::uint16_t>(from, at);
      case 'i': return static_cast<std::uint64_t>(std::int64_t{number_at<std::int32_t>(from, at)});
      case 'I': return number_at<std::uint32_t>(from, at);
      case 'l': return static_cast<std::uint64_t>(number_at<std::int64_t>(from, at));
      default: return number_at<std::uint64_t>(from, at);
    }
  }

  owned<ArrowArray> array_;
  layout view_;
  layout dictionary_;
  std::vector<view_buffer> view_buffers_;
};

}  // namespace smplist::arrow
