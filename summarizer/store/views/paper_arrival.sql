CREATE OR REPLACE VIEW paper_arrival AS
SELECT bp.arxiv_id, bp.version, bp.bundle_id, b.post_date, b.ingested_utc, bp.seq
FROM bundle_paper AS bp
JOIN bundle AS b USING (bundle_id)
QUALIFY row_number() OVER (PARTITION BY bp.arxiv_id, bp.version ORDER BY b.ingested_utc, bp.bundle_id, bp.seq) = 1;

COMMENT ON VIEW paper_arrival IS 'The first bundle each paper version came in: the order of arrival is (ingested_utc, bundle_id, seq)';
COMMENT ON COLUMN paper_arrival.arxiv_id IS 'the paper';
COMMENT ON COLUMN paper_arrival.version IS 'its version';
COMMENT ON COLUMN paper_arrival.bundle_id IS 'the first bundle that holds it';
COMMENT ON COLUMN paper_arrival.post_date IS 'day of that bundle';
COMMENT ON COLUMN paper_arrival.ingested_utc IS 'when that bundle was ingested';
COMMENT ON COLUMN paper_arrival.seq IS 'order in that bundle, 0 and up';
