# SPDX-License-Identifier: MIT
"""What touches a network: facts about this machine, and whether sources answer. What they mean is decided elsewhere."""
