// SPDX-License-Identifier: MIT
// Arrow chunks, buffers and iterables as columns of addresses.
#include "columns.hpp"

#include <array>
#include <limits>

namespace smplist::python {

namespace {

constexpr const char* accepted =
    "accepted are Arrow utf8, large_utf8, utf8_view, dictionaries of these, uint32, fixed-size binary of 4 or 16 bytes and "
    "binary; "
    "buffers of uint32, of uint8 with shape (n, 16), S16 and U; and iterables of str, int, ipaddress addresses and None";

template <class Number>
[[nodiscard]] Number number_at(const void* from, std::size_t i) noexcept {
  Number value;
  std::memcpy(&value, static_cast<const char*>(from) + sizeof(Number) * i, sizeof value);
  return value;
}

/// How a chunk stores its items.
enum class arrow_form : std::uint8_t { offsets32, offsets64, views, uint32, fixed, indices };

/// A chunk of an Arrow array. Owns it.
class arrow_chunk : public column_chunk {
 public:
  arrow_chunk(const ArrowSchema& schema, ArrowArray* moved) {
    array_.value = *moved;
    moved->release = nullptr;
    view_ = {&array_.value, form_of(schema), item_of(schema), width_of(schema)};
    if (schema.dictionary != nullptr) {
      index_format_ = schema.format[0];
      view_.form = arrow_form::indices;
      if (array_.value.dictionary == nullptr) throw py::value_error("the Arrow dictionary is missing");
      dictionary_ = {array_.value.dictionary, form_of(*schema.dictionary), item_of(*schema.dictionary),
                     width_of(*schema.dictionary)};
    }
    if (array_.value.length < 0 || array_.value.offset < 0)
      throw py::value_error("the Arrow array has a negative length or offset");
  }

  [[nodiscard]] std::size_t size() const noexcept override { return static_cast<std::size_t>(array_.value.length); }
  [[nodiscard]] column_item at(std::size_t i) const noexcept override {
    const std::size_t row = i + static_cast<std::size_t>(view_.array->offset);
    if (is_null(*view_.array, row)) return {true};
    if (view_.form != arrow_form::indices) return item(view_, row);
    const std::uint64_t index = index_at(row);
    if (index >= static_cast<std::uint64_t>(dictionary_.array->length)) return {false, item_kind::text, no_address};
    const std::size_t entry = static_cast<std::size_t>(index) + static_cast<std::size_t>(dictionary_.array->offset);
    return is_null(*dictionary_.array, entry) ? column_item{true} : item(dictionary_, entry);
  }

  void read(std::size_t from, std::size_t to, address_block& out) const override {
    switch (view_.form) {  // once for all rows
      case arrow_form::offsets32:
        return read_rows(from, to, out, [&](std::size_t row) { return between<std::int32_t>(view_, row); });
      case arrow_form::offsets64:
        return read_rows(from, to, out, [&](std::size_t row) { return between<std::int64_t>(view_, row); });
      case arrow_form::views: return read_rows(from, to, out, [&](std::size_t row) { return viewed(view_, row); });
      default: return column_chunk::read(from, to, out);
    }
  }

 private:
  template <class Item>
  void read_rows(std::size_t from, std::size_t to, address_block& out, Item item_of_row) const {
    const auto offset = static_cast<std::size_t>(view_.array->offset);
    const bool nulls = view_.array->null_count != 0 && view_.array->buffers[0] != nullptr;
    for (std::size_t i = from; i < to; ++i) {
      if (!nulls || !is_null(*view_.array, i + offset)) out.add(item_of_row(i + offset), static_cast<std::uint32_t>(i - from));
    }
  }

  struct layout {
    const ArrowArray* array = nullptr;
    arrow_form form = arrow_form::offsets32;
    item_kind kind = item_kind::text;
    std::size_t width = 0;
  };

