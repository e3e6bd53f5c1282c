// SPDX-License-Identifier: MIT
// The table of contents of `smplist._core`, and how errors and trees cross.
#include "bindings.hpp"

#include <smplist/version.hpp>

#include <utility>

namespace smplist::python {

namespace {

/// `enum.StrEnum` with one member per word: `officescan-10.6` is `OFFICESCAN_10_6`.
template <class Enum>
void bind_enum(py::module_& m) {
  py::list members;
  for (const std::string_view word : detail::words<Enum>::table) {
    std::string member;
    for (const char c : word) {
      const bool plain = detail::is_alpha(c) || detail::is_digit(c);
      member += !plain ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    }
    members.append(py::make_tuple(member, std::string(word)));
  }
  const char* name = enum_name<Enum>;
  m.attr(name) = py::module_::import("enum").attr("StrEnum")(name, members, "module"_a = "smplist._core");
}

template <class... Enums>
void bind_enums(py::module_& m, const std::tuple<Enums...>* /*all*/) {
  (bind_enum<Enums>(m), ...);
}

[[nodiscard]] document_node scalar(node_kind kind, std::string text) {
  document_node node;
  node.kind = kind;
  node.text = std::move(text);
  return node;
}

[[nodiscard]] document_node to_node(py::handle value, std::size_t depth) {
  if (depth > detail::max_document_depth)
    raise_problems({{errc::too_deep, "", std::string(message(errc::too_deep)), std::string(advice(errc::too_deep))}});
  if (value.is_none()) return scalar(node_kind::null, "null");
  if (py::isinstance<py::bool_>(value)) return scalar(node_kind::boolean, value.cast<bool>() ? "true" : "false");
  if (py::isinstance<py::int_>(value)) return scalar(node_kind::integer, py::str(value).cast<std::string>());
  if (py::isinstance<py::float_>(value)) return scalar(node_kind::real, py::str(value).cast<std::string>());
  if (py::isinstance<py::str>(value)) return scalar(node_kind::text, text_of(value));
  document_node node;
  if (py::isinstance<py::dict>(value)) {
    node.kind = node_kind::object;
    for (const auto& [key, item] : py::reinterpret_borrow<py::dict>(value)) {
      if (!py::isinstance<py::str>(key)) throw py::type_error("a key is not text: " + py::repr(key).cast<std::string>());
      node.members.push_back({text_of(key), 0, 0, to_node(item, depth + 1)});
    }
    return node;
  }
  if (py::isinstance<py::list>(value) || py::isinstance<py::tuple>(value)) {
    node.kind = node_kind::array;
    for (const py::handle item : value) node.members.push_back({{}, 0, 0, to_node(item, depth + 1)});
    return node;
  }
  const auto type_name = py::type::handle_of(value).attr("__name__").cast<std::string>();
  throw py::type_error("expected dict, list, str, int, bool or None, got " + type_name);
}

}  // namespace

document_node to_node(py::handle value) { return to_node(value, 0); }

py::object make_parse_error(const parse_error& error, std::string_view text) {
  const bool secret = error.code == errc::plaintext_password;
  return py::module_::import("smplist._errors")
      .attr("ParseError")(error.code, error.offset, error.length, secret ? std::string() : std::string(text),
                          std::string(message(error.code)), std::string(advice(error.code)));
}

void raise_parse_error(const parse_error& error, std::string_view text) {
  const py::object exception = make_parse_error(error, text);
  PyErr_SetObject(py::type::of(exception).ptr(), exception.ptr());
  throw py::error_already_set();
}

void raise_problems(const problems& found, const std::string& file) {
  const auto errors = py::module_::import("smplist._errors");
  py::list all;
  for (const problem& p : found) all.append(errors.attr("Problem")(p.code, p.line, p.column, p.pointer, p.reason, p.advice));
  const py::object exception = errors.attr("PolicyError")(all, file);
  PyErr_SetObject(py::type::of(exception).ptr(), exception.ptr());
  throw py::error_already_set();
}

}  // namespace smplist::python

PYBIND11_MODULE(_core, m, pybind11::mod_gil_not_used(), pybind11::multiple_interpreters::per_interpreter_gil()) {
  using namespace smplist::python;
  m.doc() = "The engine of smplist. Import `smplist`, not this.";
  m.attr("__version__") = fmt::format("{}.{}.{}", SMPLIST_VERSION_MAJOR, SMPLIST_VERSION_MINOR, SMPLIST_VERSION_PATCH);
  bind_enums(m, static_cast<const all_enums*>(nullptr));
  bind_values(m);
  bind_policy(m);
  bind_plan(m);
  bind_compiled(m);
  bind_partition(m);
  bind_diff(m);
  bind_ambiguity(m);
  bind_verify(m);
  bind_survivability(m);
}
