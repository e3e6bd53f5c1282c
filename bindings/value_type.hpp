// SPDX-License-Identifier: MIT
/// \file value_type.hpp
/// The protocol of every value in Python, written once: equality, hash, copies, pickle, JSON, text and HTML.
#pragma once

#include "bindings.hpp"

#include <string>
#include <utility>

namespace smplist::python {

/// The value as a notebook shows it.
[[nodiscard]] inline py::object to_html(const py::object& self) {
  return py::module_::import("smplist._html").attr("render")(self);
}

/// An answer as a table: the frame and the Arrow stream of the report that Python makes of it.
template <class Class>
void def_table(Class& cls, const char* module, const char* report, const char* doc) {
  const auto table = [module, report](const py::object& self) { return py::module_::import(module).attr(report)(self); };
  cls.def(
         "to_frame", [table](const py::object& self) { return table(self).attr("to_frame")(); }, doc)
      .def(
          "__arrow_c_stream__",
          [table](const py::object& self, const py::object& /*requested_schema*/) {
            return table(self).attr("__arrow_c_stream__")();
          },
          "requested_schema"_a = py::none(), "The Arrow C stream interface: the same table.");
}

/// For values that are their canonical text.
template <class T>
void def_text_value(py::class_<T>& cls, const char* type_name) {
  cls.def("__str__", &T::to_text)
      .def("__repr__", [type_name](const T& x) { return std::string(type_name) + "('" + x.to_text() + "')"; })
      .def(
          "__eq__", [](const T& a, const T& b) { return a == b; }, py::is_operator())
      .def("__hash__", [](const T& x) { return py::hash(py::str(x.to_text())); })
      .def("__copy__", [](const T& x) { return x; })
      .def(
          "__deepcopy__", [](const T& x, const py::dict& /*memo*/) { return x; }, "memo"_a)
      .def("__reduce__", [](const py::object& self) { return py::make_tuple(py::type::of(self), py::make_tuple(py::str(self))); })
      .def("_repr_html_", &to_html)
      .def("to_dict", &T::to_text, "The value as JSON has it: its canonical text.")
      .def(
          "to_json",
          [](const T& x) {
            std::string out;
            smplist::detail::append_json_string(out, x.to_text());
            return out;
          },
          "The value as JSON text.")
      .def_static(
          "try_parse",
          [](std::string_view text) -> py::object {
            const auto value = T::try_parse(text);
            return value ? py::cast(*value) : make_parse_error(value.error(), text);
          },
          "text"_a, "Read `text`.\n\nReturns\n-------\nThe value, or a `ParseError` that is not raised.");
}

/// For values that are JSON documents. `json` writes them; `from_json` is the name of the static method that reads them.
template <class T, class Json>
void def_document_value(py::class_<T>& cls, Json json) {
  cls.def(
         "__eq__", [](const T& a, const T& b) { return a == b; }, py::is_operator())
      .def("__hash__", [json](const T& x) { return py::hash(py::str(json(x))); })
      .def("__copy__", [](const T& x) { return x; })
      .def(
          "__deepcopy__", [](const T& x, const py::dict& /*memo*/) { return x; }, "memo"_a)
      .def("to_json", json, "The value as JSON text, byte for byte the same from C++ and the command line.")
      .def(
          "to_dict", [json](const T& x) { return loads(json(x)); }, "The value as dicts, lists and texts, as JSON has it.")
      .def("_repr_html_", &to_html);
}

/// The same, for values that can be read back: copies and pickles are their JSON.
template <class T, class Json>
void def_readable_value(py::class_<T>& cls, Json json) {
  def_document_value(cls, json);
  cls.def("__reduce__", [json](const py::object& self) {
    return py::make_tuple(py::module_::import("smplist._pickle").attr("restore"),
                          py::make_tuple(py::type::of(self), json(self.cast<const T&>())));
  });
}

/// A value from the members that a pickle holds; a wrong number or type of them is a `TypeError`.
template <class T, class... Members, std::size_t... I>
[[nodiscard]] T from_members(const py::tuple& state, std::index_sequence<I...> /*all*/) {
  try {
    if (state.size() != sizeof...(Members)) throw py::cast_error();
    return T{state[I].template cast<Members>()...};
  } catch (const py::cast_error&) {
    throw py::type_error("this is no pickle of the value");
  }
}

/// The same, for parts of answers: a pickle is all their members, in the order of their declaration.
template <class T, class Json, class... Members>
void def_part_value(py::class_<T>& cls, Json json, Members T::*... members) {
  def_document_value(cls, json);
  cls.def(py::pickle(
      [members...](const T& x) { return py::make_tuple(x.*members...); },
      [](const py::tuple& state) { return from_members<T, Members...>(state, std::index_sequence_for<Members...>()); }));
}

}  // namespace smplist::python
