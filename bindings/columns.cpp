// SPDX-License-Identifier: MIT
// Arrow chunks, buffers and iterables as columns of addresses.
#include "columns.hpp"

#include <smplist/detail/hash.hpp>

#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace smplist::python {

namespace {

constexpr const char* accepted =
    "accepted are Arrow utf8, large_utf8, utf8_view, dictionaries of these, uint32, fixed-size binary of 4 or 16 bytes and "
    "binary; "
    "buffers of uint32, of uint8 with shape (n, 16), S16 and U; and iterables of str, int, ipaddress addresses and None";

/// A chunk of an Arrow array.
class arrow_chunk : public column_chunk {
 public:
  arrow_chunk(const ArrowSchema& schema, ArrowArray* moved) : rows_(made(schema, moved)) {}

  [[nodiscard]] std::size_t size() const noexcept override { return rows_.size(); }
  void read(std::size_t from, std::size_t to, arrow::address_block& out) const override { rows_.read(from, to, out); }

 private:
  [[nodiscard]] static arrow::chunk made(const ArrowSchema& schema, ArrowArray* moved) {
    auto read = arrow::chunk::make(schema, moved);
    if (read) return *std::move(read);
    if (read.error().code != errc::wrong_type)
      throw py::value_error("the Arrow array has missing buffers, a negative length or a negative offset");
    const std::string format = schema.format == nullptr ? "" : schema.format;
    if (format == "+s") throw py::type_error("this is a table and not a column: give one of its columns");
    const bool words = schema.dictionary != nullptr && schema.dictionary->format != nullptr;
    throw py::type_error("a column of the Arrow type '" + (words ? schema.dictionary->format : format) +
                         "' holds no addresses; " + accepted);
  }

  arrow::chunk rows_;
};

/// Texts and packed addresses one behind the other, so that they are read in bulk.
class text_rows {
 public:
  void add(std::string_view text) { add(text, kind::text); }
  void add_packed(std::string_view bytes) { add(bytes, kind::packed); }
  void add_null() { add({}, kind::null); }

  [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
  void read(std::size_t i, std::uint32_t row, arrow::address_block& out) const {
    const entry& e = rows_[i];
    const std::string_view bytes(bytes_.data() + e.from, e.size);
    if (e.is == kind::text) out.add_text(bytes, bytes_.size() - e.from, row);
    else if (e.is == kind::packed) out.add_packed(bytes, row);
  }

 private:
  enum class kind : std::uint8_t { null, text, packed };
  struct entry {
    std::size_t from;
    std::size_t size;
    kind is;
  };

  void add(std::string_view bytes, kind is) {
    rows_.push_back({bytes_.size(), bytes.size(), is});
    bytes_ += bytes;
  }

  std::string bytes_;
  std::vector<entry> rows_;
};

[[nodiscard]] std::uint32_t native_number(const char* from) noexcept {
  std::uint32_t value = 0;
  std::memcpy(&value, from, sizeof value);
  return value;
}

/// A buffer of Python's: uint32, rows of 16 bytes, S16, or U (whose texts are kept as UTF-8).
class buffer_chunk : public column_chunk {
 public:
  explicit buffer_chunk(py::buffer_info info) : info_(std::move(info)) {
    const std::string& f = info_.format;
    const std::string_view type = !f.empty() && (f[0] == '<' || f[0] == '=' || f[0] == '@') ? std::string_view(f).substr(1) : f;
    const bool number = (type == "I" || type == "L") && info_.itemsize == 4 && info_.ndim == 1;
    const bool packed = type == "B" && info_.ndim == 2 && info_.shape[1] == 16 && info_.strides[1] == 1;
    const bool bytes = !type.empty() && type.back() == 's' && info_.itemsize == 16 && info_.ndim == 1;
    const bool wide = !type.empty() && type.back() == 'w' && info_.ndim == 1;
    if (!number && !packed && !bytes && !wide) {
      throw py::type_error("a buffer of format '" + f + "' with " + std::to_string(info_.ndim) +
                           " dimensions holds no addresses; " + accepted);
    }
    form_ = number ? form::number : wide ? form::wide : form::packed;
    if (wide) narrow();
  }

  [[nodiscard]] std::size_t size() const noexcept override { return static_cast<std::size_t>(info_.shape[0]); }
  void read(std::size_t from, std::size_t to, arrow::address_block& out) const override {
    for (std::size_t i = from; i < to; ++i) {
      const auto row = static_cast<std::uint32_t>(i - from);
      const char* const at = static_cast<const char*>(info_.ptr) + info_.strides[0] * static_cast<py::ssize_t>(i);
      if (form_ == form::wide) texts_.read(i, row, out);
      else if (form_ == form::packed) out.add_packed({at, 16}, row);
      else out.add_ipv4(native_number(at), row);
    }
  }

