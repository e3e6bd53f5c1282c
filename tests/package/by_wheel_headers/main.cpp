// SPDX-License-Identifier: MIT
#include <smplist/smplist.hpp>

#include <cstdio>

using namespace smplist::literals;

int main() {
  static_assert("2001:db8::/32"_range.contains("2001:db8::1"_address));
  std::printf("%d.%d.%d\n", SMPLIST_VERSION_MAJOR, SMPLIST_VERSION_MINOR, SMPLIST_VERSION_PATCH);
}
