CREATE OR REPLACE VIEW bundle_overlap AS
SELECT b.bundle_id, b.post_date, count(l.n) FILTER (l.n > 1) AS n_repeated
FROM bundle AS b
LEFT JOIN (
    SELECT
        bp.bundle_id,
        row_number() OVER (
            PARTITION BY d.post_date, bp.arxiv_id, bp.version ORDER BY d.ingested_utc, d.bundle_id, bp.seq
        ) AS n
    FROM bundle_paper AS bp
    JOIN bundle AS d USING (bundle_id)
) AS l USING (bundle_id)
GROUP BY b.bundle_id, b.post_date;

COMMENT ON VIEW bundle_overlap IS 'How many papers of a bundle an earlier bundle of the same day had brought already';
COMMENT ON COLUMN bundle_overlap.bundle_id IS 'the bundle';
COMMENT ON COLUMN bundle_overlap.post_date IS 'its day';
COMMENT ON COLUMN bundle_overlap.n_repeated IS 'paper versions that it repeats';
