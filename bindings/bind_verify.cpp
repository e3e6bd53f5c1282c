// SPDX-License-Identifier: MIT
// Floor 8: expectations and their proofs, comparisons of two policies, test vectors.
#include "value_type.hpp"

#include <smplist/analysis/orders.hpp>

#include <vector>

namespace smplist::python {

namespace {

[[nodiscard]] const client_space::member& member_at(const client_space& space, std::size_t i) {
  if (i >= space.members().size()) throw py::index_error("no such class");
  return space.members()[i];
}

void bind_expectations(py::module_& m) {
  py::class_<expectations>(m, "Expectations", "What a policy is expected to do, as read; for smplist's own use.")
      .def_static(
          "from_document", [](const document& d) { return expectations{value_or_raise(read_expectations(d.root), d.file)}; },
          "document"_a, "From a document.\n\nRaises\n------\nPolicyError\n    With everything that is wrong.")
      .def_static(
          "from_dict", [](const py::dict& d) { return expectations{value_or_raise(read_expectations(to_node(d)))}; },
          "document"_a, "From dicts and lists.\n\nRaises\n------\nPolicyError\n    With everything that is wrong.")
      .def("__len__", [](const expectations& e) { return e.all.size(); })
      .def(
          "verify",
          [](const expectations& e, const partition& cut) {
            const py::gil_scoped_release release;  // proving is pure
            std::vector<proof> out;
            for (const expectation& one : e.all) out.push_back(verify(cut, one));
            return to_json(out);
          },
          "partition"_a, "The JSON of a proof for each.");
}

void bind_space(py::module_& m) {
  py::class_<client_space>(m, "ClientSpace", "The classes of the clients that a filter lets through; for smplist's own use.")
      .def(py::init([](const partition& cut, const py::dict& where) {
             client_filter filter = value_or_raise(read_client_filter(to_node(where)));
             const py::gil_scoped_release release;  // cutting is pure
             return client_space(cut, std::move(filter));
           }),
           "partition"_a, "where"_a, py::keep_alive<1, 2>(),
           "From what an expectation has under `where`.\n\nRaises\n------\nPolicyError\n    With everything that is wrong.")
      .def("__len__", [](const client_space& s) { return s.members().size(); })
      .def_property_readonly(
          "services", [](const client_space& s) { return py::tuple(py::cast(s.filter().services)); }, "Which are asked about.")
      .def_property_readonly(
          "revision", [](const client_space& s) { return s.filter().revision; }, "Of which policy only, or an empty text.")
      .def(
          "witness", [](const client_space& s, std::size_t i) { return member_at(s, i).witness; }, "index"_a,
          "A client of a class.")
      .def(
          "orders",
          [](const client_space& s, std::size_t i, service what, std::size_t most) -> py::object {
            const answer& found = s.cut().answers()[s.cut().answer_to(member_at(s, i).who, what)];
            const possible_orders orders(found, most);
            if (orders.at_most() == "1") return py::make_tuple("1", py::make_tuple(""));
            std::vector<std::string> ids;
            {
              const py::gil_scoped_release release;  // up to two million trials
              ids = orders.ids();
            }
            return py::make_tuple(ids.empty() ? orders.at_most() : std::to_string(ids.size()), py::tuple(py::cast(ids)));
          },
          "index"_a, "service"_a, "most"_a,
          "How many orders clients of a class can have, and an id for each: empty if none was found, no ids if there are more "
          "than "
          "`most`.")
      .def(
          "concerned",
          [](const client_space& s, const std::vector<std::pair<std::size_t, service>>& failed) {
            smplist::detail::concern who(s);
            for (const auto& [i, what] : failed) {
              static_cast<void>(member_at(s, i));
              who.add(i, what);
            }
            return to_json(who.found());
          },
          "failed"_a, "The JSON of who is concerned if these classes are, each with a service.")
      .def(
          "clients", [](const client_space& s) { return to_json(s.clients()); }, "The JSON of how many clients there are.");
}

[[nodiscard]] const source_list& list_named(const policy& p, const std::string& wanted) {
  std::vector<std::string_view> names;
  for (const source_list& l : p.content().lists) {
    if (l.name == wanted) return l;
    names.push_back(l.name);
  }
  const std::string near = smplist::detail::closest(wanted, names);
  throw py::value_error("no custom list is called " + smplist::detail::shown(wanted) +
                        (near.empty() ? "; policy.lists has them all" : "; did you mean '" + near + "'?"));
}

void bind_comparisons(py::module_& m) {
  m.def(
      "equivalent",
      [](const partition& before, const partition& after) {
        const py::gil_scoped_release release;  // comparing is pure
        return to_json(equivalent(before, after));
      },
      "before"_a, "after"_a, "The JSON of whether every client gets the same from both.");
  m.def(
      "refines",
      [](const partition& after, const partition& before) {
        const py::gil_scoped_release release;  // comparing is pure
        return to_json(refines(after, before));
      },
      "after"_a, "before"_a, "The JSON of whether no client is worse off.");
  m.def(
      "common_addresses",
      [](const policy& p, const std::string& a, const std::string& b) {
        return common_addresses(list_named(p, a), list_named(p, b));
      },
      "policy"_a, "a"_a, "b"_a,
      "The addresses that two custom lists both hold.\n\nRaises\n------\nValueError\n    If there is no such list.");
}

void bind_vectors(py::module_& m) {
  m.def(
      "each_vector",
      [](const partition& cut, const py::function& sink) { each_vector(cut, [&](const test_vector& v) { sink(to_json(v)); }); },
      "partition"_a, "sink"_a, "Calls `sink` with the JSON of each test vector.");
}

}  // namespace

void bind_verify(py::module_& m) {
  bind_expectations(m);
  bind_space(m);
  bind_comparisons(m);
  bind_vectors(m);
}

}  // namespace smplist::python
