// SPDX-License-Identifier: MIT
/// \file document.hpp
/// Side room. Documents: policies and clients from trees with positions, answers as JSON. Needs the standard library only;
/// the text of JSON is read by `smplist/json.hpp`.
#pragma once

#include <smplist/document/lint_text.hpp>
#include <smplist/document/node.hpp>
#include <smplist/document/read_client.hpp>
#include <smplist/document/read_expectations.hpp>
#include <smplist/document/read_plan.hpp>
#include <smplist/document/read_policy.hpp>
#include <smplist/document/write.hpp>
#include <smplist/document/write_ambiguity.hpp>
#include <smplist/document/write_diff.hpp>
#include <smplist/document/write_partition.hpp>
#include <smplist/document/write_vectors.hpp>
#include <smplist/document/write_verify.hpp>
#include <smplist/document/write_survivability.hpp>
