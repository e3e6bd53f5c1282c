// SPDX-License-Identifier: MIT
/// \file document/write_partition.hpp
/// Side room. Answers and partitions as JSON.
#pragma once

#include <smplist/analysis/partition.hpp>
#include <smplist/document/write.hpp>

#include <string>

namespace smplist::detail {

inline void write(json_writer& json, const answer_stage& s) {
  json.begin_object();
  json.key("order").text(name(s.random ? order::random : order::ordered));
  json.key("attempts").begin_array();
  for (const attempt& a : s.attempts) {
    json.begin_object();
    write_step(json, a);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

inline void write(json_writer& json, const answer& a) {
  json.begin_object();
  json.key("service").text(name(a.service));
  json.key("location").text(name(a.location));
  json.key("outcome").text(name(a.outcome));
  json.key("exhausted").text(name(a.exhausted));
  write(json.key("stages"), a.stages);
  json.end_object();
}

/// The name of a custom list, or null for none.
inline void write_list_name(json_writer& json, const policy& p, std::uint32_t list) {
  list == no_list ? json.null() : json.text(p.content().lists[list].name);
}

inline void write_pieces(json_writer& json, const partition& cut, family f) {
  json.begin_array();
  for (const address_piece& q : cut.pieces(f)) {
    json.begin_object();
    json.key("first").text(q.first.to_text());
    json.key("last").text(q.last.to_text());
    json.key("addresses").text(q.size().to_text());
    write_list_name(json.key("list"), cut.policy(), q.list);
    json.key("usable").boolean(q.usable);
    json.end_object();
  }
  json.end_array();
}

inline void write_class(json_writer& json, const partition& cut, const client_class& who) {
  json.begin_object();
  json.key("location").text(name(who.location));
  write_families(json.key("stack"), std::optional(who.stack));
  write_list_name(json.key("list"), cut.policy(), who.list);
  for (const service what : all_services) json.key(name(what)).number(cut.answer_to(who, what));
  json.end_object();
}

inline void write(json_writer& json, const partition& cut) {
  json.begin_object();
  json.key("revision").text(cut.policy().revision());
  for (const family f : {family::ipv4, family::ipv6}) write_pieces(json.key(name(f)), cut, f);
  write(json.key("answers"), cut.answers());
  json.key("classes").begin_array();
  for (const client_class& who : cut.classes()) write_class(json, cut, who);
  json.end_array();
  json.end_object();
}

}  // namespace smplist::detail
