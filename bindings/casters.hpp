// SPDX-License-Identifier: MIT
/// \file casters.hpp
/// How enumerations and sets of families cross into Python: as members of real `enum.StrEnum`s, made from the word tables.
#pragma once

#include <smplist/evaluate.hpp>
#include <smplist/failover.hpp>
#include <smplist/format.hpp>
#include <smplist/analysis/finding.hpp>

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <string>
#include <tuple>

namespace smplist::python {

namespace py = pybind11;

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

}  // namespace smplist::python

namespace pybind11::detail {

template <class Enum>
struct type_caster_enum_type_enabled<Enum, std::enable_if_t<smplist::detail::has_words<Enum>::value>> : std::false_type {};

template <class Enum>
struct type_caster<Enum, std::enable_if_t<smplist::detail::has_words<Enum>::value>> {
  PYBIND11_TYPE_CASTER(Enum, const_name("str"));

  /// Takes a member or its word; another text is a `ValueError` that names the words.
  bool load(handle source, bool /*convert*/) {
    if (!isinstance<str>(source)) return false;
    const auto word = source.cast<std::string>();
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

}  // namespace pybind11::detail
