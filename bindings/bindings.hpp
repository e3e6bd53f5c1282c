// SPDX-License-Identifier: MIT
/// \file bindings.hpp
/// The first include of every file here: pybind11, the casters, and what the files offer each other.
#pragma once

#include "casters.hpp"

#include <smplist/document.hpp>

#include <string>
#include <string_view>

namespace smplist::python {

using namespace pybind11::literals;

// one function per family of floors, each in its own file
void bind_values(py::module_& m);
void bind_policy(py::module_& m);
void bind_plan(py::module_& m);
void bind_compiled(py::module_& m);
void bind_partition(py::module_& m);
void bind_diff(py::module_& m);
void bind_ambiguity(py::module_& m);
void bind_verify(py::module_& m);
void bind_survivability(py::module_& m);

/// `smplist.ParseError`, not yet raised.
[[nodiscard]] py::object make_parse_error(const parse_error& error, std::string_view text);
/// Raises `smplist.ParseError`.
[[noreturn]] void raise_parse_error(const parse_error& error, std::string_view text);
/// Raises `smplist.PolicyError` with every problem.
[[noreturn]] void raise_problems(const problems& found, const std::string& file = {});

/// A tree from Python values, without positions.
[[nodiscard]] document_node to_node(py::handle value);

/// Python's own reading of a JSON text: dicts, lists, texts.
[[nodiscard]] inline py::object loads(const std::string& json) { return py::module_::import("json").attr("loads")(json); }

/// An empty text is None.
[[nodiscard]] inline std::optional<std::string> text_or_none(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

/// `T::try_parse`, or the exception of Python.
template <class T>
[[nodiscard]] T parse_or_raise(std::string_view text) {
  const auto value = T::try_parse(text);
  if (!value) raise_parse_error(value.error(), text);
  return *value;
}

/// The value of a result, or `PolicyError`.
template <class T>
[[nodiscard]] T value_or_raise(const result<T, problems>& read, const std::string& file = {}) {
  if (!read) raise_problems(read.error(), file);
  return *read;
}

/// JSON by a function that writes it.
template <class Write>
[[nodiscard]] std::string written(Write write) {
  std::string out;
  smplist::detail::json_writer json(out, smplist::detail::json_writer::spacing::one_blank);
  write(json);
  return out;
}

/// Facts beside a policy; a name that is no host is a `ParseError`.
[[nodiscard]] inline facts make_facts(std::uint64_t epoch, const std::map<std::string, family_set>& resolved) {
  facts given;
  given.epoch = epoch;
  for (const auto& [name, families] : resolved) given.resolved.emplace(parse_or_raise<host>(name).to_text(), families);
  return given;
}

}  // namespace smplist::python
