CREATE OR REPLACE VIEW accepted_summary AS
SELECT
    a.arxiv_id, a.version, a.task, a.text,
    p.task AS prompt_task, p.prompt_version, a.prompt_hash,
    m.name AS model_name, a.model_sha256,
    a.finish_reason, a.prompt_tokens, a.completion_tokens, a.created_utc
FROM accepted_attempt
JOIN attempt AS a USING (attempt_id)
LEFT JOIN prompt AS p ON p.prompt_hash = a.prompt_hash
LEFT JOIN model AS m ON m.model_sha256 = a.model_sha256;

COMMENT ON VIEW accepted_summary IS 'Public. The text to use for each paper version and task; a text that failed a hard check or did not end by itself is never here';
COMMENT ON COLUMN accepted_summary.arxiv_id IS 'the paper';
COMMENT ON COLUMN accepted_summary.version IS 'its version';
COMMENT ON COLUMN accepted_summary.task IS 'translation, background, method or results';
COMMENT ON COLUMN accepted_summary.text IS 'the Chinese text';
COMMENT ON COLUMN accepted_summary.prompt_task IS 'task of the prompt';
COMMENT ON COLUMN accepted_summary.prompt_version IS 'version of the prompt; imported: the text was taken from an imported post';
COMMENT ON COLUMN accepted_summary.prompt_hash IS 'SHA-256 of the prompt version';
COMMENT ON COLUMN accepted_summary.model_name IS 'name of the model; imported: the text was taken from an imported post';
COMMENT ON COLUMN accepted_summary.model_sha256 IS 'SHA-256 of the model file, or as in model';
COMMENT ON COLUMN accepted_summary.finish_reason IS 'always stop';
COMMENT ON COLUMN accepted_summary.prompt_tokens IS 'tokens of all questions';
COMMENT ON COLUMN accepted_summary.completion_tokens IS 'tokens of all answers';
COMMENT ON COLUMN accepted_summary.created_utc IS 'when it was recorded';
