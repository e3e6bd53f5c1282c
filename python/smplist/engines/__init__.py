# SPDX-License-Identifier: MIT
"""Other engines' tables ask a compiled policy. One file and one row of `ENGINES` for each; nothing is imported before it is used.

Every engine answers as `CompiledPolicy.evaluate_many` does for the same rows, and adds nothing of its own.
"""

from __future__ import annotations

# name: (module, one sentence)
ENGINES = {
    "polars": ("polars", "Expressions for frames of polars, eager, lazy and streaming."),
    "duckdb": ("duckdb", "SQL functions for DuckDB, and the policy as a table for a range join without them."),
    "spark": ("spark", "Columns and SQL functions for Apache Spark, classic and Connect."),
}
