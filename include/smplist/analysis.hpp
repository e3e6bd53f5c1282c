// SPDX-License-Identifier: MIT
/// \file analysis.hpp
/// Floor 8. Every question about a policy, answered over every client there can be: folds over one partition.
#pragma once

#include <smplist/analysis/lint.hpp>
#include <smplist/analysis/partition.hpp>
#include <smplist/analysis/suppress.hpp>
