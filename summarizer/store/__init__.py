"""The DuckDB file: connection, migrations, views and queries. The only importer of duckdb."""

from __future__ import annotations

from typing import TYPE_CHECKING

from summarizer.store.connection import Store

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection

__all__ = ["Connection", "Store"]
