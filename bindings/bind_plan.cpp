// SPDX-License-Identifier: MIT
// Floor 6: plans and their parts, failover.
#include "value_type.hpp"

#include <smplist/json.hpp>

#include <algorithm>
#include <array>
#include <tuple>

namespace smplist::python {

namespace {

[[nodiscard]] availability_map to_availability(const std::map<std::string, availability>& known) {
  return {known.begin(), known.end()};
}

void bind_parts(py::module_& m) {
  py::class_<planned_stage> s(m, "PlannedStage", "A list that a plan goes through. [S-61]");
  s.def_readonly("stage", &planned_stage::stage, "What the list is.")
      .def_readonly("list", &planned_stage::list, "Its name.")
      .def_readonly("order", &planned_stage::order, "How its sources are ordered.")
      .def_property_readonly(
          "proxy", [](const planned_stage& x) { return text_or_none(x.proxy); }, "`host:port`, or None.")
      .def("__repr__", [](const planned_stage& x) { return "PlannedStage(" + to_json(x) + ")"; });
  def_part_value(s, &to_json<planned_stage>, &planned_stage::stage, &planned_stage::list, &planned_stage::order,
                 &planned_stage::proxy);

  py::class_<attempt> a(m, "Attempt", "One step of a plan: ask this source, this way. [S-54]");
  a.def_readonly("stage", &attempt::stage, "Where it comes from.")
      .def_readonly("list", &attempt::list, "The list's name.")
      .def_readonly("source", &attempt::source, "The source's name.")
      .def_readonly("url", &attempt::url, "What is asked. [S-14]")
      .def_readonly("identity", &attempt::identity, "`scheme://host:port`. [S-14]")
      .def_property_readonly(
          "via", [](const attempt& x) { return text_or_none(x.via); }, "The proxy's `host:port`, or None.")
      .def_property_readonly(
          "families", [](const attempt& x) { return py::tuple(py::cast(x.families)); }, "The family of each hop.")
      .def_property_readonly(
          "notes", [](const attempt& x) { return py::tuple(py::cast(x.notes)); }, "What it rests on that nobody stated.")
      .def("__repr__", [](const attempt& x) {
        return fmt::format("Attempt({}, {}{})", x.source, x.url, x.via.empty() ? "" : ", via " + x.via);
      });
  def_part_value(a, &to_json<attempt>, &attempt::stage, &attempt::list, &attempt::source, &attempt::identity, &attempt::url,
                 &attempt::via, &attempt::families, &attempt::notes);

  py::class_<ignored_source> i(m, "IgnoredSource", "A source that a plan leaves out. [S-53]");
  i.def_readonly("stage", &ignored_source::stage, "Where it stands.")
      .def_readonly("list", &ignored_source::list, "The list's name.")
      .def_readonly("source", &ignored_source::source, "The source's name.")
      .def_readonly("reason", &ignored_source::reason, "Why.")
      .def_property_readonly(
          "text", [](const ignored_source& x) { return std::string(sentence(x.reason)); }, "Why, in words.")
      .def("__repr__", [](const ignored_source& x) { return fmt::format("IgnoredSource({}, {})", x.source, x.reason); });
  def_part_value(i, &to_json<ignored_source>, &ignored_source::stage, &ignored_source::list, &ignored_source::source,
                 &ignored_source::reason);

  py::class_<trace_step> t(m, "TraceStep", "One decision, with its clause.");
  t.def_readonly("reason", &trace_step::why, "What was decided.")
      .def_property_readonly(
          "clause", [](const trace_step& x) { return std::string(clause(x.why)); }, "The clause that decides so.")
      .def_property_readonly(
          "about", [](const trace_step& x) { return py::tuple(py::cast(x.about)); }, "What it is about.")
      .def_property_readonly(
          "text", [](const trace_step& x) { return to_text(x); }, "The decision as a sentence.")
      .def("__repr__", [](const trace_step& x) { return fmt::format("TraceStep({}: {})", clause(x.why), to_text(x)); });
  def_part_value(t, &to_json<trace_step>, &trace_step::why, &trace_step::about);

  py::class_<deciding_range> d(m, "DecidingRange", "What picked the custom list. [S-44]");
  d.def_readonly("list", &deciding_range::list, "The list's name.")
      .def_readonly("range", &deciding_range::range, "The range.")
      .def_readonly("address", &deciding_range::address, "The client's address.")
      .def("__repr__", [](const deciding_range& x) { return "DecidingRange(" + to_json(x) + ")"; });
  def_part_value(d, &to_json<deciding_range>, &deciding_range::list, &deciding_range::range, &deciding_range::address);

  py::class_<plan_scope> o(m, "Scope", "The addresses that get the same plan. [S-62]");
  o.def_readonly("first", &plan_scope::first, "The first address.")
      .def_readonly("last", &plan_scope::last, "The last address.")
      .def_readonly("order_varies", &plan_scope::order_varies, "Whether a random order is keyed by the address.")
      .def("__repr__", [](const plan_scope& x) { return "Scope(" + to_json(x) + ")"; });
  def_part_value(o, &to_json<plan_scope>, &plan_scope::first, &plan_scope::last, &plan_scope::order_varies);
}

void bind_plan_class(py::module_& m) {
  py::class_<plan> cls(m, "Plan", "Whom a client asks, in what order, through what, and why. [S-61]");
  const auto as_tuple = [](auto member) { return [member](const plan& p) { return py::tuple(py::cast(p.*member)); }; };
  cls.def_static(
      "from_json",
      [](const std::string& text) {
        const auto tree = json::parse(text);
        if (!tree) raise_problems(tree.error());
        return value_or_raise(read_plan(*tree));
      },
      "text"_a, "From the JSON of a plan.\n\nRaises\n------\nPolicyError\n    If it is not one.");
  def_table(cls, "smplist.analysis.steps", "Steps",
            "A pandas table: one row per attempt, in order, then one per source that is left out; needs the extra `frame`.");
  cls.def_readonly("revision", &plan::revision, "The policy's revision. [S-82]")
      .def_readonly("service", &plan::service, "What is asked for.")
      .def_readonly("location", &plan::location, "Where the client is. [S-30]")
      .def_readonly("outcome", &plan::outcome, "Where the first attempt comes from. [S-64]")
      .def_property_readonly("lists", as_tuple(&plan::lists), "Custom lists that matched, the chosen one first. [S-44]")
      .def_readonly("decided_by", &plan::decided_by, "What picked the custom list, or None. [S-44]")
      .def_property_readonly("stages", as_tuple(&plan::stages), "The lists, in order.")
      .def_property_readonly("attempts", as_tuple(&plan::attempts), "The sources to ask, in order.")
      .def_property_readonly("ignored", as_tuple(&plan::ignored), "The sources left out. [S-53]")
      .def_readonly("exhausted", &plan::exhausted, "What happens when nothing answers. [S-66]")
      .def_readonly("scope", &plan::scope, "The addresses with the same plan, or None. [S-62]")
      .def_property_readonly("trace", as_tuple(&plan::trace), "Every decision.")
      .def(
          "first_available",
          [](const plan& p, const std::map<std::string, availability>& known) -> std::optional<attempt> {
            const attempt* found = first_available(p, to_availability(known));
            return found == nullptr ? std::nullopt : std::optional(*found);
          },
          "availability"_a, "The first attempt that is not down, by endpoint identity, or None. [S-65]")
      .def(
          "explain",
          [](const plan& p, const std::map<std::string, availability>& known) { return explain(p, to_availability(known)); },
          "availability"_a = std::map<std::string, availability>{}, "The plan in words.")
      .def("oneline", &oneline, "The plan in one line.")
      .def("__str__", [](const plan& p) { return explain(p); })
      .def("__repr__", [](const plan& p) { return "Plan(" + oneline(p) + ")"; });
  def_readable_value(cls, [](const plan& p) { return to_json(p); });
}

using settings_state = std::array<std::int64_t, 6>;
using record_state = std::tuple<std::string, std::string, std::int64_t, std::int64_t, std::int64_t, bool>;

[[nodiscard]] py::tuple failover_state(const failover& f) {
  const failover_settings s = f.settings();
  std::vector<record_state> records;
  for (const failover_record& r : f.records()) records.emplace_back(r.identity, r.via, r.tries, r.rests, r.due, r.kept);
  return py::make_tuple(settings_state{s.try_timeout, s.retries, s.retry_gap, s.rest, s.rest_max, s.location_check}, records);
}

[[nodiscard]] failover failover_from(const py::tuple& state) {
  try {
    if (state.size() != 2) throw py::cast_error();
    const auto s = state[0].cast<settings_state>();
    std::vector<failover_record> records;
    bool negative = std::any_of(s.begin(), s.end(), [](std::int64_t n) { return n < 0; });
    for (const auto& [identity, via, tries, rests, due, kept] : state[1].cast<std::vector<record_state>>()) {
      negative = negative || tries < 0 || rests < 0;
      records.push_back({identity, via, tries, rests, due, kept});
    }
    if (negative) throw py::cast_error();
    return failover({s[0], s[1], s[2], s[3], s[4], s[5]}, records);
  } catch (const py::cast_error&) {
    throw py::type_error("this is no pickle of the value");
  }
}

void bind_failover(py::module_& m) {
  py::class_<failover> cls(m, "Failover", "Failover over time, a value without a clock; times are milliseconds. [S-70]");
  constexpr failover_settings usual;
  cls.def(py::init([](std::int64_t try_timeout, std::int64_t retries, std::int64_t retry_gap, std::int64_t rest,
                      std::int64_t rest_max, std::int64_t location_check) {
            const std::int64_t least = std::min({try_timeout, retries, retry_gap, rest, rest_max, location_check});
            if (least < 0) throw py::value_error("a setting is negative");
            return failover(failover_settings{try_timeout, retries, retry_gap, rest, rest_max, location_check});
          }),
          py::kw_only(), "try_timeout"_a = usual.try_timeout, "retries"_a = usual.retries, "retry_gap"_a = usual.retry_gap,
          "rest"_a = usual.rest, "rest_max"_a = usual.rest_max, "location_check"_a = usual.location_check,
          "A client that has not tried anything yet. [S-71]\n\n`try_timeout` is for whoever connects: the state only hears of "
          "outcomes.\n\nRaises\n------\nValueError\n    If a setting is negative.");
  cls.def(
         "next",
         [](const failover& f, const plan& p, std::int64_t now) {
           return std::visit(
               smplist::detail::overload{[](const attempt& a) -> py::tuple { return py::make_tuple("attempt", a); },
                                         [](wait_until w) -> py::tuple { return py::make_tuple("wait", w.until); },
                                         [](const nothing_left& n) -> py::tuple { return py::make_tuple("exhausted", n.until); }},
               f.next(p, now));
         },
         "plan"_a, "now"_a, "('attempt', Attempt), ('wait', until) or ('exhausted', until or None). [S-70]")
      .def("report", &failover::report, "attempt"_a, "outcome"_a, "now"_a,
           "The state after an attempt ended as `success` or `failure`. [S-70]")
      .def("location_due", &failover::location_due, "checked"_a, "now"_a, "Whether the location is due for a check. [S-71]")
      .def("__repr__", [](const failover& f) { return "Failover(" + to_json(f) + ")"; });
  def_document_value(cls, &to_json<failover>);
  cls.def(py::pickle(&failover_state, &failover_from));
}

}  // namespace

void bind_plan(py::module_& m) {
  bind_parts(m);
  bind_plan_class(m);
  bind_failover(m);
}

}  // namespace smplist::python
