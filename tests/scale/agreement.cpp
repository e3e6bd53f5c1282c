// SPDX-License-Identifier: MIT
// Three witnesses at scale: compiled look-ups and plans against the plain engine's, and a slow reference beside them. [S-67]
//
// agreement [--lookups N] [--direct N] [--tables DIR] [--threads N]   look-ups on real tables and random ranges
// agreement --plans N [--threads N]                                   whole plans on random policies and clients
//
// What a look-up is compared with. The plain decision for a client with one address depends on the address by two things
// only: which ranges hold it, and whether it is link-local or loopback. So each family is cut wherever a range begins or has
// ended and where those blocks do; between two cuts neither can change. The plain engine (match_lists over the policy) decides
// once for each such cell, at an address picked at random in it; every look-up, one by one and again in a batch, is compared
// with the decision of its cell. Half of them are at the ends of ranges and their neighbours (first - 1, first, last,
// last + 1 of every range, in turn), half anywhere in random cells. Two things watch that the cutting is right: `--direct`
// addresses are put to the plain engine itself, and a third witness paints the ranges over the cells best first, from the
// document and with no part of the engine's code.
//
// SMPLIST_SEED repeats a run. The exit code is 1 if anything differs.
#include "lookups.hpp"
#include "plans.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace scale {

namespace {

struct settings {
  std::size_t lookups = 1000000000;
  std::size_t direct = 20000000;
  std::size_t plans = 0;
  std::size_t threads = 2;
  std::string tables;
  std::uint64_t seed = generate::seed();
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// A policy or a few of a kind, made of rows when their turn comes.
struct job {
  std::string name;
  const rows* table;  // null: random ranges
  std::size_t ranges;
  std::size_t copies;
  std::size_t lists;
  overlap_rule rule;
};

/// Sums of a line, and of all.
struct counts {
  std::size_t ranges = 0;
  std::size_t cells = 0;
  std::size_t repainted = 0;
  std::size_t lookups = 0;
  std::size_t direct = 0;

  void add(const counts& more) {
    ranges += more.ranges;
    cells += more.cells;
    repainted += more.repainted;
    lookups += more.lookups;
    direct += more.direct;
  }
};

class lookup_run {
 public:
  explicit lookup_run(const settings& given) : given_(given) {}

  [[nodiscard]] int run() {
    read_tables();
    const auto start = std::chrono::steady_clock::now();
    std::printf("seed %llu\n%-32s %9s %9s %7s %-12s %11s %10s %11s %6s\n", static_cast<unsigned long long>(given_.seed), "table",
                "ranges", "cells", "classes", "index", "look-ups", "direct", "differences", "s");
    const std::vector<job> jobs = make_jobs();
    for (const job& j : jobs) run_job(j, jobs.size());
    std::printf("%-32s %9zu %9zu %7s %-12s %11zu %10zu %11zu %6.1f\n", "all", all_.ranges, all_.cells, "", "", all_.lookups,
                all_.direct, found_.count(), seconds_since(start));
    std::printf("each look-up alone and in a batch; every cell painted as well: %zu cells\n", all_.repainted);
    return found_.count() == 0 && all_.lookups >= given_.lookups ? 0 : 1;
  }

 private:
  void read_tables() {
    dice d(given_.seed);
    std::size_t skipped = 0;
    const auto read = [&](const char* name, rows& out) {
      const std::size_t had = out.size();
      const bool good = !given_.tables.empty() && read_table(given_.tables + "/" + name, out);
      if (!good) out.resize(had, row{address(), 0});
      skipped += good ? 0U : 1U;
      return good;
    };
    if (!read("asn-ipv4.csv.gz", asn_)) add_disjoint(d, 411961, family::ipv4, asn_);
    if (!read("asn-ipv6.csv.gz", asn_)) add_disjoint(d, 103197, family::ipv6, asn_);
    if (!read("country-ipv4.csv.gz", country_)) add_disjoint(d, 141822, family::ipv4, country_);
    if (!read("country-ipv6.csv.gz", country_)) add_disjoint(d, 68368, family::ipv6, country_);
    if (!read("internet-routes.txt.gz", routes_)) add_prefixes(d, 1062046, routes_);
    std::printf("real tables: %zu read, %zu skipped and generated instead\n", 5 - skipped, skipped);
  }

