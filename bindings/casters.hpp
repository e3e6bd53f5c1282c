// SPDX-License-Identifier: MIT
/// \file casters.hpp
/// How enumerations and sets of families cross into Python: as members of real `enum.StrEnum`s, made from the word tables.
#pragma once

#include <smplist/document.hpp>
#include <smplist/document/reports.hpp>
#include <smplist/evaluate.hpp>
#include <smplist/failover.hpp>
#include <smplist/format.hpp>
#include <smplist/analysis/diff.hpp>
#include <smplist/analysis/lint.hpp>
#include <smplist/analysis/partition.hpp>

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace smplist::python {

namespace py = pybind11;

/// The UTF-8 of a text; one with half of a surrogate pair is a `UnicodeEncodeError`.
[[nodiscard]] inline std::string text_of(py::handle text) {
  Py_ssize_t size = 0;
  const char* const bytes = PyUnicode_AsUTF8AndSize(text.ptr(), &size);
  if (bytes == nullptr) throw py::error_already_set();
  return {bytes, static_cast<std::size_t>(size)};
}

/// The Python name of an enumeration: one row makes it exist there.
template <class Enum>
inline constexpr const char* enum_name = nullptr;
template <>
inline constexpr const char* enum_name<errc> = "ErrorCode";
template <>
inline constexpr const char* enum_name<family> = "Family";
template <>
inline constexpr const char* enum_name<service> = "Service";
template <>
inline constexpr const char* enum_name<scheme> = "Scheme";
template <>
inline constexpr const char* enum_name<source_kind> = "SourceKind";
template <>
inline constexpr const char* enum_name<order> = "Order";
template <>
inline constexpr const char* enum_name<location> = "Location";
template <>
inline constexpr const char* enum_name<profile> = "Profile";
template <>
inline constexpr const char* enum_name<ip_preference> = "IpPreference";
template <>
inline constexpr const char* enum_name<list_mode> = "ListMode";
template <>
inline constexpr const char* enum_name<overlap_rule> = "OverlapRule";
template <>
inline constexpr const char* enum_name<reason> = "Reason";
template <>
inline constexpr const char* enum_name<outcome> = "Outcome";
template <>
inline constexpr const char* enum_name<stage> = "Stage";
template <>
inline constexpr const char* enum_name<exhausted_action> = "ExhaustedAction";
template <>
inline constexpr const char* enum_name<attempt_note> = "AttemptNote";
template <>
inline constexpr const char* enum_name<availability> = "Availability";
template <>
inline constexpr const char* enum_name<attempt_outcome> = "AttemptOutcome";
template <>
inline constexpr const char* enum_name<severity> = "Severity";

using all_enums =
    std::tuple<errc, family, service, scheme, source_kind, order, location, profile, ip_preference, list_mode, overlap_rule,
               reason, outcome, stage, exhausted_action, attempt_note, availability, attempt_outcome, severity>;

/// A document that is kept, so that findings can be placed in it.
struct document {
  document_node root;
  std::string file;
};

/// Expectations that were read.
struct expectations {
  std::vector<expectation> all;
};

/// The classes whose instances Python holds. One that `T.__new__(T)` made has no value, and must not be read.
template <class... Classes>
struct bound_classes {
  template <class T>
  static constexpr bool contain = (std::is_same_v<T, Classes> || ...);
};
using all_classes =
    bound_classes<address, address_range, range_set, host, host_port, mac_address, source, proxy, source_list, client, policy,
                  finding, planned_stage, attempt, ignored_source, trace_step, deciding_range, plan_scope, plan, failover,
                  document, answer, client_class, partition, policy_diff, client_space, expectations>;

}  // namespace smplist::python

namespace pybind11::detail {

template <class T>
struct type_caster<T, std::enable_if_t<smplist::python::all_classes::contain<T>>> : type_caster_base<T> {
  bool load(handle source, bool convert) {
    if (isinstance<T>(source) && reinterpret_cast<instance*>(source.ptr())->get_value_and_holder().value_ptr() == nullptr)
      throw type_error("this object was never made: call its class, not __new__");
    return type_caster_base<T>::load(source, convert);
  }
};

template <class Enum>
struct type_caster_enum_type_enabled<Enum, std::enable_if_t<smplist::detail::has_words<Enum>::value>> : std::false_type {};

template <class Enum>
struct type_caster<Enum, std::enable_if_t<smplist::detail::has_words<Enum>::value>> {
  PYBIND11_TYPE_CASTER(Enum, const_name("str"));

