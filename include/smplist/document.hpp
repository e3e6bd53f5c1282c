// SPDX-License-Identifier: MIT
/// \file document.hpp
/// Side room. Documents: policies and clients from trees with positions, plans and findings as JSON. Needs the standard library
/// only; the text of JSON is read by `smplist/json.hpp`. What the analyses say is written by `smplist/document/reports.hpp`.
#pragma once

#include <smplist/document/lint_text.hpp>
#include <smplist/document/node.hpp>
#include <smplist/document/read_client.hpp>
#include <smplist/document/read_plan.hpp>
#include <smplist/document/read_policy.hpp>
#include <smplist/document/write.hpp>
