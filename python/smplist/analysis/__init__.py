# SPDX-License-Identifier: MIT
"""Every question about a policy, answered over every client there can be."""
