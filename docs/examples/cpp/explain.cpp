// SPDX-License-Identifier: MIT
// Reads a policy (JSON) and clients (one JSON document a line) and prints the plans of both services, one a line:
//   explain POLICY.json < clients.ndjson
#include <smplist/json.hpp>
#include <smplist/smplist.hpp>

#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

namespace {

int complain(const smplist::problems& found) {
  for (const smplist::problem& p : found) {
    std::cerr << p.line << ':' << p.column << ": " << p.reason << "; " << p.advice << " (" << p.pointer << ")\n";
  }
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: explain POLICY.json < clients.ndjson\n";
    return 2;
  }
  std::ifstream file(argv[1], std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto policy = smplist::json::load(text);
  if (!policy) return complain(policy.error());

  for (std::string line; std::getline(std::cin, line);) {
    const auto client = smplist::json::load_client(line);
    if (!client) return complain(client.error());
    for (const smplist::service service : smplist::all_services) {
      std::cout << smplist::to_json(smplist::evaluate(*policy, *client, service)) << '\n';
    }
  }
  return 0;
}
