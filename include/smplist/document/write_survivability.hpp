// SPDX-License-Identifier: MIT
/// \file document/write_survivability.hpp
/// Side room. Failures, survivability and what load is made of, as JSON.
#pragma once

#include <smplist/analysis/survivability.hpp>
#include <smplist/analysis/weigh.hpp>
#include <smplist/document/write_partition.hpp>

#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace smplist::detail {

inline void write(json_writer& json, const failure& f) {
  json.begin_object();
  json.key("unit").text(name(f.kind));
  json.key("name").text(f.name);
  json.end_object();
}

/// A number of failures, or null for "no number of them".
inline void write_failures(json_writer& json, const std::optional<std::uint64_t>& k) { k ? json.number(*k) : json.null(); }

inline void write_run(json_writer& json, const answer_region& r) {
  json.key("first").text(r.first.to_text());
  json.key("last").text(r.last.to_text());
  json.key("addresses").text(r.size().to_text());
}

inline void write_lists(json_writer& json, const policy& p, const std::vector<std::uint32_t>& lists) {
  json.begin_array();
  for (const std::uint32_t list : lists) write_list_name(json, p, list);
  json.end_array();
}

inline void write_place(json_writer& json, service what, location where, population who) {
  json.key("service").text(name(what));
  json.key("location").text(name(where));
  json.key("population").text(name(who));
}

inline void write_row(json_writer& json, const policy& p, const survivability& s, const survival_row& row) {
  const cut_sets& cuts = s.cuts[row.cuts];
  json.begin_object();
  write_place(json, row.service, row.location, row.who);
  write_failures(json.key("failures"), cuts.failures);
  json.key("reached");
  row.reached ? json.text(name(*row.reached)) : json.null();
  json.key("clients").text(row.clients.to_text());
  write_lists(json.key("lists"), p, row.lists);
  json.key("cuts").text(std::to_string(cuts.count));
  write(json.key("cuts_shown"), cuts.listed);
  json.key("regions").number(row.runs);
  json.key("regions_shown").begin_array();
  for (const answer_region& r : row.shown) {
    json.begin_object();
    write_run(json, r);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

inline void write_objection(json_writer& json, const policy& p, const objection& o) {
  json.begin_object();
  write_place(json, o.service, o.location, o.who);
  if (o.shown) {
    write_run(json, *o.shown);
  } else {
    for (const char* key : {"first", "last", "addresses"}) json.key(key).null();
  }
  json.key("clients").text(o.clients.to_text());
  write_list_name(json.key("list"), p, o.list);
  write_failures(json.key("failures"), o.before);
  json.key("failures_without").number(o.after);
  json.end_object();
}

inline void write_survivability(json_writer& json, const policy& p, const survivability& s) {
  json.begin_object();
  json.key("revision").text(s.revision);
  json.key("unit").text(name(s.by));
  json.key("rows").begin_array();
  for (const survival_row& row : s.rows) write_row(json, p, s, row);
  json.end_array();
  json.key("servers").begin_array();
  for (const retirement& r : s.servers) {
    json.begin_object();
    json.key("source").text(r.source);
    json.key("can_retire").boolean(!r.forbidden_by);
    json.key("asked").boolean(r.asked);
    json.key("forbidden_by");
    r.forbidden_by ? write_objection(json, p, *r.forbidden_by) : json.null();
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

/// A failure, and the endpoints that it takes by service.
inline void write_failure(json_writer& json, const policy& p, const failure& f) {
  const failures alone(p, {f});
  json.begin_object();
  json.key("unit").text(name(f.kind));
  json.key("name").text(f.name);
  json.key("text").text(f.to_text());
  for (const service what : all_services) {
    json.key(name(what)).begin_array();
    for (const source& s : p.content().sources) {
      if (s.at(what) && alone.takes(what, s.identity(what))) json.text(s.identity(what));
    }
    json.end_array();
  }
  json.end_object();
}

/// Answers as what may fail of them: distinct attempts, and of each answer its stages, each whether it is random and its attempts.
inline void write_answers(json_writer& json, const policy& p, const std::vector<answer>& answers) {
  std::map<std::tuple<std::string, std::string, std::string>, std::size_t> known;
  std::vector<const attempt*> steps;
  json.key("answers").begin_array();
  for (const answer& a : answers) {
    json.begin_object();
    json.key("service").text(name(a.service));
    json.key("stages").begin_array();
    for (const answer_stage& stage : a.stages) {
      json.begin_array();
      json.boolean(stage.random);
      json.begin_array();
      for (const attempt& step : stage.attempts) {
        const auto [at, fresh] = known.emplace(std::tuple(step.source, step.identity, step.via), steps.size());
        if (fresh) steps.push_back(&step);
        json.number(at->second);
      }
      json.end_array();
      json.end_array();
    }
    json.end_array();
    json.end_object();
  }
  json.end_array();
  json.key("attempts").begin_array();
  for (const attempt* step : steps) {
    json.begin_object();
    json.key("source").text(step->source);
    json.key("endpoint").text(step->identity);
    json.key("host").text(p.find_source(step->source)->host.to_text());
    json.key("via").text_or_null(step->via);
    json.end_object();
  }
  json.end_array();
}

inline void write_audiences(json_writer& json, const partition& cut) {
  json.begin_object();
  write_answers(json, cut.policy(), cut.answers());
  json.key("audiences").begin_array();
  for (const audience& one : audiences(cut)) {
    json.begin_object();
    write_place(json, one.service, one.location, one.who);
    json.key("answer").number(one.answer);
    json.key("clients").text(one.clients.to_text());
    write_lists(json.key("lists"), cut.policy(), one.lists);
    if (one.shown) write_run(json, *one.shown);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

inline void write_weights(json_writer& json, const range_weights& weights) {
  json.begin_object();
  json.key("addresses").text(weights.addresses.to_text());
  for (const service what : all_services) {
    json.key(name(what)).begin_array();
    for (const auto& [answer, clients] : weights.by_service[static_cast<std::size_t>(what)]) {
      json.begin_array();
      json.number(answer);
      json.text(clients.to_text());
      json.end_array();
    }
    json.end_array();
  }
  json.end_object();
}

inline void write_followed(json_writer& json, const policy& p, const followed_clients& followed) {
  json.begin_object();
  write_answers(json, p, followed.answers);
  json.key("clients").begin_array();
  for (const std::uint64_t n : followed.clients) json.number(n);
  json.end_array();
  json.end_object();
}

}  // namespace smplist::detail
