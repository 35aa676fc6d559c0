CREATE OR REPLACE VIEW bundle_overlap AS
SELECT
    bundle_id, post_date,
    count(arxiv_id) FILTER (nth > 1) AS n_repeated,
    count(arxiv_id) FILTER (nth_of_its_kind > 1) AS n_repeated_of_its_kind
FROM (
    -- partitions have the day, so that a question about one day reads the papers of that day alone
    SELECT
        b.bundle_id, b.post_date, bp.arxiv_id,
        row_number() OVER (
            PARTITION BY b.post_date, bp.arxiv_id, bp.version ORDER BY b.ingested_utc, b.bundle_id
        ) AS nth,
        row_number() OVER (
            PARTITION BY b.post_date, bp.arxiv_id, bp.version, i.bundle_id IS NULL ORDER BY b.ingested_utc, b.bundle_id
        ) AS nth_of_its_kind
    FROM bundle AS b
    LEFT JOIN bundle_paper AS bp USING (bundle_id)
    LEFT JOIN imported_post AS i USING (bundle_id)
)
GROUP BY bundle_id, post_date;

COMMENT ON VIEW bundle_overlap IS 'How many papers of a bundle an earlier bundle of the same day had brought already';
COMMENT ON COLUMN bundle_overlap.bundle_id IS 'the bundle';
COMMENT ON COLUMN bundle_overlap.post_date IS 'its day';
COMMENT ON COLUMN bundle_overlap.n_repeated IS 'paper versions that it repeats';
COMMENT ON COLUMN bundle_overlap.n_repeated_of_its_kind IS 'paper versions that it repeats of bundles, the imported post of the day not counted; 0 for an imported post';
