CREATE OR REPLACE VIEW generation_cost AS
SELECT
    p.arxiv_id, p.version, p.title, d.n_pages,
    c.n_completions,
    coalesce(a.n_attempts, 0) AS n_attempts,
    coalesce(x.n_accepted, 0) AS n_accepted,
    c.prompt_tokens, c.prompt_tokens_reused, c.completion_tokens, c.seconds,
    c.seconds / nullif(x.n_accepted, 0) AS model_seconds_per_text
FROM paper_version AS p
JOIN (
    SELECT
        arxiv_id, version,
        count(*) AS n_completions,
        sum(prompt_tokens)::BIGINT AS prompt_tokens,
        sum(prompt_tokens_reused)::BIGINT AS prompt_tokens_reused,
        sum(completion_tokens)::BIGINT AS completion_tokens,
        sum(seconds) AS seconds
    FROM completion
    GROUP BY arxiv_id, version
) AS c ON c.arxiv_id = p.arxiv_id AND c.version = p.version
LEFT JOIN (
    SELECT arxiv_id, version, count(*) AS n_attempts FROM attempt GROUP BY arxiv_id, version
) AS a ON a.arxiv_id = p.arxiv_id AND a.version = p.version
LEFT JOIN (
    SELECT arxiv_id, version, count(*) AS n_accepted FROM accepted_attempt GROUP BY arxiv_id, version
) AS x ON x.arxiv_id = p.arxiv_id AND x.version = p.version
LEFT JOIN document AS d ON d.arxiv_id = p.arxiv_id AND d.version = p.version;

COMMENT ON VIEW generation_cost IS 'What each paper version cost the model';
COMMENT ON COLUMN generation_cost.arxiv_id IS 'the paper';
COMMENT ON COLUMN generation_cost.version IS 'its version';
COMMENT ON COLUMN generation_cost.title IS 'its title';
COMMENT ON COLUMN generation_cost.n_pages IS 'pages of the PDF; NULL: not read';
COMMENT ON COLUMN generation_cost.n_completions IS 'calls of the model';
COMMENT ON COLUMN generation_cost.n_attempts IS 'texts made';
COMMENT ON COLUMN generation_cost.n_accepted IS 'tasks with an accepted text';
COMMENT ON COLUMN generation_cost.prompt_tokens IS 'tokens of all questions';
COMMENT ON COLUMN generation_cost.prompt_tokens_reused IS 'of these, found already computed';
COMMENT ON COLUMN generation_cost.completion_tokens IS 'tokens of all answers';
COMMENT ON COLUMN generation_cost.seconds IS 'seconds of all calls added up; calls in one batch overlap, so wall time is less';
COMMENT ON COLUMN generation_cost.model_seconds_per_text IS 'seconds by accepted text; NULL: none';
