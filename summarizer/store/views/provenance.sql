CREATE OR REPLACE VIEW provenance AS
SELECT
    a.arxiv_id, a.version, a.task,
    coalesce(x.seq, 0) AS piece_seq,
    coalesce(x.role, CASE WHEN a.source_scope = 'imported' THEN 'imported' ELSE 'answer' END) AS piece_role,
    coalesce(x.text, a.text) AS text,
    x.source_text,
    CASE WHEN x.section_seq IS NOT NULL THEN s.heading WHEN x.role <> 'answer' THEN 'Abstract' END AS section_heading,
    CASE WHEN x.section_seq IS NOT NULL THEN s.kind WHEN x.role <> 'answer' THEN 'abstract' END AS section_kind,
    s.page_first,
    p.task AS prompt_task, p.prompt_version, a.prompt_hash,
    m.name AS model_name, a.model_sha256,
    coalesce(c.sampling, a.sampling) AS sampling,
    a.input_hash, x.request_hash,
    coalesce(c.prompt_tokens, a.prompt_tokens) AS prompt_tokens,
    coalesce(c.completion_tokens, a.completion_tokens) AS completion_tokens,
    coalesce(c.seconds, a.seconds) AS seconds,
    a.attempt_id, a.attempt_no, a.run_id,
    EXISTS (
        FROM post_text AS t JOIN current_post AS o USING (post_id) WHERE t.attempt_id = a.attempt_id
    ) AS in_post,
    a.created_utc
FROM (
    SELECT attempt_id FROM accepted_attempt UNION SELECT attempt_id FROM post_text
) AS used
JOIN attempt AS a USING (attempt_id)
LEFT JOIN attempt_piece AS x ON x.attempt_id = a.attempt_id AND x.used
LEFT JOIN section AS s ON s.arxiv_id = a.arxiv_id AND s.version = a.version AND s.seq = x.section_seq
LEFT JOIN completion AS c ON c.request_hash = x.request_hash
LEFT JOIN prompt AS p ON p.prompt_hash = a.prompt_hash
LEFT JOIN model AS m ON m.model_sha256 = a.model_sha256;

COMMENT ON VIEW provenance IS 'For each piece of a text that is accepted or stands in a post: everything that made it. Find a sentence with WHERE contains(text, ''...'')';
COMMENT ON COLUMN provenance.arxiv_id IS 'the paper';
COMMENT ON COLUMN provenance.version IS 'its version';
COMMENT ON COLUMN provenance.task IS 'the task';
COMMENT ON COLUMN provenance.piece_seq IS 'order of the piece in the text, 0 and up';
COMMENT ON COLUMN provenance.piece_role IS 'sentence, abstract, bullet or answer, as in attempt_piece; imported: the whole text was taken from an imported post';
COMMENT ON COLUMN provenance.text IS 'the piece as it stands in the text';
COMMENT ON COLUMN provenance.source_text IS 'the source words in English';
COMMENT ON COLUMN provenance.section_heading IS 'heading of the section they stand in; Abstract for the abstract; NULL: an answer over several sections';
COMMENT ON COLUMN provenance.section_kind IS 'kind of that section';
COMMENT ON COLUMN provenance.page_first IS 'first page of that section, 1 and up; NULL for the abstract and for several sections';
COMMENT ON COLUMN provenance.prompt_task IS 'task of the prompt';
COMMENT ON COLUMN provenance.prompt_version IS 'version of the prompt';
COMMENT ON COLUMN provenance.prompt_hash IS 'SHA-256 of the prompt version';
COMMENT ON COLUMN provenance.model_name IS 'name of the model';
COMMENT ON COLUMN provenance.model_sha256 IS 'SHA-256 of the model file, or as in model';
COMMENT ON COLUMN provenance.sampling IS 'JSON: how tokens were chosen';
COMMENT ON COLUMN provenance.input_hash IS 'SHA-256 of what the whole text was made from';
COMMENT ON COLUMN provenance.request_hash IS 'the completion; NULL: the text has no pieces';
COMMENT ON COLUMN provenance.prompt_tokens IS 'tokens of the question';
COMMENT ON COLUMN provenance.completion_tokens IS 'tokens of the answer';
COMMENT ON COLUMN provenance.seconds IS 'time of the call in seconds';
COMMENT ON COLUMN provenance.attempt_id IS 'the attempt';
COMMENT ON COLUMN provenance.attempt_no IS 'number of the attempt';
COMMENT ON COLUMN provenance.run_id IS 'the run';
COMMENT ON COLUMN provenance.in_post IS 'whether the text stands in the current post of a day';
COMMENT ON COLUMN provenance.created_utc IS 'when the text was recorded';
