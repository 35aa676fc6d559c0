"""Which keys signed a bundle."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from summarizer.records import PublicKey

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def record_signatures(con: DuckDBPyConnection, bundle_id: str, signed_by: Sequence[PublicKey], now: datetime) -> int:
    """Keep the trusted keys whose signatures were found right; returns the number of rows inserted.

    A bundle that came before, unsigned or signed by another key, gets the keys that are new.
    """
    n_rows = 0
    for key in signed_by:
        n_rows += len(
            con.execute(
                """
                INSERT INTO bundle_signature (bundle_id, key_id, key_name, public_key, created_utc)
                VALUES (?, ?, ?, ?, ?)
                ON CONFLICT DO NOTHING
                RETURNING 1
                """,
                [bundle_id, key.key_id, key.name, key.line, now],
            ).fetchall()
        )
    return n_rows
