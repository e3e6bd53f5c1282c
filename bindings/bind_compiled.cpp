// SPDX-License-Identifier: MIT
// Floor 7: compiled policies, and their answers for whole columns.
#include "columns.hpp"

#include <smplist/compile.hpp>
#include <smplist/json.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace smplist::python {

namespace {

/// The answers for a column: three columns of codes, -1 for none.
struct answers {
  compiled_policy policy;
  service what;
  std::vector<std::int8_t> outcome;  // -1: the row was null or bad
  std::vector<std::int32_t> list;
  std::vector<std::int32_t> source;
  std::vector<std::uint64_t> invalid;  // rows that were neither null nor an address, ascending
};

enum class answer_part : std::uint8_t { outcome, list, source };

/// One of the three, as Python sees it.
struct answer_column {
  std::shared_ptr<const answers> from;
  answer_part part;

  [[nodiscard]] std::size_t size() const noexcept { return from->outcome.size(); }
  [[nodiscard]] std::int32_t code(std::size_t i) const noexcept {
    switch (part) {
      case answer_part::outcome: return from->outcome[i];
      case answer_part::list: return from->list[i];
      case answer_part::source: return from->source[i];
    }
    return -1;
  }
  [[nodiscard]] std::size_t words() const noexcept {
    const auto& tables = from->policy.tables();
    return part == answer_part::outcome ? smplist::detail::count_of<outcome>
           : part == answer_part::list  ? tables.lists()
                                        : tables.sources();
  }
  [[nodiscard]] std::string_view word(std::size_t i) const noexcept {
    const auto& tables = from->policy.tables();
    return part == answer_part::outcome ? name(static_cast<outcome>(i))
           : part == answer_part::list  ? tables.list_name(i)
                                        : tables.source_name(i);
  }
};

[[nodiscard]] const char* part_name(answer_part part) noexcept {
  return part == answer_part::outcome ? "outcome" : part == answer_part::list ? "list" : "source";
}

/// Fills rows of `answers` from rows of a column. Pure: several may run at once, on rows of their own.
class column_evaluation {
 public:
  column_evaluation(const compiled_policy& p, question q, const column* keys, const std::vector<bool>& down)
      : policy_(&p), question_(q), keys_(keys), down_(&down) {}

  /// Rows `from` to `to - 1` of a chunk that begins at row `offset`; the bad ones.
  [[nodiscard]] std::vector<std::uint64_t> run(const column_chunk& chunk, std::size_t from, std::size_t to, std::size_t offset,
                                               answers& out) const {
    std::vector<std::uint64_t> invalid;
    const auto rows = std::make_unique<address_block>();
    for (; from < to; from += address_block::room) {
      rows->clear();
      chunk.read(from, std::min(to, from + address_block::room), *rows);
      const std::size_t first = offset + from;
      for (const std::uint32_t row : rows->invalid) invalid.push_back(first + row);
      policy_->each_class_ipv4(
          rows->ipv4_count, [&](std::size_t i) { return rows->ipv4[i]; },
          [&](std::size_t i, std::uint32_t found) {
            put(first + rows->ipv4_row[i], found, family::ipv4, address::from_ipv4(rows->ipv4[i]).bits(), out);
          });
      policy_->each_class_ipv6(
          rows->ipv6_count, [&](std::size_t i) { return rows->ipv6[i]; },
          [&](std::size_t i, std::uint32_t found) { put(first + rows->ipv6_row[i], found, family::ipv6, rows->ipv6[i], out); });
    }
    return invalid;
  }

 private:
  void put(std::size_t row, std::uint32_t found, family f, smplist::detail::u128 bits, answers& out) const {
    question q = question_;
    if (keys_ != nullptr) {
      const column_item key = keys_->chunks.front()->at(row);
      if (!key.null && !key.bytes.empty()) q.key = smplist::detail::fnv1a64(key.bytes);
    }
    const first_answer answer = down_->empty() ? policy_->answer(found, f, bits, q)
                                               : policy_->answer(found, f, bits, q, [&](std::uint32_t s) { return (*down_)[s]; });
    out.outcome[row] = static_cast<std::int8_t>(answer.outcome);
    out.list[row] = static_cast<std::int32_t>(answer.list);
    out.source[row] = static_cast<std::int32_t>(answer.source);
  }

