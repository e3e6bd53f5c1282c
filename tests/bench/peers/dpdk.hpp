// SPDX-License-Identifier: MIT
// DPDK's rte_lpm and rte_fib. They stand in a file of their own, dpdk.cpp, for DPDK's headers ask for compiler flags.
#pragma once

#include "../peer.hpp"

#include <vector>

namespace bench {

void add_dpdk(std::vector<candidate<std::uint32_t>>& to);
void add_dpdk(std::vector<candidate<u128>>& to);

}  // namespace bench
