// SPDX-License-Identifier: MIT
// A policy is made by `policy::make` and never changed, and no answer is thrown away unseen.
// refused 1: no matching function|no default constructor|private|could not convert|no viable conversion|conversion from
// refused 2: no matching function|no matching constructor|no default constructor|private|is protected|use of deleted
// refused 3: discards qualifiers|no match for .operator=|no viable overloaded
// refused 4: nodiscard
// refused 5: nodiscard
// refused 6: could not convert|no known conversion|cannot convert|no matching function|invalid initialization|no viable conversion
#include <smplist/smplist.hpp>

using namespace smplist;

plan ask(const policy& p, const client& who) {
#if REFUSED == 1  // a draft is no policy
  const policy made = policy_draft();
#elif REFUSED == 2  // nor is nothing
  const policy made;
#elif REFUSED == 3  // what is in a policy stays
  p.content().title = "another";
#elif REFUSED == 4  // an error that nobody looks at
  policy::make(policy_draft());
#elif REFUSED == 5  // a plan that nobody looks at
  evaluate(p, who, service::file_reputation);
#elif REFUSED == 6  // the client comes after the policy
  return evaluate(who, p, service::file_reputation);
#else
  const auto made = policy::make(policy_draft());
  if (!made) return plan();
  static_cast<void>(p.content().title);
#endif
  return evaluate(p, who, service::file_reputation);
}