  [[nodiscard]] std::vector<job> make_jobs() const {
    constexpr overlap_rule rules[] = {overlap_rule::first, overlap_rule::last, overlap_rule::most_specific};
    std::vector<job> jobs = {{"autonomous systems, 100 lists", &asn_, 0, 1, 100, overlap_rule::first},
                             {"autonomous systems, 3000 lists", &asn_, 0, 1, 3000, overlap_rule::first},
                             {"autonomous systems, 40000 lists", &asn_, 0, 1, 40000, overlap_rule::last},
                             {"countries, 250 lists", &country_, 0, 1, 250, overlap_rule::first}};
    for (const overlap_rule rule : rules) jobs.push_back({"routes, " + std::string(name(rule)), &routes_, 0, 1, 3000, rule});
    for (const overlap_rule rule : rules) {
      jobs.push_back({"random, " + std::string(name(rule)), nullptr, 100000, 1, 2000, rule});
      jobs.push_back({"random, middling, " + std::string(name(rule)), nullptr, 4000, 10, 90, rule});
      jobs.push_back({"random, small, " + std::string(name(rule)), nullptr, 150, 100, 40, rule});
    }
    return jobs;
  }

  void run_job(const job& j, std::size_t jobs) {
    const auto start = std::chrono::steady_clock::now();
    const std::size_t before = found_.count();
    counts sum;
    std::size_t classes = 0;
    std::string form;
    for (std::size_t copy = 0; copy < j.copies; ++copy) {
      const std::uint64_t seed = detail::mix64(given_.seed + 1000 * static_cast<std::uint64_t>(j.rule) + copy + j.ranges);
      rows random;
      if (j.table == nullptr) {
        dice d(seed);
        for (const family f : {family::ipv4, family::ipv6}) anything(d, f, j.ranges).add(random);
      }
      const both_forms forms(deal(j.table == nullptr ? random : *j.table, j.lists, j.rule));
      for (const family f : {family::ipv4, family::ipv6}) sum.add(run_family(forms, f, 2 * jobs * j.copies, seed));
      classes = forms.fast.classes();
      form = forms.form();
    }
    all_.add(sum);
    std::printf("%-32s %9zu %9zu %7zu %-12s %11zu %10zu %11zu %6.1f\n", j.name.c_str(), sum.ranges, sum.cells, classes,
                form.c_str(), sum.lookups, sum.direct, found_.count() - before, seconds_since(start));
    std::fflush(stdout);
  }

  /// One of `shares` equal parts of all look-ups.
  counts run_family(const both_forms& forms, family f, std::size_t shares, std::uint64_t seed) {
    cells wanted(forms.plain, f);
    on_threads(given_.threads, [&](std::size_t t) { wanted.ask_plain(t, given_.threads, seed); });
    const std::size_t painted_otherwise = wanted.repaint();
    if (painted_otherwise != 0)
      found_.add(std::to_string(painted_otherwise) + " cells are painted otherwise, seed " + std::to_string(seed));
    const family_check check(forms, wanted, seed, found_);
    counts done{forms.plain.ranges(f).size(), wanted.size(), wanted.size(), 0, given_.direct / shares + 1};
    done.lookups = check.run(given_.lookups / shares + 1, given_.threads);
    check.run_direct(done.direct, given_.threads);
    return done;
  }

  settings given_;
  rows asn_;
  rows country_;
  rows routes_;
  counts all_;
  differences found_;
};

int run_plans(const settings& given) {
  differences found;
  plan_counts done;
  const auto start = std::chrono::steady_clock::now();
  check_plans(given.plans, given.threads, given.seed, found, done);
  std::printf(
      "seed %llu\nplans: %zu policies, %zu clients, %zu plans compared (%zu of them as JSON text too), %zu differences, %.1f s\n",
      static_cast<unsigned long long>(given.seed), done.policies.load(), done.clients.load(), done.plans.load(),
      done.texts.load(), found.count(), seconds_since(start));
  return found.count() == 0 && done.plans >= given.plans ? 0 : 1;
}

int main(int argc, char** argv) {
  settings given;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string option = argv[i];
    const auto number = static_cast<std::size_t>(std::strtoull(argv[i + 1], nullptr, 10));
    if (option == "--lookups") given.lookups = number;
    else if (option == "--direct") given.direct = number;
    else if (option == "--plans") given.plans = number;
    else if (option == "--threads") given.threads = number;
    else if (option == "--tables") given.tables = argv[i + 1];
    else return std::fprintf(stderr, "agreement: what is %s?\n", argv[i]), 2;
  }
  if (argc % 2 == 0 || given.threads == 0) return std::fprintf(stderr, "agreement: every option needs a value\n"), 2;
  return given.plans != 0 ? run_plans(given) : lookup_run(given).run();
}

}  // namespace

}  // namespace scale

int main(int argc, char** argv) { return scale::main(argc, argv); }