  const compiled_policy* policy_;
  question question_;
  const column* keys_;
  const std::vector<bool>* down_;
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

[[nodiscard]] std::shared_ptr<const answers> evaluate_many(const compiled_policy& p, const py::object& source, service what,
                                                           const py::object& keys,
                                                           const std::map<std::string, availability>& known,
                                                           const std::string& on_invalid, location where, std::uint64_t epoch,
                                                           unsigned threads) {
  if (on_invalid != "null" && on_invalid != "raise")
    throw py::value_error("on_invalid is 'null' or 'raise', not '" + on_invalid + "'");
  const column rows = read_column(source);
  const std::size_t n = rows.size();
  column ids;
  if (!keys.is_none()) {
    ids = read_column(py::list(keys));
    if (ids.size() != n)
      throw py::value_error("keys has " + std::to_string(ids.size()) + " rows, the column has " + std::to_string(n));
  }
  auto out = std::make_shared<answers>(answers{p, what, {}, {}, {}, {}});
  const std::vector<bool> down = find_down(p, what, known);
  {
    const py::gil_scoped_release release;  // the loop touches no Python object
    out->outcome.assign(n, -1);
    out->list.assign(n, -1);
    out->source.assign(n, -1);
    const column_evaluation evaluation(p, question{what, where, epoch, {}}, keys.is_none() ? nullptr : &ids, down);
    std::size_t offset = 0;
    for (const auto& chunk : rows.chunks) {
      const std::size_t parts = std::max<std::size_t>(1, std::min<std::size_t>(threads, chunk->size() / 4096));
      std::vector<std::vector<std::uint64_t>> invalid(parts);
      std::vector<std::thread> workers;
      const auto part = [&](std::size_t k) {
        invalid[k] = evaluation.run(*chunk, chunk->size() * k / parts, chunk->size() * (k + 1) / parts, offset, *out);
      };
      for (std::size_t k = 1; k < parts; ++k) workers.emplace_back(part, k);
      part(0);
      for (std::thread& w : workers) w.join();
      for (const auto& found : invalid) out->invalid.insert(out->invalid.end(), found.begin(), found.end());
      offset += chunk->size();
    }
  }
  if (on_invalid == "raise" && !out->invalid.empty()) {
    const std::size_t row = out->invalid.front();
    throw py::value_error("row " + std::to_string(row) + " is no address (" + std::to_string(out->invalid.size()) +
                          " such rows)");
  }
  return out;
}

// -- Arrow out: struct<outcome, list, source>, each a dictionary of int32 and utf8

/// Memory of an exported array; Arrow's consumer frees it.
struct exported {
  std::vector<std::uint8_t> valid;
  std::vector<std::int32_t> codes;
  std::vector<std::int32_t> offsets;
  std::string text;
  std::array<const void*, 3> buffers{};
  std::vector<std::unique_ptr<ArrowArray>> owned;
  std::vector<ArrowArray*> children;
};

void release_array(ArrowArray* array) {
  auto* const memory = static_cast<exported*>(array->private_data);
  for (const auto& part : memory->owned) {
    if (part->release != nullptr) part->release(part.get());
  }
  delete memory;
  array->release = nullptr;
}

void export_words(const answer_column& c, ArrowArray* out) {
  auto memory = std::make_unique<exported>();
  memory->offsets.push_back(0);
  for (std::size_t i = 0; i < c.words(); ++i) {
    memory->text += c.word(i);
    memory->offsets.push_back(static_cast<std::int32_t>(memory->text.size()));
  }
  memory->buffers = {nullptr, memory->offsets.data(), memory->text.data()};
  *out = {
      static_cast<std::int64_t>(c.words()), 0, 0, 3, 0, memory->buffers.data(), nullptr, nullptr, &release_array, memory.get()};
  memory.release();
}

void export_column(const answer_column& c, ArrowArray* out) {
  auto memory = std::make_unique<exported>();
  const std::size_t n = c.size();
  memory->valid.assign(n / 8 + 1, 0);
  memory->codes.resize(n);
  std::int64_t nulls = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const std::int32_t code = c.code(i);
    memory->codes[i] = std::max(code, 0);
    if (code < 0) ++nulls;
    else memory->valid[i / 8] = static_cast<std::uint8_t>(memory->valid[i / 8] | 1U << (i % 8));
  }
  memory->buffers = {memory->valid.data(), memory->codes.data(), nullptr};
  memory->owned.push_back(std::make_unique<ArrowArray>());
  export_words(c, memory->owned.back().get());
  *out = {static_cast<std::int64_t>(n), nulls,          0,           2, 0, memory->buffers.data(), nullptr,
          memory->owned.back().get(),   &release_array, memory.get()};
  memory.release();
}

void export_table(const std::shared_ptr<const answers>& a, ArrowArray* out) {
  auto memory = std::make_unique<exported>();
  for (const answer_part part : {answer_part::outcome, answer_part::list, answer_part::source}) {
    memory->owned.push_back(std::make_unique<ArrowArray>());
    export_column({a, part}, memory->owned.back().get());
    memory->children.push_back(memory->owned.back().get());
  }
  *out = {static_cast<std::int64_t>(a->outcome.size()),
          0,
          0,
          1,
          3,
          memory->buffers.data(),
          memory->children.data(),
          nullptr,
          &release_array,
          memory.get()};
  memory.release();
}

/// Memory of an exported schema.
struct exported_schema {
  std::vector<std::unique_ptr<ArrowSchema>> owned;
  std::vector<ArrowSchema*> children;
};

void release_schema(ArrowSchema* schema) {
  auto* const memory = static_cast<exported_schema*>(schema->private_data);
  for (const auto& part : memory->owned) {
    if (part->release != nullptr) part->release(part.get());
  }
  delete memory;
  schema->release = nullptr;
}

constexpr std::int64_t nullable = 2;  // ARROW_FLAG_NULLABLE

void export_schema(const char* format, const char* name, std::vector<std::unique_ptr<ArrowSchema>> children,
                   std::unique_ptr<ArrowSchema> dictionary, ArrowSchema* out) {
  auto memory = std::make_unique<exported_schema>();
  for (auto& child : children) {
    memory->children.push_back(child.get());
    memory->owned.push_back(std::move(child));
  }
  ArrowSchema* const words = dictionary.get();
  if (words != nullptr) memory->owned.push_back(std::move(dictionary));
  *out = {format,
          name,
          nullptr,
          nullable,
          static_cast<std::int64_t>(memory->children.size()),
          memory->children.data(),
          words,
          &release_schema,
          memory.get()};
  memory.release();
}

[[nodiscard]] std::unique_ptr<ArrowSchema> column_schema(answer_part part) {
  auto words = std::make_unique<ArrowSchema>();
  export_schema("u", "", {}, nullptr, words.get());
  auto out = std::make_unique<ArrowSchema>();
  export_schema("i", part_name(part), {}, std::move(words), out.get());
  return out;
}

[[nodiscard]] std::unique_ptr<ArrowSchema> table_schema() {
  std::vector<std::unique_ptr<ArrowSchema>> children;
  for (const answer_part part : {answer_part::outcome, answer_part::list, answer_part::source})
    children.push_back(column_schema(part));
  auto out = std::make_unique<ArrowSchema>();
  export_schema("+s", "", std::move(children), nullptr, out.get());
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

/// A stream of one chunk.
struct answer_stream {
  std::shared_ptr<const answers> from;
  bool given = false;
};

[[nodiscard]] py::capsule stream_of(const std::shared_ptr<const answers>& a) {
  auto out = std::make_unique<ArrowArrayStream>();
  out->get_schema = [](ArrowArrayStream*, ArrowSchema* schema) {
    auto made = table_schema();
    *schema = *made;
    return 0;
  };
  out->get_next = [](ArrowArrayStream* self, ArrowArray* array) {
    auto* const state = static_cast<answer_stream*>(self->private_data);
    if (std::exchange(state->given, true)) {
      *array = {};
      return 0;
    }
    export_table(state->from, array);
    return 0;
  };
  out->get_last_error = [](ArrowArrayStream*) -> const char* { return nullptr; };
  out->release = [](ArrowArrayStream* self) {
    delete static_cast<answer_stream*>(self->private_data);
    self->release = nullptr;
  };
  out->private_data = new answer_stream{a};
  return capsule_of(std::move(out), "arrow_array_stream");
}

[[nodiscard]] py::object word_at(const answer_column& c, std::size_t i) {
  const std::int32_t code = c.code(i);
  if (code < 0) return py::none();
  if (c.part == answer_part::outcome) return py::cast(static_cast<outcome>(code));
  return py::str(std::string(c.word(static_cast<std::size_t>(code))));
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
            for (std::size_t i = 0; i < c.words(); ++i)
              words.append(c.part == answer_part::outcome ? py::cast(static_cast<outcome>(i))
                                                          : py::object(py::str(std::string(c.word(i)))));
            py::list out(c.size());
            for (std::size_t i = 0; i < c.size(); ++i)
              out[i] = c.code(i) < 0 ? py::object(py::none()) : py::object(words[static_cast<std::size_t>(c.code(i))]);
            return out;
          },
          "The rows as a list of texts and None.")
      .def(
          "__arrow_c_array__",
          [](const answer_column& c, const py::object& /*requested_schema*/) {
            auto array = std::make_unique<ArrowArray>();
            export_column(c, array.get());
            return py::make_tuple(capsule_of(column_schema(c.part), "arrow_schema"), capsule_of(std::move(array), "arrow_array"));
          },
          "requested_schema"_a = py::none(), "The Arrow C data interface: a dictionary of int32 and utf8.")
      .def("__repr__",
           [](const answer_column& c) { return fmt::format("AnswerColumn({}, {} rows)", part_name(c.part), c.size()); });

