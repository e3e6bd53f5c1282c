// SPDX-License-Identifier: MIT
// What can be checked by the compiler is checked by the compiler, and again at run time, under the sanitizers.
#pragma once

#include "catch.hpp"

// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): a static_assert cannot be a function
#define CHECK_BOTH(...)         \
  do {                          \
    static_assert(__VA_ARGS__); \
    CHECK((__VA_ARGS__));       \
  } while (false)
