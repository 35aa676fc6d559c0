CREATE OR REPLACE VIEW open_failure AS
SELECT f.failure_id, f.run_id, f.stage, f.arxiv_id, f.version, f.task, f.category, f.detail, f.permanent, f.created_utc
FROM failure AS f
WHERE NOT CASE f.stage
    WHEN 'ingest' THEN EXISTS (FROM document AS d WHERE d.arxiv_id = f.arxiv_id AND d.version = f.version)
    WHEN 'embed' THEN EXISTS (FROM embedding AS e WHERE e.arxiv_id = f.arxiv_id AND e.version = f.version)
    WHEN 'dedup' THEN EXISTS (FROM dedup_check AS c WHERE c.arxiv_id = f.arxiv_id AND c.version = f.version)
    WHEN 'generate' THEN EXISTS (
        FROM passed_attempt AS a
        WHERE a.arxiv_id = f.arxiv_id AND a.version = f.version AND a.task = coalesce(f.task, a.task)
    )
    WHEN 'publish' THEN EXISTS (
        FROM bundle_paper AS bp JOIN bundle AS b USING (bundle_id) JOIN post USING (post_date)
        WHERE bp.arxiv_id = f.arxiv_id AND bp.version = f.version AND post.created_utc > f.created_utc
    )
    ELSE false
END
QUALIFY row_number() OVER (
    PARTITION BY f.stage, f.arxiv_id, f.version, f.task ORDER BY f.created_utc DESC, f.failure_id DESC
) = 1;

COMMENT ON VIEW open_failure IS 'The latest failure of each stage, paper version and task that was not made good since';
COMMENT ON COLUMN open_failure.failure_id IS 'the failure';
COMMENT ON COLUMN open_failure.run_id IS 'the run';
COMMENT ON COLUMN open_failure.stage IS 'the stage';
COMMENT ON COLUMN open_failure.arxiv_id IS 'the paper';
COMMENT ON COLUMN open_failure.version IS 'its version';
COMMENT ON COLUMN open_failure.task IS 'the task, for stage generate';
COMMENT ON COLUMN open_failure.category IS 'short name of the reason';
COMMENT ON COLUMN open_failure.detail IS 'one line with the figures';
COMMENT ON COLUMN open_failure.permanent IS 'false: the next run tries again';
COMMENT ON COLUMN open_failure.created_utc IS 'when it failed';
