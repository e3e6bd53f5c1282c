// SPDX-License-Identifier: MIT
// A literal that is no value is refused by the compiler.
// refused 1: literal_is_wrong
// refused 2: literal_is_wrong
// refused 3: literal_is_wrong
// refused 4: literal_is_wrong
// refused 5: literal_is_wrong
// refused 6: literal_is_wrong
#include <smplist/range.hpp>

using namespace smplist::literals;

#if REFUSED == 1  // an octet above 255
constexpr auto value = "10.0.0.300"_address;
#elif REFUSED == 2  // a leading zero
constexpr auto value = "010.0.0.1"_address;
#elif REFUSED == 3  // host bits
constexpr auto value = "10.0.0.1/8"_range;
#elif REFUSED == 4  // reversed
constexpr auto value = "10.0.0.9-10.0.0.1"_range;
#elif REFUSED == 5  // two families
constexpr auto value = "10.0.0.0-2001:db8::1"_range;
#elif REFUSED == 6  // a prefix that is too long
constexpr auto value = "10.0.0.0/33"_range;
#else
constexpr auto value = "10.0.0.0/8"_range;
static_assert(value.contains("10.255.255.255"_address));
#endif