  [[nodiscard]] static arrow_form form_of(const ArrowSchema& schema) {
    if (schema.dictionary != nullptr) return arrow_form::indices;
    const std::string_view format = schema.format;
    if (format == "u" || format == "z") return arrow_form::offsets32;
    if (format == "U" || format == "Z") return arrow_form::offsets64;
    if (format == "vu" || format == "vz") return arrow_form::views;
    if (format == "I") return arrow_form::uint32;
    if (format == "w:4" || format == "w:16") return arrow_form::fixed;
    if (format == "+s") throw py::type_error("this is a table and not a column: give one of its columns");
    throw py::type_error("a column of the Arrow type '" + std::string(format) + "' holds no addresses; " + accepted);
  }
  [[nodiscard]] static item_kind item_of(const ArrowSchema& schema) {
    const std::string_view format = schema.format;
    if (format == "I" && schema.dictionary == nullptr) return item_kind::ipv4_number;
    return format == "z" || format == "Z" || format == "vz" || format.substr(0, 2) == "w:" ? item_kind::bytes : item_kind::text;
  }
  [[nodiscard]] static std::size_t width_of(const ArrowSchema& schema) {
    return std::string_view(schema.format) == "w:4" ? 4 : 16;
  }

  [[nodiscard]] static bool is_null(const ArrowArray& array, std::size_t row) noexcept {
    if (array.null_count == 0 || array.buffers[0] == nullptr) return false;
    return (static_cast<const std::uint8_t*>(array.buffers[0])[row / 8] >> (row % 8) & 1U) == 0;
  }

  [[nodiscard]] std::uint64_t index_at(std::size_t row) const noexcept {
    const void* const from = view_.array->buffers[1];
    switch (index_format_) {  // a negative index is larger than any dictionary
      case 'c': return static_cast<std::uint64_t>(std::int64_t{number_at<std::int8_t>(from, row)});
      case 'C': return number_at<std::uint8_t>(from, row);
      case 's': return static_cast<std::uint64_t>(std::int64_t{number_at<std::int16_t>(from, row)});
      case 'S': return number_at<std::uint16_t>(from, row);
      case 'i': return static_cast<std::uint64_t>(std::int64_t{number_at<std::int32_t>(from, row)});
      case 'I': return number_at<std::uint32_t>(from, row);
      case 'l': return static_cast<std::uint64_t>(number_at<std::int64_t>(from, row));
      case 'L': return number_at<std::uint64_t>(from, row);
      default: return std::numeric_limits<std::uint64_t>::max();
    }
  }

  static constexpr std::string_view no_address = "?";

  template <class Offset>
  [[nodiscard]] static column_item between(const layout& of, std::size_t row) noexcept {
    const void* const offsets = of.array->buffers[1];
    const auto from = number_at<Offset>(offsets, row);
    const auto to = number_at<Offset>(offsets, row + 1);
    const auto end = number_at<Offset>(offsets, static_cast<std::size_t>(of.array->length + of.array->offset));
    if (from < 0 || to < from || end < to) return {false, of.kind, no_address};
    const char* const text = static_cast<const char*>(of.array->buffers[2]) + from;
    return {false, of.kind, {text, static_cast<std::size_t>(to - from)}, 0, static_cast<std::size_t>(end - from)};
  }

  /// Short ones stand in the view itself, others in one of the buffers behind it.
  [[nodiscard]] static column_item viewed(const layout& of, std::size_t row) noexcept {
    const ArrowArray& array = *of.array;
    const char* const view = static_cast<const char*>(array.buffers[1]) + 16 * row;
    const auto size = number_at<std::int32_t>(view, 0);
    if (size < 0) return {false, of.kind, no_address};
    const std::size_t rows_left = static_cast<std::size_t>(array.length + array.offset) - row;
    if (size <= 12) return {false, of.kind, {view + 4, static_cast<std::size_t>(size)}, 0, 16 * rows_left - 4};
    const auto buffer = number_at<std::int32_t>(view, 2);
    const auto offset = number_at<std::int32_t>(view, 3);
    if (buffer < 0 || offset < 0 || buffer + 3 >= array.n_buffers) return {false, of.kind, no_address};
    const auto held = number_at<std::int64_t>(array.buffers[array.n_buffers - 1], static_cast<std::size_t>(buffer));
    if (held < std::int64_t{offset} + size) return {false, of.kind, no_address};
    const char* const text = static_cast<const char*>(array.buffers[2 + buffer]) + offset;
    return {false, of.kind, {text, static_cast<std::size_t>(size)}, 0, static_cast<std::size_t>(held - offset)};
  }

