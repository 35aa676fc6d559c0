CREATE OR REPLACE VIEW imported_text AS
SELECT
    i.bundle_id, i.post_date, a.arxiv_id, a.version, a.task, a.attempt_id,
    NOT EXISTS (
        FROM check_result AS r WHERE r.attempt_id = a.attempt_id AND r.severity = 'hard' AND NOT r.passed
    ) AS accepted,
    a.text
FROM attempt AS a
JOIN imported_post AS i ON i.bundle_id = a.input_hash
WHERE a.source_scope = 'imported';

COMMENT ON VIEW imported_text IS 'The texts of imported posts, also messages that stand in the place of one (accepted false)';
COMMENT ON COLUMN imported_text.bundle_id IS 'the imported post';
COMMENT ON COLUMN imported_text.post_date IS 'its day';
COMMENT ON COLUMN imported_text.arxiv_id IS 'the paper';
COMMENT ON COLUMN imported_text.version IS 'its version';
COMMENT ON COLUMN imported_text.task IS 'translation, background, method or results';
COMMENT ON COLUMN imported_text.attempt_id IS 'the attempt row of the text';
COMMENT ON COLUMN imported_text.accepted IS 'false: no text but a message about a failure, as 「全文解读失败：…」';
COMMENT ON COLUMN imported_text.text IS 'the text as it stands in the post';