  /// Takes a member or its word; another text is a `ValueError` that names the words.
  bool load(handle source, bool /*convert*/) {
    if (!isinstance<str>(source)) return false;
    const auto word = smplist::python::text_of(source);
    const auto found = smplist::detail::from_word<Enum>(word);
    if (!found) {
      std::string words;
      for (const std::string_view one : smplist::detail::words<Enum>::table)
        words += (words.empty() ? "" : ", ") + std::string(one);
      throw value_error("unknown word '" + word + "'; expected one of: " + words);
    }
    value = *found;
    return true;
  }

  static handle cast(Enum e, return_value_policy /*policy*/, handle /*parent*/) {
    const auto type = module_::import("smplist._core").attr(smplist::python::enum_name<Enum>);
    return type(str(std::string(smplist::name(e)))).release();
  }
};

template <>
struct type_caster<smplist::family_set> {
  PYBIND11_TYPE_CASTER(smplist::family_set, const_name("collections.abc.Iterable[str]"));

  bool load(handle source, bool /*convert*/) {
    if (isinstance<str>(source) || !isinstance<iterable>(source)) return false;
    for (const handle item : reinterpret_borrow<iterable>(source)) {
      make_caster<smplist::family> one;
      if (!one.load(item, true)) return false;
      value = value | cast_op<smplist::family&>(one);
    }
    return true;
  }

  static handle cast(smplist::family_set set, return_value_policy policy, handle parent) {
    list out;
    for (const smplist::family f : {smplist::family::ipv4, smplist::family::ipv6}) {
      if (set.contains(f)) out.append(reinterpret_steal<object>(make_caster<smplist::family>::cast(f, policy, parent)));
    }
    return tuple(out).release();
  }
};

template <>
struct type_caster<smplist::endpoint> {
  PYBIND11_TYPE_CASTER(smplist::endpoint, const_name("tuple[str, int]"));

  bool load(handle source, bool convert) {
    make_caster<std::pair<smplist::scheme, std::uint16_t>> pair;
    if (!pair.load(source, convert)) return false;
    const auto [scheme, port] = cast_op<std::pair<smplist::scheme, std::uint16_t>>(pair);
    value = smplist::endpoint{scheme, port};
    return port != 0;
  }

  static handle cast(smplist::endpoint e, return_value_policy policy, handle parent) {
    return make_caster<std::pair<smplist::scheme, std::uint16_t>>::cast(std::pair(e.scheme, e.port), policy, parent);
  }
};

/// A region crosses as its range, its size and the list that wins.
template <>
struct type_caster<smplist::finding_region> {
  static constexpr auto name = const_name("tuple[AddressRange, int, str | None]");
  template <class T>
  using cast_op_type = const smplist::finding_region&;
  // NOLINTNEXTLINE(google-explicit-constructor): pybind11 asks for the conversion
  operator const smplist::finding_region&() const { return *value_; }

  bool load(handle source, bool /*convert*/) {
    if (!isinstance<tuple>(source) || len(source) != 3) return false;
    const auto parts = reinterpret_borrow<tuple>(source);
    if (!isinstance<smplist::address_range>(parts[0]) || !(parts[2].is_none() || isinstance<str>(parts[2]))) return false;
    const auto range = parts[0].cast<smplist::address_range>();
    const smplist::address_piece piece{range.first(), range.last()};
    value_ = smplist::finding_region{range.first(), range.last(), piece.size(),
                                     parts[2].is_none() ? "" : smplist::python::text_of(parts[2])};
    return true;
  }

  static handle cast(const smplist::finding_region& r, return_value_policy /*policy*/, handle /*parent*/) {
    const object list = r.list.empty() ? object(none()) : object(str(r.list));
    return make_tuple(smplist::address_range::try_make(r.first, r.last).value(), int_(str(r.size.to_text())), list).release();
  }

 private:
  std::optional<smplist::finding_region> value_;
};

/// A reference crosses as its text; it has no default value, so the caster keeps an optional.
template <>
struct type_caster<smplist::password_reference> {
  static constexpr auto name = const_name("str");
  template <class T>
  using cast_op_type = const smplist::password_reference&;
  // NOLINTNEXTLINE(google-explicit-constructor): pybind11 asks for the conversion
  operator const smplist::password_reference&() const { return *value_; }

  bool load(handle source, bool /*convert*/) {
    if (!isinstance<str>(source)) return false;
    const auto read = smplist::password_reference::try_parse(smplist::python::text_of(source));
    if (read) value_ = *read;
    return value_.has_value();
  }

  static handle cast(const smplist::password_reference& reference, return_value_policy policy, handle parent) {
    return make_caster<std::string>::cast(reference.to_text(), policy, parent);
  }

 private:
  std::optional<smplist::password_reference> value_;
};

}  // namespace pybind11::detail
