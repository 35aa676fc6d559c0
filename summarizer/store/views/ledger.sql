CREATE OR REPLACE VIEW ledger AS
WITH entry AS (
    SELECT
        post_date, arxiv_id, version, place, imported,
        count(attempt_id) AS n_texts,
        count(*) FILTER (place = 'shown' AND attempt_id IS NULL) AS n_missing,
        coalesce(list_sort(list(DISTINCT category) FILTER (category IS NOT NULL)), []) AS reasons
    FROM post_entry
    GROUP BY post_date, arxiv_id, version, place, imported
)
SELECT
    bp.bundle_id, b.post_date, b.ingested_utc, bp.seq, bp.arxiv_id, bp.version, bp.pdf_sha256,
    CASE
        WHEN e.imported THEN 'imported'
        WHEN e.place = 'duplicate' THEN 'repeated'
        WHEN e.place = 'unreadable' THEN 'unreadable'
        WHEN e.n_missing = 0 THEN 'complete'
        WHEN list_contains(e.reasons, 'pending') THEN 'pending'
        ELSE 'incomplete'
    END AS state,
    e.n_texts, e.reasons,
    (
        SELECT count(*) FROM post_text AS t
        WHERE t.post_id = c.post_id AND t.arxiv_id = bp.arxiv_id AND t.version = bp.version
    ) AS n_published,
    c.path AS post_path, c.sha256 AS post_sha256, c.created_utc AS published_utc
FROM bundle_paper AS bp
JOIN bundle AS b USING (bundle_id)
JOIN entry AS e ON e.post_date = b.post_date AND e.arxiv_id = bp.arxiv_id AND e.version = bp.version
LEFT JOIN current_post AS c ON c.post_date = b.post_date;

COMMENT ON VIEW ledger IS 'Public. What arrived and what became of it: a row for each paper version of each bundle';
COMMENT ON COLUMN ledger.bundle_id IS 'the bundle';
COMMENT ON COLUMN ledger.post_date IS 'its day';
COMMENT ON COLUMN ledger.ingested_utc IS 'when it was ingested';
COMMENT ON COLUMN ledger.seq IS 'order in the bundle, 0 and up';
COMMENT ON COLUMN ledger.arxiv_id IS 'the paper';
COMMENT ON COLUMN ledger.version IS 'its version';
COMMENT ON COLUMN ledger.pdf_sha256 IS 'SHA-256 of its PDF in the bundle; NULL: it came without a file';
COMMENT ON COLUMN ledger.state IS 'complete (all texts there), pending (a run can make more), incomplete (texts failed), repeated (left out), unreadable, or imported (it stands on the imported page of the day)';
COMMENT ON COLUMN ledger.n_texts IS 'accepted texts of it';
COMMENT ON COLUMN ledger.reasons IS 'why texts are missing, each reason once';
COMMENT ON COLUMN ledger.n_published IS 'texts of it in the current post of the day';
COMMENT ON COLUMN ledger.post_path IS 'file of that post; NULL: none written yet';
COMMENT ON COLUMN ledger.post_sha256 IS 'SHA-256 of that file';
COMMENT ON COLUMN ledger.published_utc IS 'when it was written';
