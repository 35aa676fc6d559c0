CREATE OR REPLACE VIEW check_failure AS
SELECT
    a.arxiv_id, a.version, a.task, a.attempt_id, a.attempt_no,
    r.check_name, r.severity, r.reason, a.text, a.finish_reason,
    p.prompt_version, m.name AS model_name, a.created_utc
FROM check_result AS r
JOIN attempt AS a USING (attempt_id)
LEFT JOIN prompt AS p ON p.prompt_hash = a.prompt_hash
LEFT JOIN model AS m ON m.model_sha256 = a.model_sha256
WHERE NOT r.passed;

COMMENT ON VIEW check_failure IS 'Checks that an attempt failed, with the text that failed';
COMMENT ON COLUMN check_failure.arxiv_id IS 'the paper';
COMMENT ON COLUMN check_failure.version IS 'its version';
COMMENT ON COLUMN check_failure.task IS 'the task';
COMMENT ON COLUMN check_failure.attempt_id IS 'the attempt';
COMMENT ON COLUMN check_failure.attempt_no IS 'number of the attempt';
COMMENT ON COLUMN check_failure.check_name IS 'name of the check; imported_notice: a message stood in an imported post in the place of the text';
COMMENT ON COLUMN check_failure.severity IS 'hard or soft';
COMMENT ON COLUMN check_failure.reason IS 'one line';
COMMENT ON COLUMN check_failure.text IS 'the text that failed';
COMMENT ON COLUMN check_failure.finish_reason IS 'how the text ended';
COMMENT ON COLUMN check_failure.prompt_version IS 'version of the prompt';
COMMENT ON COLUMN check_failure.model_name IS 'name of the model';
COMMENT ON COLUMN check_failure.created_utc IS 'when it was recorded';
