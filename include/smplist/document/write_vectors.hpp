// SPDX-License-Identifier: MIT
/// \file document/write_vectors.hpp
/// Side room. Test vectors as JSON: what an agent is given, and what it must come to.
#pragma once

#include <smplist/analysis/vectors.hpp>
#include <smplist/document/write.hpp>

namespace smplist::detail {

inline void write(json_writer& json, const availability_pattern& p) {
  json.begin_object();
  write_texts(json.key("down"), p.down);
  json.key("asked");
  p.asked ? json.number(*p.asked) : json.null();
  json.end_object();
}

inline void write(json_writer& json, const test_vector& v) {
  json.begin_object();
  json.key("about").text(v.about);
  json.key("client");
  write(json, v.who);
  json.key("service").text(name(v.expected.service));
  json.key("expected").begin_object();
  json.key("location").text(name(v.expected.location));
  json.key("outcome").text(name(v.expected.outcome));
  json.key("attempts").begin_array();
  for (const attempt& a : v.expected.attempts) {
    json.begin_object();
    write_step(json, a);
    json.end_object();
  }
  json.end_array();
  json.key("exhausted").text(name(v.expected.exhausted));
  json.end_object();
  json.key("availability");
  write(json, v.patterns);
  json.end_object();
}

}  // namespace smplist::detail
