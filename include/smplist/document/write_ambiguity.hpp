// SPDX-License-Identifier: MIT
/// \file document/write_ambiguity.hpp
/// Side room. Ambiguity as JSON.
#pragma once

#include <smplist/analysis/ambiguity.hpp>
#include <smplist/document/write_partition.hpp>

namespace smplist::detail {

inline void write_region(json_writer& json, const ambiguity& found, const ambiguous_region& r) {
  const auto rule = static_cast<std::size_t>(r.rule);
  json.begin_object();
  json.key("rule").text(name(r.rule));
  json.key("service").text(name(r.service));
  json.key("family").text(name(r.first.family()));
  json.key("first").text(r.first.to_text());
  json.key("last").text(r.last.to_text());
  json.key("addresses").text(r.size().to_text());
  json.key("readings").begin_array();
  for (std::size_t i = 0; i < r.readings.size(); ++i) {
    json.begin_object();
    json.key("reading").text(readings_of(r.rule)[i]);
    json.key("in_effect").boolean(found.in_effect[rule] == i);
    json.key("answer").number(r.readings[i]);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

inline void write(json_writer& json, const ambiguity& found) {
  json.begin_object();
  json.key("revision").text(found.revision);
  json.key("regions").begin_array();
  for (const ambiguous_region& r : found.regions) write_region(json, found, r);
  json.end_array();
  json.key("torn_pairs").begin_object();
  for (const service what : all_services) json.key(name(what)).text(found.torn_pairs[static_cast<std::size_t>(what)].to_text());
  json.end_object();
  write(json.key("answers"), found.answers);
  json.end_object();
}

}  // namespace smplist::detail
