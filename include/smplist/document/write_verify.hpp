// SPDX-License-Identifier: MIT
/// \file document/write_verify.hpp
/// Side room. Proofs and their counterexamples as JSON.
#pragma once

#include <smplist/analysis/compare.hpp>
#include <smplist/analysis/verify.hpp>
#include <smplist/document/write.hpp>

namespace smplist::detail {

inline void write(json_writer& json, const condition& c) {
  json.begin_object();
  json.key("when").text(name(c.when));
  json.key("condition").text(name(c.kind));
  json.key("value");
  switch (form_of(c.kind)) {
    case condition_form::truth: json.boolean(c.truth); break;
    case condition_form::number: json.number(c.number); break;
    case condition_form::names: write_texts(json, c.names); break;
  }
  json.end_object();
}

inline void write(json_writer& json, const client_counts& n) {
  json.begin_object();
  json.key("ipv4").text(n.ipv4.to_text());
  json.key("ipv6").text(n.ipv6.to_text());
  json.key("dual").text(n.dual.to_text());
  json.end_object();
}

inline void write(json_writer& json, const concerned_region& r) {
  json.begin_object();
  json.key("location").text(name(r.location));
  json.key("service").text(name(r.service));
  json.key("family").text(name(r.first.family()));
  json.key("first").text(r.first.to_text());
  json.key("last").text(r.last.to_text());
  json.key("addresses").text(r.size().to_text());
  json.end_object();
}

inline void write(json_writer& json, const concerned_clients& c) {
  json.begin_object();
  json.key("clients");
  write(json, c.clients);
  json.key("regions");
  write(json, c.regions);
  json.key("more_regions").number(c.more_regions);
  json.end_object();
}

inline void write(json_writer& json, const counterexample& c) {
  json.begin_object();
  json.key("client");
  write(json, c.who);
  json.key("service").text(name(c.what.service));
  json.key("plan");
  write(json, c.what);
  json.end_object();
}

inline void write(json_writer& json, const proof& p) {
  json.begin_object();
  json.key("name").text(p.name);
  json.key("line").number(p.line);
  json.key("verdict").text(name(p.verdict));
  json.key("text").text(p.text);
  json.key("classes").number(p.classes);
  json.key("clients");
  write(json, p.clients);
  json.key("broken");
  write(json, p.broken);
  json.key("counterexample");
  p.example ? write(json, *p.example) : json.null();
  json.key("concerned");
  write(json, p.concerned);
  json.end_object();
}

inline void write(json_writer& json, const difference& d) {
  json.begin_object();
  json.key("why").text(d.why);
  json.key("kind").text(name(d.kind));
  json.key("client");
  write(json, d.who);
  json.key("service").text(name(d.before.service));
  json.key("before");
  write(json, d.before);
  json.key("after");
  write(json, d.after);
  json.end_object();
}

inline void write(json_writer& json, const comparison& c) {
  json.begin_object();
  json.key("holds").boolean(!c.found.has_value());
  json.key("classes").number(c.classes);
  json.key("counterexample");
  c.found ? write(json, *c.found) : json.null();
  json.end_object();
}

}  // namespace smplist::detail
