// SPDX-License-Identifier: MIT
/// \file smplist.hpp
/// What answers for one client: all floors of the core but the analyses, and the standard library is all it needs. Included by name:
/// `smplist/analysis.hpp` (questions about all clients at once) and the side rooms, `smplist/json.hpp` (documents; needs
/// nlohmann/json) and `smplist/format.hpp` (text for people; needs fmt).
#pragma once

#include <smplist/compile.hpp>
#include <smplist/failover.hpp>
#include <smplist/range_set.hpp>
#include <smplist/version.hpp>
