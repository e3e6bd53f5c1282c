#!/bin/sh
# SPDX-License-Identifier: MIT
# build.sh PROGRAM: no build system, only pkg-config.
set -eu
cd "$(dirname "$0")"
flags=$(pkg-config --cflags --libs smplist)
# shellcheck disable=SC2086  # flags are words
exec ${CXX:-g++} -std=c++17 main.cpp $flags -o "$1"
