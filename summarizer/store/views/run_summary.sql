CREATE OR REPLACE VIEW run_summary AS
WITH pass AS (
    SELECT run_id, stage, sum(n_done)::BIGINT AS n_done, sum(n_failed)::BIGINT AS n_failed, sum(seconds) AS seconds
    FROM run_stage
    GROUP BY run_id, stage
)
SELECT
    r.run_id, r.command, r.code_version, r.started_utc, e.ended_utc,
    epoch(e.ended_utc - r.started_utc) AS seconds,
    e.exit_code, e.peak_memory_bytes,
    ingest.n_done AS ingest_done, ingest.n_failed AS ingest_failed, ingest.seconds AS ingest_seconds,
    embed.n_done AS embed_done, embed.n_failed AS embed_failed, embed.seconds AS embed_seconds,
    dedup.n_done AS dedup_done, dedup.n_failed AS dedup_failed, dedup.seconds AS dedup_seconds,
    generate.n_done AS generate_done, generate.n_failed AS generate_failed, generate.seconds AS generate_seconds,
    publish.n_done AS publish_done, publish.n_failed AS publish_failed, publish.seconds AS publish_seconds,
    coalesce(c.n_papers, 0) AS n_papers,
    coalesce(c.n_completions, 0) AS n_completions,
    coalesce(c.prompt_tokens, 0) AS prompt_tokens,
    coalesce(c.prompt_tokens_reused, 0) AS prompt_tokens_reused,
    coalesce(c.completion_tokens, 0) AS completion_tokens,
    c.completion_tokens / nullif(generate.seconds, 0) AS completion_tokens_per_second,
    coalesce(a.n_accepted, 0) AS texts_accepted,
    coalesce(a.n_failed, 0) AS texts_failed,
    coalesce(p.n_posts, 0) AS n_posts
FROM run AS r
LEFT JOIN run_end AS e USING (run_id)
LEFT JOIN pass AS ingest ON ingest.run_id = r.run_id AND ingest.stage = 'ingest'
LEFT JOIN pass AS embed ON embed.run_id = r.run_id AND embed.stage = 'embed'
LEFT JOIN pass AS dedup ON dedup.run_id = r.run_id AND dedup.stage = 'dedup'
LEFT JOIN pass AS generate ON generate.run_id = r.run_id AND generate.stage = 'generate'
LEFT JOIN pass AS publish ON publish.run_id = r.run_id AND publish.stage = 'publish'
LEFT JOIN (
    SELECT
        run_id,
        count(DISTINCT (arxiv_id, version)) AS n_papers,
        count(*) AS n_completions,
        sum(prompt_tokens)::BIGINT AS prompt_tokens,
        sum(prompt_tokens_reused)::BIGINT AS prompt_tokens_reused,
        sum(completion_tokens)::BIGINT AS completion_tokens
    FROM completion
    GROUP BY run_id
) AS c ON c.run_id = r.run_id
LEFT JOIN (
    SELECT
        attempt.run_id,
        count(*) FILTER (attempt.finish_reason = 'stop' AND failed.attempt_id IS NULL) AS n_accepted,
        count(*) FILTER (attempt.finish_reason <> 'stop' OR failed.attempt_id IS NOT NULL) AS n_failed
    FROM attempt
    LEFT JOIN (
        SELECT DISTINCT attempt_id FROM check_result WHERE severity = 'hard' AND NOT passed
    ) AS failed USING (attempt_id)
    GROUP BY attempt.run_id
) AS a ON a.run_id = r.run_id
LEFT JOIN (SELECT run_id, count(*) AS n_posts FROM post GROUP BY run_id) AS p ON p.run_id = r.run_id;

COMMENT ON VIEW run_summary IS 'Public. One row a run: what it did, how long it took, how it ended';
COMMENT ON COLUMN run_summary.run_id IS 'the run';
COMMENT ON COLUMN run_summary.command IS 'the command';
COMMENT ON COLUMN run_summary.code_version IS 'version of the program';
COMMENT ON COLUMN run_summary.started_utc IS 'when it started';
COMMENT ON COLUMN run_summary.ended_utc IS 'when it ended; NULL: still running or killed';
COMMENT ON COLUMN run_summary.seconds IS 'wall time in seconds; NULL: still running or killed';
COMMENT ON COLUMN run_summary.exit_code IS 'exit code; NULL: still running or killed';
COMMENT ON COLUMN run_summary.peak_memory_bytes IS 'largest resident memory in bytes';
COMMENT ON COLUMN run_summary.ingest_done IS 'items done in stage ingest; NULL: the stage did not end';
COMMENT ON COLUMN run_summary.ingest_failed IS 'items failed in stage ingest';
COMMENT ON COLUMN run_summary.ingest_seconds IS 'wall time of stage ingest in seconds';
COMMENT ON COLUMN run_summary.embed_done IS 'items done in stage embed; NULL: the stage did not end';
COMMENT ON COLUMN run_summary.embed_failed IS 'items failed in stage embed';
COMMENT ON COLUMN run_summary.embed_seconds IS 'wall time of stage embed in seconds';
COMMENT ON COLUMN run_summary.dedup_done IS 'items done in stage dedup; NULL: the stage did not end';
COMMENT ON COLUMN run_summary.dedup_failed IS 'items failed in stage dedup';
COMMENT ON COLUMN run_summary.dedup_seconds IS 'wall time of stage dedup in seconds';
COMMENT ON COLUMN run_summary.generate_done IS 'items done in stage generate; NULL: the stage did not end';
COMMENT ON COLUMN run_summary.generate_failed IS 'items failed in stage generate';
COMMENT ON COLUMN run_summary.generate_seconds IS 'wall time of stage generate in seconds';
COMMENT ON COLUMN run_summary.publish_done IS 'items done in stage publish; NULL: the stage did not end';
COMMENT ON COLUMN run_summary.publish_failed IS 'items failed in stage publish';
COMMENT ON COLUMN run_summary.publish_seconds IS 'wall time of stage publish in seconds';
COMMENT ON COLUMN run_summary.n_papers IS 'paper versions the model was asked about';
COMMENT ON COLUMN run_summary.n_completions IS 'calls of the model';
COMMENT ON COLUMN run_summary.prompt_tokens IS 'tokens of all questions';
COMMENT ON COLUMN run_summary.prompt_tokens_reused IS 'of these, found already computed';
COMMENT ON COLUMN run_summary.completion_tokens IS 'tokens of all answers';
COMMENT ON COLUMN run_summary.completion_tokens_per_second IS 'completion_tokens by wall seconds of stage generate';
COMMENT ON COLUMN run_summary.texts_accepted IS 'attempts accepted';
COMMENT ON COLUMN run_summary.texts_failed IS 'attempts not accepted';
COMMENT ON COLUMN run_summary.n_posts IS 'posts written';
