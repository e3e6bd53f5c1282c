// SPDX-License-Identifier: MIT
#include "support/catch.hpp"

#include <smplist/failover.hpp>

using namespace smplist;

namespace {

plan two_sources() {
  plan p;
  for (const char* name : {"a", "b"}) {
    attempt step;
    step.source = name;
    step.identity = std::string("http://") + name + ":80";
    p.attempts.push_back(step);
  }
  return p;
}

std::string source_of(const failover_step& step) {
  const auto* a = std::get_if<attempt>(&step);
  return a == nullptr ? "" : a->source;
}

}  // namespace

TEST_CASE("failover: retries with a gap, then the next source [S-70] [S-71]", "[failover]") {
  const plan p = two_sources();
  failover f;
  CHECK(source_of(f.next(p, 0)) == "a");
  f = f.report(p.attempts[0], attempt_outcome::failure, 0);
  CHECK(std::get<wait_until>(f.next(p, 1)).until == 5'000);
  CHECK(source_of(f.next(p, 5'000)) == "a");
  f = f.report(p.attempts[0], attempt_outcome::failure, 5'000).report(p.attempts[0], attempt_outcome::failure, 10'000);
  CHECK(source_of(f.next(p, 10'000)) == "b");
  CHECK(source_of(f.next(p, 69'999)) == "b");
  CHECK(source_of(f.next(p, 70'000)) == "a");  // rested 60 s
}

TEST_CASE("failover: stays with a good source until it counts as failed [S-71]", "[failover]") {
  const plan p = two_sources();
  failover f = failover().report(p.attempts[1], attempt_outcome::success, 0);
  CHECK(source_of(f.next(p, 1)) == "b");
  f = f.report(p.attempts[1], attempt_outcome::failure, 10);
  CHECK(std::get<wait_until>(f.next(p, 11)).until == 5'010);
  f = f.report(p.attempts[1], attempt_outcome::failure, 5'010).report(p.attempts[1], attempt_outcome::failure, 10'010);
  CHECK(source_of(f.next(p, 10'010)) == "a");
}

TEST_CASE("failover: rests double to an hour, and a success forgets them [S-71]", "[failover]") {
  const plan p = two_sources();
  failover_settings quick;
  quick.retries = 0;
  failover f(quick);
  std::int64_t now = 0;
  for (const std::int64_t rest : {60'000, 120'000, 240'000, 480'000, 960'000, 1'920'000, 3'600'000, 3'600'000}) {
    f = f.report(p.attempts[0], attempt_outcome::failure, now);
    CHECK(source_of(f.next(p, now + rest - 1)) == "b");
    now += rest;
    CHECK(source_of(f.next(p, now)) == "a");
  }
  f = f.report(p.attempts[0], attempt_outcome::success, now).report(p.attempts[0], attempt_outcome::failure, now);
  CHECK(source_of(f.next(p, now + 60'000)) == "a");
}

TEST_CASE("failover: nothing left says when the first is due [S-70]", "[failover]") {
  const plan p = two_sources();
  failover_settings quick;
  quick.retries = 0;
  const failover f =
      failover(quick).report(p.attempts[0], attempt_outcome::failure, 100).report(p.attempts[1], attempt_outcome::failure, 50);
  CHECK(std::get<nothing_left>(f.next(p, 200)).until == 60'050);
  CHECK(!std::get<nothing_left>(f.next(plan(), 0)).until);
  CHECK(f.location_due(0, 3'600'000));
  CHECK(!f.location_due(0, 3'599'999));
}

TEST_CASE("failover: the same events give the same states [S-72]", "[failover]") {
  const plan p = two_sources();
  const auto run = [&] {
    return failover().report(p.attempts[0], attempt_outcome::failure, 1).report(p.attempts[1], attempt_outcome::success, 2);
  };
  CHECK(run() == run());
  CHECK(!(run() == failover()));
  CHECK(!(failover() == failover(failover_settings{5'000, 1})));
}

TEST_CASE("failover: a state is made again from its records [S-70] [S-72]", "[failover]") {
  const plan p = two_sources();
  failover f = failover(failover_settings{5'000, 1, 10, 100, 400});
  for (std::int64_t now = 0; now < 40; ++now) {
    const failover again(f.settings(), f.records());
    CHECK(again == f);
    CHECK(again.next(p, now * 5) == f.next(p, now * 5));
    f = f.report(p.attempts[static_cast<std::size_t>(now % 3 == 0)],
                 now % 7 == 5 ? attempt_outcome::success : attempt_outcome::failure, now * 5);
  }
  CHECK(f.records().size() == 2);
}
