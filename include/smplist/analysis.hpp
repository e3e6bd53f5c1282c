// SPDX-License-Identifier: MIT
/// \file analysis.hpp
/// Floor 8. Every question about a policy, answered over every client there can be: folds over one partition.
#pragma once

#include <smplist/analysis/ambiguity.hpp>
#include <smplist/analysis/compare.hpp>
#include <smplist/analysis/diff.hpp>
#include <smplist/analysis/lint.hpp>
#include <smplist/analysis/partition.hpp>
#include <smplist/analysis/quiet.hpp>
#include <smplist/analysis/suppress.hpp>
#include <smplist/analysis/survivability.hpp>
#include <smplist/analysis/vectors.hpp>
#include <smplist/analysis/verify.hpp>
#include <smplist/analysis/weigh.hpp>
