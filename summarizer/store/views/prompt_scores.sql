CREATE OR REPLACE VIEW prompt_scores AS
SELECT
    x.task, x.label, x.prompt_version, x.prompt_hash, x.model_name, x.sampling, x.sample_name,
    any_value(s.n_cases) AS n_cases,
    count(*) AS n_texts,
    count(*) FILTER (x.accepted) AS n_accepted,
    avg(x.chrf) AS mean_chrf,
    1 - sum(x.n_numbers_missing) / nullif(sum(x.n_numbers), 0) AS numbers_kept,
    sum(x.n_numbers_added)::BIGINT AS numbers_added,
    count(*) FILTER (x.n_latin_residue > 0) AS texts_with_latin_residue,
    count(*) FILTER (x.looped) AS loops,
    count(*) FILTER (x.n_hard_failed > 0) AS checks_failed,
    sum(x.n_soft_failed)::BIGINT AS n_soft_failed,
    sum(x.n_chars) / nullif(sum(x.n_source_words), 0) AS chars_per_word,
    sum(x.n_requests)::BIGINT AS n_requests,
    sum(x.prompt_tokens)::BIGINT AS prompt_tokens,
    sum(x.prompt_tokens_reused)::BIGINT AS prompt_tokens_reused,
    sum(x.completion_tokens)::BIGINT AS completion_tokens,
    sum(x.seconds) AS seconds,
    count(DISTINCT x.code_hash) AS n_codes,
    x.trial_id,
    max(x.created_utc) AS last_utc
FROM trial_text AS x
JOIN trial_sample AS s ON s.sample_hash = x.sample_hash
GROUP BY x.trial_id, x.task, x.label, x.prompt_version, x.prompt_hash, x.model_name, x.sampling, x.sample_name;

COMMENT ON VIEW prompt_scores IS 'Public. One row a trial: how its texts did. Differences between two trials: compare only the same cases (trial_text)';
COMMENT ON COLUMN prompt_scores.task IS 'translation, background, method or results';
COMMENT ON COLUMN prompt_scores.label IS 'what the prompt was called: a version or the path of a draft, with the sampling that was changed';
COMMENT ON COLUMN prompt_scores.prompt_version IS 'version that the prompt file calls itself';
COMMENT ON COLUMN prompt_scores.prompt_hash IS 'SHA-256 of the prompt file';
COMMENT ON COLUMN prompt_scores.model_name IS 'name of the model';
COMMENT ON COLUMN prompt_scores.sampling IS 'JSON: how tokens are chosen at the first try';
COMMENT ON COLUMN prompt_scores.sample_name IS 'name of the sample';
COMMENT ON COLUMN prompt_scores.n_cases IS 'cases of the sample';
COMMENT ON COLUMN prompt_scores.n_texts IS 'of these, tried';
COMMENT ON COLUMN prompt_scores.n_accepted IS 'texts that generate would have accepted';
COMMENT ON COLUMN prompt_scores.mean_chrf IS 'average of the texts'' chrF, 0 to 100 (the scripts show chrF of all texts together); NULL: no references';
COMMENT ON COLUMN prompt_scores.numbers_kept IS 'share of the sources'' numbers that stand in the texts; NULL: there are none';
COMMENT ON COLUMN prompt_scores.numbers_added IS 'numbers of the texts that the sources have not';
COMMENT ON COLUMN prompt_scores.texts_with_latin_residue IS 'texts with English words left over';
COMMENT ON COLUMN prompt_scores.loops IS 'texts that ran into a loop or repeat themselves';
COMMENT ON COLUMN prompt_scores.checks_failed IS 'texts that fail a hard check';
COMMENT ON COLUMN prompt_scores.n_soft_failed IS 'soft checks failed, of all texts';
COMMENT ON COLUMN prompt_scores.chars_per_word IS 'Chinese length by words of the sources';
COMMENT ON COLUMN prompt_scores.n_requests IS 'calls of the model';
COMMENT ON COLUMN prompt_scores.prompt_tokens IS 'tokens of all questions';
COMMENT ON COLUMN prompt_scores.prompt_tokens_reused IS 'of these, found already computed';
COMMENT ON COLUMN prompt_scores.completion_tokens IS 'tokens of all answers';
COMMENT ON COLUMN prompt_scores.seconds IS 'seconds of all calls added up; calls in one batch overlap, so wall time is less';
COMMENT ON COLUMN prompt_scores.n_codes IS 'versions of the code that made these texts; more than 1: try the trial again, which asks the model nothing new';
COMMENT ON COLUMN prompt_scores.trial_id IS 'the trial';
COMMENT ON COLUMN prompt_scores.last_utc IS 'when the last text was recorded';
