// SPDX-License-Identifier: MIT
// Floor 8: the partition, its classes and their answers.
#include "value_type.hpp"

#include <smplist/analysis/partition.hpp>

namespace smplist::python {

namespace {

[[nodiscard]] py::object list_or_none(const policy& p, std::uint32_t list) {
  return list == no_list ? py::object(py::none()) : py::str(p.content().lists[list].name);
}

[[nodiscard]] py::int_ to_int(address_count n) { return py::int_(py::str(n.to_text())); }

void bind_answer(py::module_& m) {
  py::class_<answer> cls(m, "Answer", "What all clients of a class get: a plan without what is one client's own. [S-61]");
  cls.def_readonly("service", &answer::service, "For which service.")
      .def_readonly("location", &answer::location, "Where the clients are.")
      .def_readonly("outcome", &answer::outcome, "Where the first attempt comes from. [S-64]")
      .def_readonly("exhausted", &answer::exhausted, "What happens when nothing answers. [S-66]")
      .def_property_readonly(
          "stages",
          [](const answer& a) {
            py::list out;
            for (const answer_stage& s : a.stages)
              out.append(py::make_tuple(s.random ? order::random : order::ordered, py::tuple(py::cast(s.attempts))));
            return py::tuple(out);
          },
          "Those with attempts: (order, attempts); the attempts of a random stage are a set, by endpoint.")
      .def("__repr__", [](const answer& a) { return "Answer(" + to_json(a) + ")"; });
  def_document_value(cls, &to_json<answer>);
}

/// One row for every run of addresses with one answer, for clients that have that address alone.
[[nodiscard]] py::dict columns(const partition& cut) {
  const char* const names[] = {"service", "location", "family", "first", "last", "addresses", "answer"};
  std::vector<py::list> lists(std::size(names));
  for (const service what : all_services) {
    for (const location where : {location::internal, location::external}) {
      for (const family f : {family::ipv4, family::ipv6}) {
        for (const answer_region& r : cut.regions(f, what, where)) {
          const py::object row[] = {
              py::cast(what),   py::cast(where),   py::cast(f), py::str(r.first.to_text()), py::str(r.last.to_text()),
              to_int(r.size()), py::int_(r.answer)};
          for (std::size_t i = 0; i < lists.size(); ++i) lists[i].append(row[i]);
        }
      }
    }
  }
  py::dict out;
  for (std::size_t i = 0; i < lists.size(); ++i) out[names[i]] = lists[i];
  return out;
}

void bind_partition_class(py::module_& m) {
  py::class_<partition> cls(m, "Partition", "Every answer of a policy, and who gets it. Immutable.");
  def_table(cls, "smplist.analysis.partition", "Pieces",
            "A pandas table: the columns, and outcome, asked_first, attempts; needs the extra `frame`.");
  cls.def_property_readonly("policy", &partition::policy, "What was cut.")
      .def_property_readonly(
          "resolved",
          [](const partition& cut) {
            py::dict out;
            for (const auto& [host, families] : cut.given().resolved) out[py::str(host)] = py::cast(families);
            return out;
          },
          "The families of hosts that were given as facts. [S-12]")
      .def("_repr_html_", &to_html)
      .def(
          "certificate",
          [](const py::object& self) { return py::module_::import("smplist.analysis.partition").attr("certificate")(self); },
          "The whole of it and the policy as one document that can be checked without smplist.")
      .def(
          "pieces",
          [](const partition& cut, family f) {
            py::list out;
            for (const address_piece& q : cut.pieces(f))
              out.append(
                  py::make_tuple(address_range::try_make(q.first, q.last).value(), list_or_none(cut.policy(), q.list), q.usable));
            return out;
          },
          "family"_a,
          "The addresses of a family, ascending and without a gap: (range, list or None, usable). Neighbours differ.\n\n`list` "
          "is chosen for a client with one address there [S-44]; link-local and loopback addresses are not usable [S-50].")
      .def("classes", &partition::classes,
           "Every class of clients: who is of one class gets one answer, but for random orders that depend on the client.")
      .def("answers", &partition::answers, "The distinct answers.")
      .def(
          "answer",
          [](const partition& cut, const client_class& who, service what) -> py::object {
            const std::uint32_t found = cut.answer_to(who, what);
            return found == no_answer ? py::object(py::none()) : py::cast(cut.answers()[found]);
          },
          "client_class"_a, "service"_a, "What a class gets, or None if no client is of it.")
      .def("witness", &partition::witness, "client_class"_a,
           "A client of a class, or None: `policy.evaluate` gives it an instance of the answer.")
      .def(
          "count", [](const partition& cut, family f, const client_class& who) { return to_int(cut.count(f, who.list)); },
          "family"_a, "client_class"_a, "The usable addresses of a family whose list is that of the class.")
      .def(
          "dual_count", [](const partition& cut, const client_class& who) { return to_int(cut.dual_count(who.list)); },
          "client_class"_a, "The pairs of one IPv4 and one IPv6 address whose list is that of the class.")
      .def("columns", &columns,
           "One row for every run of addresses with one answer, for clients that have that address alone: service, location, "
           "family,\nfirst, last, addresses (their number), answer (its position in `answers()`).")
      .def(
          "to_json", [](const partition& cut) { return to_json(cut); }, "The whole of it as JSON text.")
      .def(
          "to_dict", [](const partition& cut) { return loads(to_json(cut)); }, "The whole of it as dicts and lists.")
      .def("__repr__", [](const partition& cut) {
        return fmt::format("Partition({} IPv4 pieces, {} IPv6 pieces, {} answers)", cut.pieces(family::ipv4).size(),
                           cut.pieces(family::ipv6).size(), cut.answers().size());
      });
}

}  // namespace

void bind_partition(py::module_& m) {
  py::class_<client_class> cls(m, "ClientClass", "Clients that no policy tells apart, but for random orders.");
  cls.def_readonly("location", &client_class::location, "Where they are.")
      .def_readonly("stack", &client_class::stack, "The families that they can use. [S-50]")
      .def_property_readonly(
          "list", [](const client_class& c) { return c.list == no_list ? py::object(py::none()) : py::int_(c.list); },
          "The position of the custom list that is chosen, or None. [S-44]");
  bind_answer(m);
  bind_partition_class(m);
}

}  // namespace smplist::python
