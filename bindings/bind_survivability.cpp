// SPDX-License-Identifier: MIT
// Floor 8: failures, survivability, and what load is made of. Python makes the reports.
#include "value_type.hpp"

#include <smplist/document/write_survivability.hpp>

namespace smplist::python {

namespace {

[[nodiscard]] failure failure_or_raise(const policy& p, const std::string& text) {
  const auto read = read_failure(p, text);
  if (!read) throw py::value_error(read.error().reason + "; " + read.error().advice);
  return *read;
}

[[nodiscard]] policy without(const policy& p, const py::object& down) {
  if (py::isinstance<py::str>(down)) throw py::type_error("down is a list of texts, not a text");
  std::vector<failure> all;
  for (const py::handle item : down) {
    if (!py::isinstance<py::str>(item)) throw py::type_error("down is a list of texts");
    all.push_back(failure_or_raise(p, text_of(item)));
  }
  const py::gil_scoped_release release;  // thinning out and indexing are pure
  return what_if(p, failures(p, all));
}

[[nodiscard]] std::string survive(const partition& cut, const std::string& unit, std::optional<std::uint64_t> keep,
                                  std::optional<std::size_t> regions, std::size_t cuts) {
  survivability_options options;
  const auto by = smplist::detail::from_word<cut_by>(unit);
  if (!by) throw py::value_error("unknown unit '" + unit + "'; expected one of: source, host, proxy, any");
  options.by = *by;
  options.keep = keep.value_or(options.keep);
  options.max_regions = regions.value_or(~std::size_t{0});
  options.max_cuts = cuts;
  const py::gil_scoped_release release;  // pure, and may take a while
  const survivability found = find_survivability(cut, options);
  return written([&](auto& json) { smplist::detail::write_survivability(json, cut.policy(), found); });
}

[[nodiscard]] std::string weigh_ranges(const partition& cut,
                                       const std::vector<std::tuple<address_range, location, std::optional<family_set>>>& rows) {
  const py::gil_scoped_release release;  // pure
  return written([&](auto& json) {
    json.begin_object();
    smplist::detail::write_answers(json, cut.policy(), cut.answers());
    json.key("ranges").begin_array();
    for (const auto& [range, where, stack] : rows) smplist::detail::write_weights(json, weigh(cut, range, where, stack));
    json.end_array();
    json.end_object();
  });
}

[[nodiscard]] std::string follow_clients(const policy& p, const std::vector<client>& all, std::uint64_t epoch) {
  const py::gil_scoped_release release;  // pure
  facts given;
  given.epoch = epoch;
  return written([&](auto& json) { smplist::detail::write_followed(json, p, follow(p, all, given)); });
}

/// Python's report, made of the policy and the arguments as they come.
[[nodiscard]] auto report(const char* module, const char* function) {
  return [=](const py::object& self, const py::args& args, const py::kwargs& words) -> py::object {
    return py::module_::import(module).attr(function)(self, *args, **words);
  };
}

}  // namespace

void bind_survivability(py::module_& m) {
  m.def(
      "_failure",
      [](const policy& p, const std::string& text) {
        const failure f = failure_or_raise(p, text);
        return written([&](auto& json) { smplist::detail::write_failure(json, p, f); });
      },
      "policy"_a, "text"_a, "JSON: what a text like `SOURCE/SERVICE` or `proxy:HOST:PORT` takes.");
  m.def("_survivability", &survive, "partition"_a, "unit"_a, "keep"_a, "regions"_a, "cuts"_a, "JSON: the report.");
  m.def(
      "_audiences",
      [](const partition& cut) {
        const py::gil_scoped_release release;  // pure
        return written([&](auto& json) { smplist::detail::write_audiences(json, cut); });
      },
      "partition"_a, "JSON: who gets which answer.");
  m.def("_weigh", &weigh_ranges, "partition"_a, "rows"_a, "JSON: how many addresses of ranges get which answer.");
  m.def("_follow", &follow_clients, "policy"_a, "clients"_a, "epoch"_a, "JSON: what clients try, in their order.");

  auto cls = py::reinterpret_borrow<py::class_<policy>>(m.attr("Policy"));
  cls.def("what_if", &without, py::kw_only(), "down"_a,
          "The policy after failures: every client's plan without the attempts that they hit.\n\n`down` is a list of `SOURCE`, "
          "`SOURCE/SERVICE`, `host:NAME` and `proxy:HOST:PORT`.\n\nRaises\n------\nValueError\n    If the policy has no such "
          "thing; the text says what was likely meant.")
      .def("survivability", report("smplist.analysis.survivability", "survivability"),
           "How many failures leave clients with nothing; see `smplist.analysis.survivability`.")
      .def("load", report("smplist.analysis.load", "load"), "The expected share of every source; see `smplist.analysis.load`.");
}

}  // namespace smplist::python
