#!/bin/sh
# SPDX-License-Identifier: MIT
# build.sh PROGRAM: the compiler, and the headers that came with `pip install smplist`.
set -eu
cd "$(dirname "$0")"
include=$("${PYTHON:-python3}" -c "import smplist; print(smplist.get_include())")
exec ${CXX:-g++} -std=c++17 "-I$include" main.cpp -o "$1"
