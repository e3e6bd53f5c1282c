// SPDX-License-Identifier: MIT
/// \file version.hpp
/// Floor 0. The one place where the version is written; build files and the Python package read it here.
#pragma once

#define SMPLIST_VERSION_MAJOR 0
#define SMPLIST_VERSION_MINOR 1
#define SMPLIST_VERSION_PATCH 0
