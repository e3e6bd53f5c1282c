// SPDX-License-Identifier: MIT
// Floor 8: ambiguity.
#include "bindings.hpp"

#include <smplist/analysis/ambiguity.hpp>

namespace smplist::python {

void bind_ambiguity(py::module_& m) {
  m.def(
      "ambiguity_json",
      [](const policy& p, const std::map<std::string, family_set>& resolved) {
        const facts given = make_facts(0, resolved);
        const py::gil_scoped_release release;  // the search is pure
        return to_json(find_ambiguity(p, given));
      },
      "policy"_a, "resolved"_a, "For smplist's own use: `Policy.ambiguity` as JSON text.");
}

}  // namespace smplist::python
