// SPDX-License-Identifier: MIT
// Floor 8: what changes between two policies.
#include "value_type.hpp"

#include <smplist/analysis/diff.hpp>
#include <smplist/analysis/quiet.hpp>

namespace smplist::python {

namespace {

/// The addresses of internal clients whose answer changes, for a service or for any.
[[nodiscard]] range_set changed_addresses(const policy_diff& diff, std::optional<service> what) {
  std::vector<address_range> out;
  for (const changed_region& r : diff.regions()) {
    const changed_clients& kind = diff.kinds()[r.kind];
    if (kind.what.none() || (what && diff.answers()[kind.before].service != *what)) continue;
    out.push_back(address_range::try_make(r.first, r.last).value());
  }
  return range_set(std::move(out));
}

}  // namespace

void bind_diff(py::module_& m) {
  py::class_<policy_diff> cls(m, "PolicyDiff", "What changes between two policies; `smplist.diff` makes a report of it.");
  cls.def(py::init([](const partition& before, const partition& after, const std::optional<range_set>& where, bool unchanged,
                      std::size_t pair_kinds) {
            const py::gil_scoped_release release;  // comparing is pure
            return policy_diff::make(before, after, {where, unchanged, pair_kinds});
          }),
          "before"_a, "after"_a, py::kw_only(), "where"_a = py::none(), "unchanged"_a = false, "pair_kinds"_a = 1000,
          "Compare two partitions for every client.\n\n`where` keeps to clients all of whose addresses are in it; `unchanged` "
          "keeps those, too,\nwhose answer does not change; of the ways in which pairs of addresses change, the `pair_kinds`\n"
          "largest of each service are kept.");
  cls.def_property_readonly("equal", &policy_diff::equal, "Whether every client there can be gets the same answer.")
      .def_property_readonly("textually_equal", &policy_diff::textually_equal, "Whether the canonical forms are the same bytes.")
      .def_property_readonly(
          "region_count", [](const policy_diff& diff) { return diff.regions().size(); }, "The number of regions.")
      .def("changed_addresses", &changed_addresses, "service"_a = py::none(),
           "The addresses of internal clients whose answer changes, for a service or for any.")
      .def(
          "regions_json",
          [](const policy_diff& diff, std::size_t first, std::size_t last) {
            return written([&](auto& json) { smplist::detail::write_regions(json, diff, first, last); });
          },
          "first"_a, "last"_a, "A part of the regions as JSON.")
      .def(
          "rest_json",
          [](const policy_diff& diff) {
            return written([&](auto& json) {
              json.begin_object();
              smplist::detail::write_head(json, diff);
              smplist::detail::write_tail(json, diff);
              json.end_object();
            });
          },
          "Everything but the regions as JSON.")
      .def(
          "largest_json",
          [](const policy_diff& diff, std::size_t kinds, std::size_t regions) {
            return written([&](auto& json) { smplist::detail::write_largest(json, diff, kinds, regions); });
          },
          "kinds"_a, "regions"_a, "The kinds of change for people, the worst first, each with its first regions, as JSON.")
      .def("to_json", &to_json<policy_diff>, "The whole of it as JSON text.")
      .def(
          "to_dict", [](const policy_diff& diff) { return loads(to_json(diff)); }, "The whole of it as dicts and lists.")
      .def("__repr__", [](const policy_diff& diff) {
        return fmt::format("PolicyDiff({}, {} regions)", diff.equal() ? "equal" : "different", diff.regions().size());
      });
  m.def(
      "quiet_changes_json",
      [](const partition& before, const partition& after) {
        const py::gil_scoped_release release;  // asks the plain engine at every cut
        std::vector<quiet_region> all;
        for (const family f : {family::ipv4, family::ipv6}) {
          const auto some = quiet_changes(before.policy(), after.policy(), f, before.given());
          all.insert(all.end(), some.begin(), some.end());
        }
        return written([&](auto& json) {
          json.begin_array();
          for (const quiet_region& r : all) smplist::detail::write(json, r);
          json.end_array();
        });
      },
      "before"_a, "after"_a,
      "Where internal clients with one address keep their answer and their plan changes otherwise: lists that match, ignored\n"
      "sources, notes, trace; as JSON.");
}

}  // namespace smplist::python
