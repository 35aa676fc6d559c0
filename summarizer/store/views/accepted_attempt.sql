CREATE OR REPLACE VIEW accepted_attempt AS
SELECT a.arxiv_id, a.version, a.task, a.attempt_id, a.created_utc
FROM passed_attempt AS a
QUALIFY row_number() OVER (
    PARTITION BY a.arxiv_id, a.version, a.task
    ORDER BY a.source_scope = 'imported', a.created_utc DESC, a.attempt_no DESC, a.attempt_id DESC
) = 1;

COMMENT ON VIEW accepted_attempt IS 'The latest accepted attempt of each paper version and task: finish_reason stop and no failed hard check. An imported text only where none was made';
COMMENT ON COLUMN accepted_attempt.arxiv_id IS 'the paper';
COMMENT ON COLUMN accepted_attempt.version IS 'its version';
COMMENT ON COLUMN accepted_attempt.task IS 'the task';
COMMENT ON COLUMN accepted_attempt.attempt_id IS 'the attempt';
COMMENT ON COLUMN accepted_attempt.created_utc IS 'when it was recorded';
