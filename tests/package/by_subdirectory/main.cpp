// SPDX-License-Identifier: MIT
#include "everything.hpp"
#include "other.hpp"

#include <cstdio>

using namespace smplist::literals;

int main() {
  const bool one = other::services() == &smplist::all_services && other::evaluate() == &smplist::evaluate;
  fmt::print("{}\n", one ? "shared" : "two of each");
  fmt::print("{} {}\n", "10.20.0.0/16"_range, smplist::service::web_reputation);
  const auto client = smplist::json::load_client(R"({"addresses": ["10.20.3.4"], "location": "internal"})");
  if (!client) return 1;
  std::puts(smplist::to_json(*client).c_str());
  return 0;
}
