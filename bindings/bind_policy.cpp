// SPDX-License-Identifier: MIT
// Floors 3 to 5: sources, lists, clients, policies; and the lint findings.
#include "value_type.hpp"

#include <smplist/analysis/suppress.hpp>
#include <smplist/compile.hpp>
#include <smplist/json.hpp>

#include <memory>

namespace smplist::python {

namespace {

/// A value of a list's parts written as the canonical form writes it.
template <class T, class Write>
[[nodiscard]] std::string canonical_json(const T& value, Write write) {
  std::string out;
  smplist::detail::json_writer json(out, smplist::detail::json_writer::spacing::one_blank);
  write(json, value);
  return out;
}

void bind_source(py::module_& m) {
  py::class_<source> cls(m, "Source", "A protection source, as a policy declares it. [S-10]");
  cls.def_readonly("name", &source::name, "Its name in the policy.")
      .def_readonly("kind", &source::kind, "What it is.")
      .def_readonly("host", &source::host, "Where it is.")
      .def_readonly("families", &source::families, "The families it answers on; None is unknown. [S-12]")
      .def_readonly("file_reputation", &source::file_reputation, "(scheme, port), or None.")
      .def_readonly("web_reputation", &source::web_reputation, "(scheme, port), or None.")
      .def("identity", &source::identity, "service"_a,
           "`scheme://host:port`, or an empty text if it does not offer the service. [S-14]")
      .def("url", &source::url, "service"_a, "What clients ask. [S-14]")
      .def("__repr__", [](const source& s) {
        return "Source(" + py::repr(py::str(s.name)).cast<std::string>() + ", " + s.host.to_text() + ")";
      });
  def_part_value(cls, &to_json<source>, &source::name, &source::kind, &source::host, &source::families, &source::file_reputation,
                 &source::web_reputation);
}

void bind_lists(py::module_& m) {
  py::class_<proxy> through(m, "Proxy", "A proxy. Its password is never here, only the reference to it. [S-23] [S-24]");
  through.def_readonly("host", &proxy::host, "Where it is.")
      .def_readonly("port", &proxy::port, "1 to 65535.")
      .def_readonly("families", &proxy::families, "The families it answers on; None is unknown.")
      .def_readonly("leaves_on", &proxy::leaves_on,
                    "The families on which it goes on to sources; None: those it answers on. [S-52]")
      .def_readonly("converts", &proxy::converts, "Whether it joins IPv4 and IPv6. [S-52]")
      .def_readonly("user", &proxy::user, "The user name, or None.")
      .def_readonly("password", &proxy::password, "`env:NAME`, `file:PATH` or `keyring:SERVICE/USER`, or None.")
      .def("__str__", &proxy::to_text)
      .def("__repr__", [](const proxy& p) { return "Proxy('" + p.to_text() + "')"; });
  const auto proxy_json = [](const proxy& p) {
    return canonical_json(std::optional(p), [](auto& json, const auto& x) { smplist::detail::write_proxy(json, x); });
  };
  def_part_value(through, proxy_json, &proxy::host, &proxy::port, &proxy::families, &proxy::converts, &proxy::user,
                 &proxy::password, &proxy::leaves_on);

  py::class_<source_list> cls(m, "SourceList", "A list of sources for some ranges. [S-07]");
  cls.def_readonly("name", &source_list::name, "Its name.")
      .def_property_readonly(
          "ranges", [](const source_list& l) { return py::tuple(py::cast(l.ranges)); }, "As written.")
      .def_readonly("order", &source_list::order, "How clients choose. [S-20] [S-21]")
      .def_property_readonly(
          "sources", [](const source_list& l) { return py::tuple(py::cast(l.sources)); }, "Names of sources, as written.")
      .def_readonly("proxy", &source_list::proxy, "The list's own proxy, or None. [S-23]")
      .def("__repr__", [](const source_list& l) {
        return fmt::format("SourceList({}, {} ranges, {} sources)", py::repr(py::str(l.name)).cast<std::string>(),
                           l.ranges.size(), l.sources.size());
      });
  const auto list_json = [](const source_list& l) {
    return canonical_json(l, [](auto& json, const auto& x) { smplist::detail::write_custom_list(json, x); });
  };
  def_part_value(cls, list_json, &source_list::name, &source_list::ranges, &source_list::order, &source_list::sources,
                 &source_list::proxy);
}

void bind_client(py::module_& m) {
  py::class_<client> cls(m, "Client", "One computer, with what is known of it. [S-30] [S-50]");
  cls.def(
      py::init([](const py::object& addresses, const std::string& id, const py::object& where, const py::object& gateways,
                  const py::object& reached, const py::object& stack) {
        py::dict document;
        const auto put = [&](const char* key, const py::object& value) {
          if (!value.is_none()) document[key] = value;
        };
        py::list texts;
        if (py::isinstance<py::str>(addresses)) throw py::type_error("addresses is a list of texts, not a text");
        for (const py::handle item : addresses) texts.append(py::str(item));
        document["addresses"] = texts;
        put("id", py::str(id));
        put("location", where);
        put("gateways", gateways);
        put("reached", reached);
        put("stack", stack);
        return value_or_raise(read_client(to_node(document)));
      }),
      "addresses"_a = py::tuple(), py::kw_only(), "id"_a = "", "location"_a = py::none(), "gateways"_a = py::none(),
      "reached"_a = py::none(), "stack"_a = py::none(),
      "From a list of addresses and what else is known.\n\n"
      "`gateways` is a list of texts `address` or `address,mac` or of dicts, `reached` a list of `host:port`, `stack` a list of\n"
      "`ipv4` and `ipv6`.\n\nRaises\n------\nPolicyError\n    With every value that is wrong.");
  cls.def_static(
         "from_dict", [](const py::dict& document) { return value_or_raise(read_client(to_node(document))); }, "document"_a,
         "From a client document.\n\nRaises\n------\nPolicyError\n    With every value that is wrong.")
      .def_static(
          "from_json", [](const std::string& text) { return value_or_raise(json::load_client(text)); }, "text"_a,
          "From the JSON text of a client document.\n\nRaises\n------\nPolicyError\n    With every value that is wrong.");
  cls.def_readonly("id", &client::id, "Its id; empty if there is none.")
      .def_property_readonly(
          "addresses",
          [](const client& c) {
            py::list out;
            for (const client_address& a : c.addresses) out.append(a.value);
            return py::tuple(out);
          },
          "Its addresses, zones dropped. [S-04]")
      .def_readonly("location", &client::location, "The declared location, or None. [S-30]")
      .def_property_readonly(
          "gateways",
          [](const client& c) {
            py::list out;
            for (const gateway& g : c.gateways) out.append(py::make_tuple(g.address, g.mac));
            return py::tuple(out);
          },
          "Its gateways: (address, MAC address or None). [S-31]")
      .def_property_readonly(
          "reached", [](const client& c) { return py::tuple(py::cast(c.reached)); }, "The servers that it reached. [S-32]")
      .def_readonly("stack", &client::stack, "The stated stack, or None. [S-50]")
      .def("__repr__", [](const client& c) { return "Client(" + to_json(c) + ")"; });
  def_readable_value(cls, [](const client& c) { return to_json(c); });
}

/// A day from a `datetime.date` or its text.
[[nodiscard]] std::optional<date> day_or_none(const py::object& today) {
  if (today.is_none()) return std::nullopt;
  return parse_or_raise<date>(text_of(py::str(today)));
}

void bind_finding(py::module_& m) {
  py::class_<finding> one(m, "Finding", "What a lint rule found.");
  one.def_static(
         "make",
         [](const std::string& code, const std::string& pointer, const std::string& text, const std::string& fix,
            const std::string& list) {
           const lint_rule* const rule = find_rule(code);
           if (rule == nullptr) {
             const std::string near = smplist::detail::closest_rule(code);
             throw py::value_error("there is no lint rule '" + code + "'" +
                                   (near.empty() ? "" : "; did you mean '" + near + "'?"));
           }
           finding made = smplist::detail::found_at(pointer, text, fix);
           made.list = list;
           return smplist::detail::completed(*rule, std::move(made));
         },
         "rule"_a, "pointer"_a, "text"_a, "fix"_a = "", "list"_a = "",
         "A finding of a rule that was found elsewhere.\n\nRaises\n------\nValueError\n    If there is no such rule.")
      .def_readonly("rule", &finding::rule, "The code of the rule.")
      .def_readonly("severity", &finding::severity, "How bad it is.")
      .def_readonly("pointer", &finding::pointer, "JSON Pointer into the policy document.")
      .def_readonly("text", &finding::text, "What it is.")
      .def_readonly("fix", &finding::fix, "What to do about it.")
      .def_property_readonly(
          "list", [](const finding& f) { return text_or_none(f.list); }, "The custom list that it is about, or None.")
      .def_property_readonly(
          "range", [](const finding& f) { return text_or_none(f.range); }, "The range that it is about, or None.")
      .def_property_readonly(
          "addresses",
          [](const finding& f) { return f.addresses.empty() ? py::object(py::none()) : py::int_(py::str(f.addresses)); },
          "How many addresses are concerned, or None.")
      .def_readonly("different_outcome", &finding::different_outcome,
                    "Would anybody ask others, or otherwise, if it were mended? None if nobody can say.")
      .def_property_readonly(
          "example", [](const finding& f) { return text_or_none(f.example); }, "An address that shows it, or None.")
      .def_property_readonly(
          "regions", [](const finding& f) { return py::tuple(py::cast(f.regions)); },
          "The first 100 regions of addresses: (range, addresses, list that wins there or None).")
      .def_readonly("region_count", &finding::region_count, "The number of all regions.")
      .def_property_readonly(
          "suppressed", [](const finding& f) { return text_or_none(f.suppressed); },
          "The reason why it is not to be reported, or None.")
      .def("__repr__", [](const finding& f) { return "Finding(" + f.rule + ": " + f.text + ")"; });
  def_part_value(one, &to_json<finding>, &finding::rule, &finding::severity, &finding::pointer, &finding::text, &finding::fix,
                 &finding::list, &finding::range, &finding::addresses, &finding::different_outcome, &finding::example,
                 &finding::regions, &finding::region_count, &finding::suppressed);
}

void bind_policy_class(py::module_& m) {
  py::class_<policy> cls(m, "Policy", "A checked policy. Immutable; copies share it.");
  cls.def_static(
         "from_dict", [](const py::dict& document) { return value_or_raise(read_policy(to_node(document))); }, "document"_a,
         "From a policy document.\n\nRaises\n------\nPolicyError\n    With everything that is wrong.")
      .def_static(
          "from_json",
          [](const std::string& text) {
            auto read = [&] {
              const py::gil_scoped_release release;  // reading is pure and may take seconds
              return json::load(text);
            }();
            return value_or_raise(read);
          },
          "text"_a,
          "From the JSON text of a policy document.\n\nRaises\n------\nPolicyError\n    With everything that is wrong.");
  cls.def_property_readonly(
         "title", [](const policy& p) { return p.content().title; }, "Its title.")
      .def_property_readonly(
          "revision", [](const policy& p) { return p.revision(); }, "`sha256:` and the digest of the canonical form. [S-82]")
      .def_property_readonly(
          "profile", [](const policy& p) { return p.content().profile; }, "The set of defaults. [S-48]")
      .def_property_readonly(
          "mode", [](const policy& p) { return p.content().mode; }, "Standard list or custom lists. [S-42] [S-43]")
      .def_property_readonly(
          "sources",
          [](const policy& p) {
            py::dict out;
            for (const source& s : p.content().sources) out[py::str(s.name)] = py::cast(s);
            return out;
          },
          "The declared sources by name.")
      .def_property_readonly(
          "lists", [](const policy& p) { return py::tuple(py::cast(p.content().lists)); }, "The custom lists, in document order.")
      .def_property_readonly(
          "standard", [](const policy& p) { return p.content().standard; }, "The standard list.")
      .def_property_readonly(
          "network", [](const policy& p) { return p.content().network; }, "The network stage.")
      .def(
          "evaluate",
          [](const policy& p, const client& who, service what, std::uint64_t epoch,
             const std::map<std::string, family_set>& resolved) { return evaluate(p, who, what, make_facts(epoch, resolved)); },
          "client"_a, "service"_a, py::kw_only(), "epoch"_a = 0, "resolved"_a = std::map<std::string, family_set>{},
          "The plan of a client for a service. [S-60]\n\n`epoch` reshuffles random orders [S-21]; `resolved` gives the families "
          "of hosts whose families\n"
          "the policy does not state [S-12].\n\nRaises\n------\nValueError\n    If the service is unknown.")
      .def(
          "matching_lists",
          [](const policy& p, const py::object& where) {
            py::list out;
            const auto a = parse_or_raise<address>(text_of(py::str(where)));
            for (const std::size_t i : smplist::detail::match_lists(p, p.content().on_overlap, {a}).lists)
              out.append(p.content().lists[i].name);
            return out;
          },
          "address"_a, "The custom lists that hold an address, in document order. [S-07]")
      .def(
          "compile",
          [](const policy& p, const std::map<std::string, family_set>& resolved) {
            const facts given = make_facts(0, resolved);
            const py::gil_scoped_release release;  // compiling is pure
            return compile(p, given);
          },
          py::kw_only(), "resolved"_a = std::map<std::string, family_set>{},
          "The policy as one run of bytes that answers without allocating. [S-67]\n\n`resolved` gives the families of hosts "
          "whose "
          "families the policy does not state; they are compiled in. [S-12]")
      .def(
          "lint",
          [](const policy& p, const py::object& today, const std::map<std::string, family_set>& resolved) {
            const facts given = make_facts(0, resolved);
            const auto day = day_or_none(today);
            std::vector<finding> found;
            {
              const py::gil_scoped_release release;  // lint is pure
              found = lint(partition::make(p, given));
              if (day) found = suppress(p, std::move(found), *day);
            }
            return py::module_::import("smplist.findings").attr("Findings")(std::move(found));
          },
          py::kw_only(), "today"_a = py::none(), "resolved"_a = std::map<std::string, family_set>{},
          "What the lint rules find, rule by rule.\n\nWith `today` (a date, or its text) the suppressions of the policy apply: "
          "what they hide is `suppressed`,\nand those that have expired or hide nothing are findings. Without it everything is "
          "reported.\n\nRaises\n------\nParseError\n    If `today` is not a date.")
      .def(
          "suppress",
          [](const policy& p, std::vector<finding> found, const py::object& today) {
            return suppress(p, std::move(found), day_or_none(today).value());
          },
          "findings"_a, "today"_a, "Findings with the suppressions of the policy applied, for findings from elsewhere, too.")
      .def(
          "partition",
          [](const policy& p, const std::map<std::string, family_set>& resolved) {
            const facts given = make_facts(0, resolved);
            const py::gil_scoped_release release;  // cutting is pure
            return partition::make(p, given);
          },
          py::kw_only(), "resolved"_a = std::map<std::string, family_set>{},
          "Every answer of the policy, and who gets it: what every analysis is made of.")
      .def(
          "ambiguity",
          [](const py::object& self, const std::map<std::string, family_set>& resolved) {
            return py::module_::import("smplist.analysis.ambiguity").attr("find")(self, resolved);
          },
          py::kw_only(), "resolved"_a = std::map<std::string, family_set>{},
          "Where the answer depends on a rule that nobody states: an `Ambiguity`. [S-03] [S-44] [S-45]")
      .def(
          "verify",
          [](const py::object& self, const py::object& what, const py::kwargs& more) {
            return py::module_::import("smplist.analysis.verify").attr("verify")(self, what, **more);
          },
          "what"_a, "Proves a predicate on plans, or expectations, over all clients: `smplist.analysis.verify.verify`.")
      .def(
          "vectors", [](const py::object& self) { return py::module_::import("smplist.analysis.vectors").attr("vectors")(self); },
          "A finite test set for agents: `smplist.analysis.vectors.vectors`.")
      .def(
          "mutants",
          [](const py::object& self, const py::object& expectations, const py::kwargs& more) {
            return py::module_::import("smplist.analysis.mutants").attr("mutants")(self, expectations, **more);
          },
          "expectations"_a, "Whether expectations notice small mistakes in the policy: `smplist.analysis.mutants.mutants`.")
      .def("__repr__", [](const policy& p) {
        return fmt::format("Policy({}, {} sources, {} lists, {})", py::repr(py::str(p.content().title)).cast<std::string>(),
                           p.content().sources.size(), p.content().lists.size(), p.revision().substr(0, 19));
      });
  def_readable_value(cls, [](const policy& p) { return p.canonical(); });
}

/// What Python's reader of YAML hands over: (kind, payload, line, column, quoted, verbatim).
[[nodiscard]] document_node tree_of(const py::tuple& t, std::size_t depth) {
  document_node node;
  node.kind = static_cast<node_kind>(t[0].cast<int>());
  node.line = t[2].cast<std::uint32_t>();
  node.column = t[3].cast<std::uint32_t>();
  if (depth > smplist::detail::max_document_depth) {
    raise_problems({{errc::too_deep, "", std::string(message(errc::too_deep)), std::string(advice(errc::too_deep)), node.line,
                     node.column}});
  }
  if (node.kind != node_kind::array && node.kind != node_kind::object) {
    node.text = text_of(t[1]);
    node.quoted = t[4].cast<bool>();
    node.verbatim = t[5].cast<bool>();
    return node;
  }
  for (const py::handle item : t[1]) {  // (key, line, column, value)
    const auto member = item.cast<py::tuple>();
    node.members.push_back({text_of(member[0]), member[1].cast<std::uint32_t>(), member[2].cast<std::uint32_t>(),
                            tree_of(member[3].cast<py::tuple>(), depth + 1)});
  }
  return node;
}

void bind_document(py::module_& m) {
  py::class_<document>(m, "Document", "A document as a tree with positions; for smplist's own use.")
      .def_static(
          "from_json",
          [](const std::string& text, const std::string& file) {
            auto tree = [&] {
              const py::gil_scoped_release release;
              return json::parse(text);
            }();
            if (!tree) raise_problems(tree.error(), file);
            return document{*tree, file};
          },
          "text"_a, "file"_a = "", "Read JSON text.")
      .def_static(
          "from_tree",
          [](const py::tuple& tree, const std::string& file) {
            return document{tree_of(tree, 0), file};
          },
          "tree"_a, "file"_a = "", "From nested tuples.")
      .def(
          "policy", [](const document& d) { return value_or_raise(read_policy(d.root), d.file); }, "The policy it holds.")
      .def(
          "client", [](const document& d) { return value_or_raise(read_client(d.root), d.file); }, "The client it holds.")
      .def(
          "lint", [](const document& d) { return lint_text(d.root); }, "What lint finds in how it is written.")
      .def(
          "locate",
          [](const document& d, const std::string& pointer) {
            const document_node& node = smplist::detail::policy_reader::find_pointer(d.root, pointer);
            return std::pair(node.line, node.column);
          },
          "pointer"_a, "Line and column of what a JSON Pointer leads to.");
}

}  // namespace

void bind_policy(py::module_& m) {
  bind_source(m);
  bind_lists(m);
  bind_client(m);
  bind_finding(m);
  bind_policy_class(m);
  bind_document(m);
  m.def(
      "lint_rules",
      [] {
        py::list out;
        for (const lint_rule& rule : lint_rules)
          out.append(py::make_tuple(std::string(rule.code), rule.severity, std::string(rule.sentence), std::string(rule.fix)));
        return out;
      },
      "The lint rules: code, severity, sentence, what to do.");
}

}  // namespace smplist::python