 private:
  enum class form : std::uint8_t { number, packed, wide };

  /// Address text is ASCII: anything else becomes a character that no address has.
  void narrow() {
    const std::size_t width = static_cast<std::size_t>(info_.itemsize) / 4;
    std::string text;
    for (std::size_t i = 0; i < size(); ++i) {
      const char* const from = static_cast<const char*>(info_.ptr) + info_.strides[0] * static_cast<py::ssize_t>(i);
      text.clear();
      for (std::size_t k = 0; k < width; ++k) {
        const auto c = native_number(from + 4 * k);
        text += c < 0x80 ? static_cast<char>(c) : '?';
      }
      while (!text.empty() && text.back() == '\0') text.pop_back();
      texts_.add(text);
    }
  }

  py::buffer_info info_;
  form form_ = form::number;
  text_rows texts_;
};

constexpr std::string_view no_address = "?";

/// The bytes of a Python text; of half a surrogate pair, which no address has, those of none.
[[nodiscard]] std::string_view utf8_of(py::handle text) {
  Py_ssize_t size = 0;
  const char* const bytes = PyUnicode_AsUTF8AndSize(text.ptr(), &size);
  if (bytes != nullptr) return {bytes, static_cast<std::size_t>(size)};
  PyErr_Clear();
  return no_address;
}

/// Items that Python gave one by one.
class item_chunk : public column_chunk {
 public:
  explicit item_chunk(const py::object& items) {
    for (const py::handle item : items) add(item);
  }

  [[nodiscard]] std::size_t size() const noexcept override { return rows_.size(); }
  void read(std::size_t from, std::size_t to, arrow::address_block& out) const override {
    for (std::size_t i = from; i < to; ++i) rows_.read(i, static_cast<std::uint32_t>(i - from), out);
  }

 private:
  void add(py::handle item) {
    if (item.is_none()) {
      rows_.add_null();
    } else if (PyUnicode_Check(item.ptr())) {
      rows_.add(utf8_of(item));
    } else if (PyLong_Check(item.ptr()) && !PyBool_Check(item.ptr())) {
      add_number(item);
    } else if (py::isinstance<address>(item)) {
      rows_.add(item.cast<const address&>().to_text());
    } else if (py::hasattr(item, "packed")) {
      const bool scoped = py::hasattr(item, "scope_id") && !item.attr("scope_id").is_none();
      if (scoped) rows_.add(py::str(item).cast<std::string>());
      else rows_.add_packed(item.attr("packed").cast<std::string>());
    } else if (PyFloat_Check(item.ptr()) && item.cast<double>() != item.cast<double>()) {
      rows_.add_null();  // how tables of pandas write a missing text
    } else {
      throw py::type_error("row " + std::to_string(rows_.size()) + " is a " +
                           py::type::handle_of(item).attr("__name__").cast<std::string>() + "; " + accepted);
    }
  }

  /// As `ipaddress.ip_address` reads a number: below 2^32 it is IPv4. One out of range is a bad row.
  void add_number(py::handle item) {
    try {
      rows_.add_packed(py::module_::import("ipaddress").attr("ip_address")(item).attr("packed").cast<std::string>());
    } catch (const py::error_already_set&) {
      rows_.add(no_address);
    }
  }

  text_rows rows_;
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
  arrow::owned<ArrowSchema> schema;
  said(stream->get_schema(stream, schema.get()));
  for (;;) {
    arrow::owned<ArrowArray> chunk;
    said(stream->get_next(stream, chunk.get()));
    if (chunk.is_released()) return;
    out.chunks.push_back(std::make_unique<arrow_chunk>(*schema.get(), chunk.get()));
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

std::vector<std::optional<std::uint64_t>> read_keys(const py::object& source) {
  std::vector<std::optional<std::uint64_t>> out;
  // a column of pyarrow iterates over scalars of its own
  const py::object items = py::hasattr(source, "to_pylist") ? source.attr("to_pylist")() : source;
  for (const py::handle item : items) {
    if (item.is_none()) {
      out.emplace_back();
      continue;
    }
    if (!PyUnicode_Check(item.ptr())) {
      throw py::type_error("key " + std::to_string(out.size()) + " is a " +
                           py::type::handle_of(item).attr("__name__").cast<std::string>() +
                           "; keys are the ids of clients, str or None");
    }
    const std::string_view id = utf8_of(item);
    out.push_back(id.empty() ? std::nullopt : std::optional(smplist::detail::fnv1a64(id)));
  }
  return out;
}

}  // namespace smplist::python
