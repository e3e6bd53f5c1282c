// SPDX-License-Identifier: MIT
#include "other.hpp"

namespace other {

decltype(&smplist::all_services) services() { return &smplist::all_services; }
decltype(&smplist::evaluate) evaluate() { return &smplist::evaluate; }

}  // namespace other
