// SPDX-License-Identifier: MIT
/// \file smplist.hpp
/// All floors of the core, which needs the standard library and nothing else. The side rooms are included by name:
/// `smplist/json.hpp` (documents; needs nlohmann/json) and `smplist/format.hpp` (text for people; needs fmt).
#pragma once

#include <smplist/analysis.hpp>
#include <smplist/compile.hpp>
#include <smplist/failover.hpp>
#include <smplist/range_set.hpp>
#include <smplist/version.hpp>
