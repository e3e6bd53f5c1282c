// SPDX-License-Identifier: MIT
#pragma once

#include "everything.hpp"

namespace other {

// what the other unit of the program sees
decltype(&smplist::all_services) services();
decltype(&smplist::evaluate) evaluate();

}  // namespace other
