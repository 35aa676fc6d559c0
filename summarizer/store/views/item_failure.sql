CREATE OR REPLACE VIEW item_failure AS
SELECT
    stage, arxiv_id, version, category,
    CASE WHEN task IS NULL OR starts_with(detail, task || ':') THEN detail ELSE task || ': ' || detail END AS detail,
    created_utc
FROM open_failure;

COMMENT ON VIEW item_failure IS 'Public. The latest failure of each stage and item that was not made good since';
COMMENT ON COLUMN item_failure.stage IS 'ingest, embed, dedup, generate or publish';
COMMENT ON COLUMN item_failure.arxiv_id IS 'the paper';
COMMENT ON COLUMN item_failure.version IS 'its version';
COMMENT ON COLUMN item_failure.category IS 'short name of the reason';
COMMENT ON COLUMN item_failure.detail IS 'one line with the figures; for stage generate it starts with the task';
COMMENT ON COLUMN item_failure.created_utc IS 'when it failed';
