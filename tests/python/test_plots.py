# SPDX-License-Identifier: MIT
"""Pictures: exact cells, the same bytes every time, names that are only names, and a command line that refuses in one line."""