  [[nodiscard]] static column_item item(const layout& of, std::size_t row) noexcept {
    switch (of.form) {
      case arrow_form::offsets32: return between<std::int32_t>(of, row);
      case arrow_form::offsets64: return between<std::int64_t>(of, row);
      case arrow_form::views: return viewed(of, row);
      case arrow_form::uint32: return {false, of.kind, {}, number_at<std::uint32_t>(of.array->buffers[1], row)};
      case arrow_form::fixed:
        return {false, of.kind, {static_cast<const char*>(of.array->buffers[1]) + of.width * row, of.width}};
      case arrow_form::indices: break;
    }
    return {true};
  }

  released<ArrowArray> array_;
  layout view_;
  layout dictionary_;
  char index_format_ = 'i';
};

/// A buffer of Python's: uint32, rows of 16 bytes, S16, or U (whose texts are kept as UTF-8).
class buffer_chunk : public column_chunk {
 public:
  explicit buffer_chunk(py::buffer_info info) : info_(std::move(info)) {
    const std::string& f = info_.format;
    const std::string_view type = !f.empty() && (f[0] == '<' || f[0] == '=' || f[0] == '@') ? std::string_view(f).substr(1) : f;
    const bool number = (type == "I" || type == "L") && info_.itemsize == 4 && info_.ndim == 1;
    const bool packed = type == "B" && info_.ndim == 2 && info_.shape[1] == 16 && info_.strides[1] == 1;
    const bool bytes = !type.empty() && type.back() == 's' && info_.itemsize == 16 && info_.ndim == 1;
    wide_ = !type.empty() && type.back() == 'w' && info_.ndim == 1;
    if (!number && !packed && !bytes && !wide_) {
      throw py::type_error("a buffer of format '" + f + "' with " + std::to_string(info_.ndim) +
                           " dimensions holds no addresses; " + accepted);
    }
    kind_ = number ? item_kind::ipv4_number : wide_ ? item_kind::text : item_kind::bytes;
    if (wide_) narrow();
  }

  [[nodiscard]] std::size_t size() const noexcept override { return static_cast<std::size_t>(info_.shape[0]); }
  [[nodiscard]] column_item at(std::size_t i) const noexcept override {
    if (wide_) return {false, kind_, texts_[i]};
    const char* const from = static_cast<const char*>(info_.ptr) + info_.strides[0] * static_cast<py::ssize_t>(i);
    if (kind_ == item_kind::bytes) return {false, kind_, {from, 16}};
    return {false, kind_, {}, number_at<std::uint32_t>(from, 0)};
  }

 private:
  /// Address text is ASCII: anything else becomes a character that no address has.
  void narrow() {
    const std::size_t width = static_cast<std::size_t>(info_.itemsize) / 4;
    for (std::size_t i = 0; i < size(); ++i) {
      const char* const from = static_cast<const char*>(info_.ptr) + info_.strides[0] * static_cast<py::ssize_t>(i);
      std::string text;
      for (std::size_t k = 0; k < width; ++k) {
        const auto c = number_at<std::uint32_t>(from, k);
        text += c < 0x80 ? static_cast<char>(c) : '?';
      }
      while (!text.empty() && text.back() == '\0') text.pop_back();
      texts_.push_back(std::move(text));
    }
  }

  py::buffer_info info_;
  bool wide_ = false;
  item_kind kind_ = item_kind::text;
  std::vector<std::string> texts_;
};

/// Items that Python gave one by one.
class item_chunk : public column_chunk {
 public:
  explicit item_chunk(const py::object& items) {
    for (const py::handle item : items) add(item);
  }

  [[nodiscard]] std::size_t size() const noexcept override { return items_.size(); }
  [[nodiscard]] column_item at(std::size_t i) const noexcept override {
    const entry& e = items_[i];
    return {e.null, e.kind, e.bytes};
  }

 private:
  struct entry {
    bool null = false;
    item_kind kind = item_kind::text;
    std::string bytes = {};
  };

