// SPDX-License-Identifier: MIT
// Every analysis against brute force: random policies over a universe of less than 256 addresses, each answer compared with
// what the plain engine says at every address, stack and service; and the routing table, cut under every rule.
//
// analysis [--policies N] [--addresses N] [--tables DIR] [--threads N] [--only NAME]
//
// SMPLIST_SEED repeats a run. The exit code is 1 if anything differs.
#include "../cpp/support/ambiguity_check.hpp"
#include "../cpp/support/diff_check.hpp"
#include "../cpp/support/lint_check.hpp"
#include "../cpp/support/partition_check.hpp"
#include "../cpp/support/survivability_check.hpp"
#include "../cpp/support/verify_check.hpp"
#include "lookups.hpp"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

namespace scale {

namespace {

struct check {
  const char* name;
  std::string (*run)(generate::dice&);
};

/// For a check that throws what is wrong.
template <void (*Check)(generate::dice&)>
std::string caught(generate::dice& d) {
  try {
    Check(d);
  } catch (const std::exception& wrong) {
    return wrong.what();
  }
  return {};
}

// one row for each analysis
constexpr check checks[] = {
    {"partition", universe::check_partition},
    {"ambiguity", universe::check_ambiguity},
    {"lint", caught<lint_check::check>},
    {"diff", diff_check::check_random},
    {"verify", verify_check::check_verify},
    {"same-list", verify_check::check_same_list},
    {"compare", verify_check::check_compare},
    {"vectors", verify_check::check_vectors},
    {"survivability", caught<survivability_check::check_survivability>},
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// `policies` random policies, each from a seed of its own.
void run_check(const check& one, std::size_t policies, std::size_t threads, std::uint64_t seed, differences& found) {
  const auto start = std::chrono::steady_clock::now();
  const std::size_t before = found.count();
  on_threads(threads, [&](std::size_t t) {
    for (std::size_t i = t; i < policies; i += threads) {
      generate::dice d(detail::mix64(seed + i));
      const std::string wrong = one.run(d);
      if (!wrong.empty()) found.add(std::string(one.name) + ", policy " + std::to_string(i) + ": " + wrong);
    }
  });
  std::printf("%-16s %8zu policies %6zu differences %7.1f s\n", one.name, policies, found.count() - before, seconds_since(start));
  std::fflush(stdout);
}

/// The pieces of a large table against the plain engine's own choice: half of the addresses at ends and their neighbours.
void run_table(const rows& table, overlap_rule rule, std::size_t addresses, std::uint64_t seed, differences& found) {
  const auto start = std::chrono::steady_clock::now();
  const policy p = deal(table, 3000, rule);
  const auto cutting = std::chrono::steady_clock::now();
  const partition cut = partition::make(p);
  const double took = seconds_since(cutting);
  dice d(seed);
  const std::size_t before = found.count();
  for (std::size_t i = 0; i < addresses; ++i) {
    const row& beside = table[d.below(table.size())];
    const u128 ends[] = {beside.where.first().bits(), beside.where.last().bits(), beside.where.first().bits() - u128{0, 1},
                         beside.where.last().bits() + u128{0, 1}};
    const u128 any = beside.where.family() == family::ipv4
                         ? address::from_ipv4(static_cast<std::uint32_t>(d.below(~std::size_t{0}))).bits()
                         : u128{d.below(~std::size_t{0}), d.below(~std::size_t{0})};
    const u128 bits = i % 2 == 0 ? ends[i / 2 % 4] : any;
    const address a = address::from_bits(bits);
    const detail::list_match match = detail::match_lists(p, rule, {a});
    const std::uint32_t wanted = match.chosen ? match.chosen->held.group : no_list;
    if (cut.piece_of(a).list != wanted) found.add("the list of " + a.to_text() + " under " + std::string(name(rule)));
  }
  std::printf("%-16s %8zu ranges, %zu pieces in %.2f s, %zu addresses %6zu differences %7.1f s\n",
              std::string(name(rule)).c_str(), table.size(), cut.pieces(family::ipv4).size() + cut.pieces(family::ipv6).size(),
              took, addresses, found.count() - before, seconds_since(start));
  std::fflush(stdout);
}

int main(int argc, char** argv) {
  std::size_t policies = 20000;
  std::size_t addresses = 1000000;
  std::size_t threads = 2;
  std::string tables;
  std::string only;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string option = argv[i];
    const auto number = static_cast<std::size_t>(std::strtoull(argv[i + 1], nullptr, 10));
    if (option == "--policies") policies = number;
    else if (option == "--addresses") addresses = number;
    else if (option == "--threads") threads = number;
    else if (option == "--tables") tables = argv[i + 1];
    else if (option == "--only") only = argv[i + 1];
    else return std::fprintf(stderr, "analysis: what is %s?\n", argv[i]), 2;
  }
  const std::uint64_t seed = generate::seed();
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  differences found;
  for (const check& one : checks) {
    if (only.empty() || only == one.name) run_check(one, policies, threads, seed, found);
  }
  rows routes;
  if (addresses != 0 && (tables.empty() || !read_table(tables + "/internet-routes.txt.gz", routes))) {
    dice d(seed);
    routes.clear();
    add_prefixes(d, 1062046, routes);
    std::printf("the routing table is not there: a generated one instead\n");
  }
  for (const overlap_rule rule : {overlap_rule::first, overlap_rule::last, overlap_rule::most_specific}) {
    if (addresses != 0 && only.empty()) run_table(routes, rule, addresses, seed, found);
  }
  return found.count() == 0 ? 0 : 1;
}

}  // namespace

}  // namespace scale

int main(int argc, char** argv) { return scale::main(argc, argv); }
