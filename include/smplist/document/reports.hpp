// SPDX-License-Identifier: MIT
/// \file document/reports.hpp
/// Side room. What the analyses say as JSON, and expectations from documents.
#pragma once

#include <smplist/document/read_expectations.hpp>
#include <smplist/document/write_ambiguity.hpp>
#include <smplist/document/write_diff.hpp>
#include <smplist/document/write_partition.hpp>
#include <smplist/document/write_survivability.hpp>
#include <smplist/document/write_vectors.hpp>
#include <smplist/document/write_verify.hpp>
