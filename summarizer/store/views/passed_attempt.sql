CREATE OR REPLACE VIEW passed_attempt AS
SELECT a.arxiv_id, a.version, a.task, a.attempt_id, a.attempt_no, a.source_scope, a.created_utc
FROM attempt AS a
WHERE a.finish_reason = 'stop'
  AND NOT EXISTS (
    FROM check_result AS r WHERE r.attempt_id = a.attempt_id AND r.severity = 'hard' AND NOT r.passed
  );

COMMENT ON VIEW passed_attempt IS 'Attempts that can be accepted: finish_reason stop and no failed hard check. The latest of each task is in accepted_attempt';
COMMENT ON COLUMN passed_attempt.arxiv_id IS 'the paper';
COMMENT ON COLUMN passed_attempt.version IS 'its version';
COMMENT ON COLUMN passed_attempt.task IS 'the task';
COMMENT ON COLUMN passed_attempt.attempt_id IS 'the attempt';
COMMENT ON COLUMN passed_attempt.attempt_no IS 'number of the attempt';
COMMENT ON COLUMN passed_attempt.source_scope IS 'abstract, selected_sections, all_sections or imported';
COMMENT ON COLUMN passed_attempt.created_utc IS 'when it was recorded';
