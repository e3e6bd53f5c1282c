// SPDX-License-Identifier: MIT
// Floors 1 to 3: addresses, ranges, sets, hosts, MAC addresses.
#include "value_type.hpp"

#include <smplist/range_set.hpp>

#include <pybind11/operators.h>

namespace smplist::python {

namespace {

/// An int of Python from big-endian bytes.
[[nodiscard]] py::object to_int(const std::string& bytes) {
  return py::module_::import("builtins").attr("int").attr("from_bytes")(py::bytes(bytes), "big");
}

[[nodiscard]] std::string packed(address a) {
  std::string bytes;
  const detail::u128 bits = a.bits();
  for (unsigned i = 0; i < 16; ++i) bytes += static_cast<char>((i < 8 ? bits.hi : bits.lo) >> (56 - 8 * (i % 8)) & 0xFFU);
  return a.is_ipv4() ? bytes.substr(12) : bytes;
}

[[nodiscard]] address from_packed(std::string_view bytes) {
  if (bytes.size() != 4 && bytes.size() != 16)
    throw py::value_error("an address has 4 or 16 bytes, got " + std::to_string(bytes.size()));
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  for (const char c : bytes) {
    high = high << 8U | low >> 56U;
    low = low << 8U | static_cast<unsigned char>(c);
  }
  return bytes.size() == 4 ? address::from_ipv4(static_cast<std::uint32_t>(low)) : address::from_ipv6(high, low);
}

/// Text, an int (below 2^32: IPv4), an `ipaddress` object or an `Address`.
[[nodiscard]] address to_address(const py::handle value) {
  if (py::isinstance<address>(value)) return value.cast<address>();
  if (py::isinstance<py::str>(value)) return parse_or_raise<address>(text_of(value));
  if (py::isinstance<py::int_>(value) && !py::isinstance<py::bool_>(value)) {
    const auto number = py::reinterpret_borrow<py::int_>(value);
    const int bits = number.attr("bit_length")().cast<int>();
    if (number < py::int_(0) || bits > 128) throw py::value_error("an address is 0 to 2^128 - 1");
    return from_packed(number.attr("to_bytes")(bits > 32 ? 16 : 4, "big").cast<std::string>());
  }
  if (py::hasattr(value, "packed") && py::hasattr(value, "max_prefixlen"))
    return from_packed(value.attr("packed").cast<std::string>());
  throw py::type_error("expected text, int, ipaddress or Address");
}

/// Text, an `Address` or what makes one, an `ipaddress` network or an `AddressRange`.
[[nodiscard]] address_range to_range(const py::handle value) {
  if (py::isinstance<address_range>(value)) return value.cast<address_range>();
  if (py::isinstance<py::str>(value)) return parse_or_raise<address_range>(text_of(value));
  if (py::hasattr(value, "network_address")) return parse_or_raise<address_range>(py::str(value).cast<std::string>());
  return address_range(to_address(value));
}

[[nodiscard]] py::object count(const address_count& n) { return py::module_::import("builtins").attr("int")(n.to_text()); }

void bind_address(py::module_& m) {
  py::class_<address> cls(m, "Address", "An IPv4 or IPv6 address; IPv4-mapped IPv6 addresses are IPv4. [S-01] [S-03]");
  cls.def(py::init([](const py::object& value) { return to_address(value); }), "value"_a,
          "From text, an int (below 2**32 it is IPv4) or an `ipaddress` address.\n\nRaises\n------\nParseError\n    If the text "
          "is no address.");
  cls.def_property_readonly("family", &address::family, "`Family.IPV4` or `Family.IPV6`.")
      .def_property_readonly(
          "packed", [](address a) { return py::bytes(packed(a)); }, "4 or 16 bytes, big-endian.")
      .def("__int__", [](address a) { return to_int(packed(a)); })
      .def("__bytes__", [](address a) { return py::bytes(packed(a)); })
      .def(py::self < py::self)
      .def(py::self <= py::self)
      .def(py::self > py::self)
      .def(py::self >= py::self);
  def_text_value(cls, "Address");
}

void bind_range(py::module_& m) {
  py::class_<address_range> cls(m, "AddressRange", "The addresses from `first` to `last`, both included, of one family. [S-05]");
  cls.def(py::init([](const py::object& value) { return to_range(value); }), "value"_a,
          "From `10.0.0.1`, `10.0.0.1-10.0.0.9` or `10.0.0.0/24`, an address or an `ipaddress` "
          "network.\n\nRaises\n------\nParseError\n"
          "    If the text is no range; host bits behind a prefix are refused.");
  cls.def_static(
      "from_ends",
      [](const py::object& first, const py::object& last) {
        const auto range = address_range::try_make(to_address(first), to_address(last));
        if (!range) raise_parse_error(range.error(), "");
        return *range;
      },
      "first"_a, "last"_a, "From both ends.\n\nRaises\n------\nParseError\n    If they are reversed or of two families.");
  cls.def_property_readonly("first", &address_range::first, "The first address.")
      .def_property_readonly("last", &address_range::last, "The last address.")
      .def_property_readonly("family", &address_range::family, "`Family.IPV4` or `Family.IPV6`.")
      .def_property_readonly(
          "size", [](const address_range& r) { return count(r.size()); }, "The number of addresses, up to 2**128.")
      .def(
          "__contains__",
          [](const address_range& r, const py::object& item) {
            return py::isinstance<address_range>(item) ? r.contains(item.cast<address_range>()) : r.contains(to_address(item));
          },
          "item"_a)
      .def(
          "overlaps", [](const address_range& r, const py::object& other) { return r.overlaps(to_range(other)); }, "other"_a,
          "Whether the ranges share an address.")
      .def("prefixes", &address_range::prefixes, "The fewest prefixes that hold the same addresses, ascending.")
      .def(py::self < py::self);
  def_text_value(cls, "AddressRange");
}

void bind_range_set(py::module_& m) {
  py::class_<range_set> cls(m, "RangeSet", "A set of addresses of both families, as ranges that neither overlap nor touch.");
  cls.def(py::init([](const py::iterable& items) {
            std::vector<address_range> ranges;
            for (const py::handle item : items) ranges.push_back(to_range(item));
            return range_set(std::move(ranges));
          }),
          "ranges"_a = py::tuple(),
          "From ranges, texts or addresses, in any order.\n\nRaises\n------\nParseError\n    If a text is no range.");
  const auto texts = [](const range_set& s) {
    py::list out;
    for (const address_range& r : s.ranges()) out.append(r.to_text());
    return out;
  };
  cls.def_property_readonly(
         "ranges", [](const range_set& s) { return py::tuple(py::cast(s.ranges())); }, "The ranges, ascending.")
      .def_property_readonly(
          "size", [](const range_set& s) { return count(s.size()); }, "The number of addresses.")
      .def("prefixes", &range_set::prefixes, "The fewest prefixes that hold the same addresses, ascending.")
      .def(
          "__contains__", [](const range_set& s, const py::object& item) { return s.contains(to_address(item)); }, "item"_a)
      .def("__len__", [](const range_set& s) { return s.ranges().size(); })
      .def("__iter__", [](const range_set& s) { return py::iter(py::cast(s.ranges())); })
      .def("__bool__", [](const range_set& s) { return !s.empty(); })
      .def(py::self | py::self)
      .def(py::self & py::self)
      .def(py::self - py::self)
      .def(py::self ^ py::self)
      .def("__invert__", [](const range_set& s) { return ~s; })
      .def(
          "__eq__", [](const range_set& a, const range_set& b) { return a == b; }, py::is_operator())
      .def("__hash__", [texts](const range_set& s) { return py::hash(py::tuple(texts(s))); })
      .def("__copy__", [](const range_set& s) { return s; })
      .def(
          "__deepcopy__", [](const range_set& s, const py::dict& /*memo*/) { return s; }, "memo"_a)
      .def("_repr_html_", &to_html)
      .def("__repr__", [texts](const range_set& s) { return "RangeSet(" + py::repr(texts(s)).cast<std::string>() + ")"; })
      .def("__reduce__",
           [texts](const py::object& self) {
             return py::make_tuple(py::type::of(self), py::make_tuple(texts(self.cast<const range_set&>())));
           })
      .def("to_dict", texts, "The ranges as texts.")
      .def(
          "to_json", [texts](const range_set& s) { return py::module_::import("json").attr("dumps")(texts(s)); },
          "The ranges as JSON text.");
}

}  // namespace

void bind_values(py::module_& m) {
  bind_address(m);
  bind_range(m);
  bind_range_set(m);

  py::class_<host> where(m, "Host", "A host name or an address. [S-11]");
  where.def(py::init([](std::string_view text) { return parse_or_raise<host>(text); }), "text"_a,
            "Read a name (RFC 1123) or an address.\n\nRaises\n------\nParseError\n    If `text` is neither.");
  where.def_property_readonly("address", &host::literal, "The address, if the host is one.")
      .def_property_readonly("is_name", &host::is_name, "Whether the host is a name.");
  def_text_value(where, "Host");

  py::class_<host_port> pair(m, "HostPort", "A host and a port, `[2001:db8::1]:443`.");
  pair.def(py::init([](std::string_view text) { return parse_or_raise<host_port>(text); }), "text"_a,
           "Read `host:port`.\n\nRaises\n------\nParseError\n    If `text` is no such pair.");
  pair.def_property_readonly(
          "host", [](const host_port& p) { return p.host; }, "The host.")
      .def_property_readonly(
          "port", [](const host_port& p) { return p.port; }, "The port, 1 to 65535.");
  def_text_value(pair, "HostPort");

  py::class_<mac_address> mac(m, "MacAddress", "A MAC address, compared by value. [S-31]");
  mac.def(py::init([](std::string_view text) { return parse_or_raise<mac_address>(text); }), "text"_a,
          "Read `00:11:22:33:44:55`, also with hyphens, dots or nothing between.\n\nRaises\n------\nParseError\n    If `text` is "
          "none.");
  def_text_value(mac, "MacAddress");
}

}  // namespace smplist::python
