// SPDX-License-Identifier: MIT
// Texts and numbers become values by name only, and values of two kinds do not compare.
// refused 1: no viable conversion|conversion from
// refused 2: no viable conversion|conversion from
// refused 3: no viable conversion|conversion from
// refused 4: invalid operands|no match for
// refused 5: no viable conversion|conversion from
// refused 6: cannot convert|no viable conversion|could not convert|cannot initialize
#include <smplist/host.hpp>
#include <smplist/range.hpp>
#include <smplist/service.hpp>

using smplist::address;

#if REFUSED == 1  // a text is no address
const address a = "10.0.0.1";
#elif REFUSED == 2  // a number is no address
const address a = 0x0A000001U;
#elif REFUSED == 3  // a text is no host
const smplist::host h = "sps.example";
#elif REFUSED == 4  // an address is no text
const bool same = address() == "0.0.0.0";
#elif REFUSED == 5  // a result is not its value
const address a = address::try_parse("10.0.0.1");
#elif REFUSED == 6  // a family is no service
const smplist::service s = smplist::family::ipv4;
#else
const address a = address::try_parse("10.0.0.1").value();
const address b = address::from_ipv4(0x0A000001U);
const smplist::host h = smplist::host::try_parse("sps.example").value();
inline const bool same = a == b;
inline const smplist::service s = smplist::service::file_reputation;
#endif