  py::class_<answers, std::shared_ptr<answers>>(m, "Answers", "Who is asked first, for every row of a column. [S-64]")
      .def("__len__", [](const answers& a) { return a.outcome.size(); })
      .def_property_readonly(
          "outcome",
          [](const std::shared_ptr<answers>& a) {
            return answer_column{a, answer_part::outcome};
          },
          "Where the first attempt comes from; None for null and bad rows. [S-64]")
      .def_property_readonly(
          "list",
          [](const std::shared_ptr<answers>& a) {
            return answer_column{a, answer_part::list};
          },
          "The list of that attempt, or None.")
      .def_property_readonly(
          "source",
          [](const std::shared_ptr<answers>& a) {
            return answer_column{a, answer_part::source};
          },
          "Its source: the first that is not down, or None. [S-65]")
      .def_property_readonly(
          "invalid", [](const answers& a) { return py::tuple(py::cast(a.invalid)); },
          "The rows that are neither null nor an address, from 0.")
      .def(
          "to_frame", [](const py::object& self) { return py::module_::import("smplist._compiled").attr("to_frame")(self); },
          "A pandas table: columns outcome, list and source, each of categories; missing where there is none.\n\nNeeds the extra "
          "`frame`.")
      .def_readonly("service", &answers::what, "The service that was asked for.")
      .def_property_readonly(
          "revision", [](const answers& a) { return std::string(a.policy.revision()); }, "Of the policy. [S-82]")
      .def(
          "__arrow_c_stream__",
          [](const std::shared_ptr<answers>& a, const py::object& /*requested_schema*/) { return stream_of(a); },
          "requested_schema"_a = py::none(), "The Arrow C stream interface: one chunk of the columns outcome, list and source.")
      .def("__repr__",
           [](const answers& a) { return fmt::format("Answers({} rows, {} invalid)", a.outcome.size(), a.invalid.size()); });
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
           "epoch"_a = 0, "threads"_a = 1,
           "Who is asked first, for every address of a column, each as a client with that address alone.\n\n"
           "`column` is an Arrow array or stream (polars, pyarrow, duckdb, pandas), a numpy array, or an iterable of str, int,\n"
           "ipaddress addresses and None. Arrow and numpy columns are read where they lie; items one by one are slow.\n"
           "`keys` are the clients' ids, which fix random orders; `availability` maps endpoints to up, down or unknown [S-65];\n"
           "`location` is where all of them are. Bad rows are None and counted, or raise with `on_invalid='raise'`.\n\n"
           "Raises\n------\nTypeError\n    If the column is of a type that holds no addresses.\nValueError\n    With "
           "`on_invalid='raise'`, if a row is no address.")
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
      .def("__repr__", [](const compiled_policy& p) {
        return fmt::format("CompiledPolicy({} bytes, {} classes, {})", p.size(), p.classes(), p.revision().substr(0, 19));
      });
}

}  // namespace

void bind_compiled(py::module_& m) {
  bind_compiled_class(m);
  bind_answers(m);
}

}  // namespace smplist::python
