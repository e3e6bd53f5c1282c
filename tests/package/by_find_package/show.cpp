// SPDX-License-Identifier: MIT
#include <smplist/format.hpp>

using namespace smplist::literals;

int main() { fmt::print("{:>14} {}\n", "10.20.0.0/16"_range, smplist::order::ordered); }
