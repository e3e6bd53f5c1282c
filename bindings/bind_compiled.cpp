// SPDX-License-Identifier: MIT
// Floor 7: compiled policies, and their answers for whole columns.
#include "columns.hpp"
#include "value_type.hpp"

#include <smplist/compile.hpp>
#include <smplist/json.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace smplist::python {

namespace {

using arrow::answer_part;
using arrow::answers;

/// One of the three, as Python sees it.
struct answer_column {
  std::shared_ptr<const answers> from;
  answer_part part;

  [[nodiscard]] std::size_t size() const noexcept { return from->size(); }
  [[nodiscard]] std::int32_t number(std::size_t i) const noexcept { return from->column(part)[i]; }
  [[nodiscard]] py::object word(std::size_t i) const {
    if (part == answer_part::outcome) return py::cast(static_cast<outcome>(i));
    return py::str(std::string(from->word(part, i)));
  }
};

/// Which sources are down for a service. [S-65]
[[nodiscard]] std::vector<bool> find_down(const compiled_policy& p, service what,
                                          const std::map<std::string, availability>& known) {
  std::vector<bool> down;
  if (known.empty()) return down;
  down.resize(p.tables().sources());
  for (std::size_t i = 0; i < down.size(); ++i) {
    const auto found = known.find(std::string(p.tables().identity(i, what)));
    down[i] = found != known.end() && found->second == availability::down;
  }
  return down;
}

[[nodiscard]] arrow::answer_part_set find_parts(const std::vector<std::string>& names) {
  arrow::answer_part_set out;
  for (const std::string& wanted : names) {
    const auto found = std::find_if(arrow::answer_parts.begin(), arrow::answer_parts.end(),
                                    [&](answer_part part) { return wanted == arrow::name(part); });
    if (found == arrow::answer_parts.end())
      throw py::value_error("parts are 'outcome', 'list' and 'source', not " + py::repr(py::str(wanted)).cast<std::string>());
    out = out | *found;
  }
  return out;
}

[[nodiscard]] std::shared_ptr<answers> evaluate_many(const compiled_policy& p, const py::object& source, service what,
                                                     const py::object& keys, const std::map<std::string, availability>& known,
                                                     const std::string& on_invalid, location where, std::uint64_t epoch,
                                                     unsigned threads, const std::vector<std::string>& parts) {
  if (on_invalid != "null" && on_invalid != "raise")
    throw py::value_error("on_invalid is 'null' or 'raise', not '" + on_invalid + "'");
  const arrow::answer_part_set wanted = find_parts(parts);
  const column rows = read_column(source);
  const std::size_t n = rows.size();
  std::vector<std::optional<std::uint64_t>> ids;
  if (!keys.is_none()) {
    ids = read_keys(keys);
    if (ids.size() != n)
      throw py::value_error("keys has " + std::to_string(ids.size()) + " rows, the column has " + std::to_string(n));
  }
  std::vector<bool> down = find_down(p, what, known);
  std::shared_ptr<answers> out;
  {
    const py::gil_scoped_release release;  // the loop touches no Python object
    out = std::make_shared<answers>(p, what, n, wanted);
    arrow::column_evaluation evaluation(*out, question{what, where, epoch, {}}, std::move(down));
    const auto key_of = [&](std::size_t row) { return ids.empty() ? std::nullopt : ids[row]; };
    std::size_t offset = 0;
    for (const auto& chunk : rows.chunks) {
      const std::size_t parts = std::max<std::size_t>(1, std::min<std::size_t>(threads, chunk->size() / 4096));
      std::vector<arrow::answer_counts> counts(parts);
      std::vector<std::thread> workers;
      const auto part = [&](std::size_t k) {
        counts[k] = evaluation.run(*chunk, chunk->size() * k / parts, chunk->size() * (k + 1) / parts, offset, key_of);
      };
      for (std::size_t k = 1; k < parts; ++k) workers.emplace_back(part, k);
      part(0);
      for (std::thread& w : workers) w.join();
      for (arrow::answer_counts& found : counts) evaluation.add(std::move(found));
      offset += chunk->size();
    }
  }
  if (on_invalid == "raise" && !out->invalid().empty()) {
    const std::size_t row = out->invalid().front();
    throw py::value_error("row " + std::to_string(row) + " is no address (" + std::to_string(out->invalid().size()) +
                          " such rows)");
  }
  return out;
}

/// A capsule that releases what nobody took.
template <class T>
[[nodiscard]] py::capsule capsule_of(std::unique_ptr<T> value, const char* name) {
  PyObject* const made = PyCapsule_New(value.get(), name, [](PyObject* capsule) {
    auto* const held = static_cast<T*>(PyCapsule_GetPointer(capsule, PyCapsule_GetName(capsule)));
    if (held->release != nullptr) held->release(held);
    delete held;
  });
  if (made == nullptr) throw py::error_already_set();
  value.release();
  return py::reinterpret_steal<py::capsule>(made);
}

[[nodiscard]] py::object word_at(const answer_column& c, std::size_t i) {
  const std::int32_t number = c.number(i);
  return number < 0 ? py::none() : c.word(static_cast<std::size_t>(number));
}

/// A column of answers, if it was wanted.
[[nodiscard]] answer_column column_of(const std::shared_ptr<answers>& a, answer_part part) {
  if (!a->has(part))
    throw py::value_error(fmt::format("these answers have no column {0}: name '{0}' among the parts", arrow::name(part)));
  return {a, part};
}

void bind_answers(py::module_& m) {
  py::class_<answer_column>(
      m, "AnswerColumn", "One column of answers: words from a dictionary, None where there is none. Arrow reads it as it lies.")
      .def("__len__", &answer_column::size)
      .def(
          "__getitem__",
          [](const answer_column& c, py::ssize_t i) {
            const auto n = static_cast<py::ssize_t>(c.size());
            if (i < -n || i >= n) throw py::index_error("row " + std::to_string(i) + " of " + std::to_string(n));
            return word_at(c, static_cast<std::size_t>(i < 0 ? i + n : i));
          },
          "row"_a)
      .def(
          "to_list",
          [](const answer_column& c) {
            py::list words;
            for (std::size_t i = 0; i < c.from->words(c.part); ++i) words.append(c.word(i));
            py::list out(c.size());
            for (std::size_t i = 0; i < c.size(); ++i)
              out[i] = c.number(i) < 0 ? py::object(py::none()) : py::object(words[static_cast<std::size_t>(c.number(i))]);
            return out;
          },
          "The rows as a list of texts and None.")
      .def(
          "__arrow_c_array__",
          [](const answer_column& c, const py::object& /*requested_schema*/) {
            auto schema = std::make_unique<ArrowSchema>();
            auto array = std::make_unique<ArrowArray>();
            arrow::export_schema(c.part, schema.get());
            arrow::export_column(c.from, c.part, array.get());
            return py::make_tuple(capsule_of(std::move(schema), "arrow_schema"), capsule_of(std::move(array), "arrow_array"));
          },
          "requested_schema"_a = py::none(), "The Arrow C data interface: a dictionary of int32 and utf8.")
      .def("__repr__",
           [](const answer_column& c) { return fmt::format("AnswerColumn({}, {} rows)", arrow::name(c.part), c.size()); });

  py::class_<answers, std::shared_ptr<answers>>(m, "Answers", "Who is asked first, for every row of a column. [S-64]")
      .def("__len__", [](const answers& a) { return a.size(); })
      .def_property_readonly(
          "outcome", [](const std::shared_ptr<answers>& a) { return column_of(a, answer_part::outcome); },
          "Where the first attempt comes from; None for null and bad rows. [S-64]")
      .def_property_readonly(
          "list", [](const std::shared_ptr<answers>& a) { return column_of(a, answer_part::list); },
          "The list of that attempt, or None.")
      .def_property_readonly(
          "source", [](const std::shared_ptr<answers>& a) { return column_of(a, answer_part::source); },
          "Its source: the first that is not down, or None. [S-65]")
      .def_property_readonly(
          "parts",
          [](const answers& a) {
            py::tuple out(a.parts().size());
            for (std::size_t i = 0; i < a.parts().size(); ++i) out[i] = py::str(arrow::name(a.parts()[i]));
            return out;
          },
          "The columns that were asked for: some of outcome, list and source.")
      .def_property_readonly(
          "invalid", [](const answers& a) { return py::tuple(py::cast(a.invalid())); },
          "The rows that are neither null nor an address, from 0.")
      .def(
          "to_frame", [](const py::object& self) { return py::module_::import("smplist._compiled").attr("to_frame")(self); },
          "A pandas table: columns outcome, list and source, each of categories; missing where there is none.\n\nNeeds the extra "
          "`frame`.")
      .def_property_readonly("service", &answers::service, "The service that was asked for.")
      .def_property_readonly(
          "revision", [](const answers& a) { return std::string(a.policy().revision()); }, "Of the policy. [S-82]")
      .def(
          "__arrow_c_stream__",
          [](const std::shared_ptr<answers>& a, const py::object& /*requested_schema*/) {
            auto stream = std::make_unique<ArrowArrayStream>();
            arrow::export_stream<answers>(a, stream.get());
            return capsule_of(std::move(stream), "arrow_array_stream");
          },
          "requested_schema"_a = py::none(), "The Arrow C stream interface: one chunk of the columns that were wanted.")
      .def("_repr_html_", &to_html)
      .def("__repr__",
           [](const answers& a) { return fmt::format("Answers({} rows, {} invalid)", a.size(), a.invalid().size()); });
}

/// One column of a report: its values are texts, integers of 64 bits or truth values, or None.
[[nodiscard]] arrow::table_column column_of(const py::tuple& given) {
  const auto type = given[1].cast<std::string>();
  arrow::table_column out(given[0].cast<std::string>(), type == "text"      ? arrow::column_type::text
                                                        : type == "integer" ? arrow::column_type::integer
                                                                            : arrow::column_type::flag);
  for (const py::handle value : given[2]) {
    if (value.is_none()) out.add_nothing();
    else if (out.type() == arrow::column_type::text) out.add(std::string_view(value.cast<std::string>()));
    else if (out.type() == arrow::column_type::integer) out.add(value.cast<std::int64_t>());
    else out.add_flag(value.cast<bool>());
  }
  return out;
}

/// Tables of reports, made in Python: (name, `text`, `integer` or `flag`, values) for each column.
[[nodiscard]] py::capsule table_stream(const py::list& columns) {
  auto made = std::make_shared<arrow::table>();
  for (const py::handle column : columns) made->push_back(column_of(column.cast<py::tuple>()));
  auto stream = std::make_unique<ArrowArrayStream>();
  arrow::export_stream<arrow::table>(std::move(made), stream.get());
  return capsule_of(std::move(stream), "arrow_array_stream");
}

[[nodiscard]] std::string_view bytes_of(const py::buffer_info& info) {
  return {static_cast<const char*>(info.ptr), static_cast<std::size_t>(info.size * info.itemsize)};
}

/// `compiled_policy`, or the exception of Python.
[[nodiscard]] compiled_policy compiled_or_raise(const result<compiled_policy>& read) {
  if (!read) raise_parse_error(read.error(), {});
  return *read;
}

void bind_compiled_class(py::module_& m) {
  py::class_<compiled_policy> cls(
      m, "CompiledPolicy", py::buffer_protocol(),
      "A policy as one run of bytes. Immutable, safe to share between threads; its buffer is the bytes. [S-67]");
  cls.def_buffer([](compiled_policy& p) {
    return py::buffer_info(const_cast<std::byte*>(p.data()), 1, "B", 1, {static_cast<py::ssize_t>(p.size())}, {1}, true);
  });
  cls.def_static(
         "from_bytes",
         [](const py::buffer& data, bool trusted) {
           const py::buffer_info info = data.request();
           const std::string_view bytes = bytes_of(info);
           return compiled_or_raise(compiled_policy::from_bytes(reinterpret_cast<const std::byte*>(bytes.data()), bytes.size(),
                                                                trusted ? trust::checksum : trust::nothing));
         },
         "data"_a, py::kw_only(), "trusted"_a = false,
         "From the bytes of a compiled policy, which are copied.\n\nWith `trusted`, the checksum is compared and nothing else: "
         "for "
         "bytes of one's own.\n\nRaises\n------\nParseError\n    If they are damaged, hostile, or of another version.")
      .def_static(
          "open",
          [](const py::object& path, bool trusted) {
            const auto file = py::module_::import("os").attr("fspath")(path).cast<std::string>();
            return compiled_or_raise(compiled_policy::open(file, trusted ? trust::checksum : trust::nothing));
          },
          "path"_a, py::kw_only(), "trusted"_a = false,
          "From a file that `save` wrote: mapped read-only, shared between processes.\n\nRaises\n------\nParseError\n    If it "
          "cannot "
          "be read, is damaged, hostile, or of another version.")
      .def(
          "save",
          [](const py::object& self, const py::object& path) {
            py::module_::import("smplist._compiled").attr("save")(self, path);
          },
          "path"_a,
          "Write the bytes to a file: whole or not at all.\n\nRaises\n------\nOSError\n    If the file cannot be written.")
      .def(
          "to_bytes", [](const compiled_policy& p) { return py::bytes(reinterpret_cast<const char*>(p.data()), p.size()); },
          "The bytes; a copy.")
      .def("__len__", &compiled_policy::size)
      .def_property_readonly(
          "revision", [](const compiled_policy& p) { return std::string(p.revision()); },
          "Of the policy that was compiled. [S-82]")
      .def_property_readonly("classes", &compiled_policy::classes, "The number of classes of addresses.")
      .def(
          "class_of",
          [](const compiled_policy& p, const py::object& where) {
            return p.class_of(parse_or_raise<address>(text_of(py::str(where))));
          },
          "address"_a,
          "The class of an address: addresses of one class get the same plan.\n\nRaises\n------\nParseError\n    If it is no "
          "address.")
      .def(
          "matching_lists",
          [](const compiled_policy& p, const py::object& where) {
            const auto a = parse_or_raise<address>(text_of(py::str(where)));
            py::list out;
            for (const std::size_t i : smplist::detail::match_lists(p.tables(), overlap_rule::first, {a}).lists)
              out.append(py::str(std::string(p.tables().list_name(i))));
            return out;
          },
          "address"_a, "The custom lists that hold an address, in document order. [S-07]")
      .def(
          "evaluate",
          [](const compiled_policy& p, const client& who, service what, std::uint64_t epoch) {
            scratch room(p);
            return p.evaluate(who, what, room, epoch).to_plan();
          },
          "client"_a, "service"_a, py::kw_only(), "epoch"_a = 0,
          "The plan of a client for a service, equal to that of the policy. [S-60] [S-67]")
      .def("evaluate_many", &evaluate_many, "column"_a, "service"_a, py::kw_only(), "keys"_a = py::none(),
           "availability"_a = std::map<std::string, availability>{}, "on_invalid"_a = "null", "location"_a = location::internal,
           "epoch"_a = 0, "threads"_a = 1, "parts"_a = std::vector<std::string>{"outcome", "list", "source"},
           "Who is asked first, for every address of a column, each as a client with that address alone.\n\n"
           "`column` is an Arrow array or stream (polars, pyarrow, duckdb, pandas), a numpy array, or an iterable of str, int,\n"
           "ipaddress addresses and None. Arrow and numpy columns are read where they lie; items one by one are slow.\n"
           "`keys` are the clients' ids, which fix random orders; `availability` maps endpoints to up, down or unknown [S-65];\n"
           "`location` is where all of them are; `parts` are the columns that are wanted, fewer of them are quicker.\n"
           "Bad rows are None and counted, or raise with `on_invalid='raise'`.\n\n"
           "Raises\n------\nTypeError\n    If the column is of a type that holds no addresses.\nValueError\n    With "
           "`on_invalid='raise'`, if a row is no address; if a part is none.")
      .def(
          "__eq__", [](const compiled_policy& a, const compiled_policy& b) { return a == b; }, py::is_operator())
      .def("__hash__", [](const compiled_policy& p) { return smplist::detail::load<std::uint64_t>(p.data() + 24) >> 1U; })
      .def("__copy__", [](const compiled_policy& p) { return p; })
      .def(
          "__deepcopy__", [](const compiled_policy& p, const py::dict& /*memo*/) { return p; }, "memo"_a)
      .def(
          "__reduce_ex__",
          [](const py::object& self, int protocol) {
            return py::module_::import("smplist._compiled").attr("reduce")(self, protocol);
          },
          "protocol"_a)
      .def("_repr_html_", &to_html)
      .def("__repr__", [](const compiled_policy& p) {
        return fmt::format("CompiledPolicy({} bytes, {} classes, {})", p.size(), p.classes(), p.revision().substr(0, 19));
      });
}

}  // namespace

void bind_compiled(py::module_& m) {
  bind_compiled_class(m);
  bind_answers(m);
  m.def("_table_stream", &table_stream, "columns"_a,
        "Columns of (name, `text`, `integer` or `flag`, values) as an Arrow stream.");
}

}  // namespace smplist::python
