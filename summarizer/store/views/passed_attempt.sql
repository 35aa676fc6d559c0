CREATE OR REPLACE VIEW passed_attempt AS
SELECT a.arxiv_id, a.version, a.task, a.attempt_id
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
