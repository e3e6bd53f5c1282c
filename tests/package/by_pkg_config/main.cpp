// SPDX-License-Identifier: MIT
#include <smplist/smplist.hpp>

#include <iostream>

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    try {
      std::cout << smplist::address_range::parse(argv[i]).size().to_text() << '\n';
    } catch (const smplist::parse_exception& refused) {
      std::cout << smplist::name(refused.error().code) << '\n';
    }
  }
}