  void add(py::handle item) {
    if (item.is_none()) {
      items_.push_back({true});
    } else if (PyUnicode_Check(item.ptr())) {
      Py_ssize_t size = 0;
      const char* const text = PyUnicode_AsUTF8AndSize(item.ptr(), &size);
      if (text == nullptr) PyErr_Clear();  // half of a surrogate pair: no address has one
      items_.push_back({false, item_kind::text, text == nullptr ? "?" : std::string(text, static_cast<std::size_t>(size))});
    } else if (PyLong_Check(item.ptr()) && !PyBool_Check(item.ptr())) {
      add_number(item);
    } else if (py::isinstance<address>(item)) {
      items_.push_back({false, item_kind::text, item.cast<const address&>().to_text()});
    } else if (py::hasattr(item, "packed")) {
      const auto packed = item.attr("packed").cast<std::string>();
      const bool scoped = py::hasattr(item, "scope_id") && !item.attr("scope_id").is_none();
      items_.push_back(scoped ? entry{false, item_kind::text, py::str(item).cast<std::string>()}
                              : entry{false, item_kind::bytes, packed});
    } else if (PyFloat_Check(item.ptr()) && item.cast<double>() != item.cast<double>()) {
      items_.push_back({true});  // how tables of pandas write a missing text
    } else {
      throw py::type_error("row " + std::to_string(items_.size()) + " is a " +
                           py::type::handle_of(item).attr("__name__").cast<std::string>() + "; " + accepted);
    }
  }

  /// As `ipaddress.ip_address` reads a number: below 2^32 it is IPv4. One out of range is a bad row.
  void add_number(py::handle item) {
    const auto text = py::str(item).cast<std::string>();
    try {
      items_.push_back({false, item_kind::bytes,
                        py::module_::import("ipaddress").attr("ip_address")(item).attr("packed").cast<std::string>()});
    } catch (const py::error_already_set&) {
      items_.push_back({false, item_kind::text, text});
    }
  }

  std::vector<entry> items_;
};

void add_stream(column& out, const py::object& source) {
  const py::capsule capsule = source.attr("__arrow_c_stream__")();
  auto* const stream = static_cast<ArrowArrayStream*>(PyCapsule_GetPointer(capsule.ptr(), "arrow_array_stream"));
  if (stream == nullptr) throw py::error_already_set();
  if (stream->release == nullptr) throw py::value_error("the Arrow stream was released already");
  const auto said = [&](int code) {
    if (code == 0) return;
    const char* const what = stream->get_last_error(stream);
    throw py::value_error(std::string("the Arrow stream failed: ") + (what == nullptr ? "no reason given" : what));
  };
  released<ArrowSchema> schema;
  said(stream->get_schema(stream, &schema.value));
  for (;;) {
    released<ArrowArray> chunk;
    said(stream->get_next(stream, &chunk.value));
    if (chunk.value.release == nullptr) return;
    out.chunks.push_back(std::make_unique<arrow_chunk>(schema.value, &chunk.value));
  }
}

void add_array(column& out, const py::object& source) {
  const py::tuple pair = source.attr("__arrow_c_array__")();
  const py::object schema_capsule = pair[0];
  const py::object array_capsule = pair[1];
  const auto* const schema = static_cast<ArrowSchema*>(PyCapsule_GetPointer(schema_capsule.ptr(), "arrow_schema"));
  auto* const array =
      schema == nullptr ? nullptr : static_cast<ArrowArray*>(PyCapsule_GetPointer(array_capsule.ptr(), "arrow_array"));
  if (array == nullptr) throw py::error_already_set();
  if (schema->release == nullptr || array->release == nullptr) throw py::value_error("the Arrow array was released already");
  out.chunks.push_back(std::make_unique<arrow_chunk>(*schema, array));
}

}  // namespace

column read_column(const py::object& source) {
  column out;
  if (py::hasattr(source, "__arrow_c_stream__")) {
    add_stream(out, source);
  } else if (py::hasattr(source, "__arrow_c_array__")) {
    add_array(out, source);
  } else if (py::isinstance<py::str>(source) || py::isinstance<py::bytes>(source) || py::isinstance<py::dict>(source)) {
    throw py::type_error(std::string("a column is wanted, not one text: ") + accepted);
  } else if (py::isinstance<py::buffer>(source) &&
             !(py::hasattr(source, "dtype") && py::str(source.attr("dtype")).cast<std::string>() == "object")) {
    out.chunks.push_back(std::make_unique<buffer_chunk>(py::reinterpret_borrow<py::buffer>(source).request()));
  } else if (py::hasattr(source, "__iter__")) {
    out.chunks.push_back(std::make_unique<item_chunk>(source));
  } else {
    throw py::type_error("a " + py::type::handle_of(source).attr("__name__").cast<std::string>() + " is no column; " + accepted);
  }
  return out;
}

}  // namespace smplist::python
