CREATE OR REPLACE VIEW trial_text AS
SELECT
    t.trial_id, t.task, t.label, t.prompt_version, t.prompt_hash, t.model_name, t.model_sha256, t.sampling,
    s.name AS sample_name, t.sample_hash, m.seq, c.case_id, c.arxiv_id, c.version, c.title,
    o.text, c.reference, o.accepted, o.category, o.finish_reason,
    o.n_attempts, o.n_requests, o.prompt_tokens, o.prompt_tokens_reused, o.completion_tokens, o.seconds,
    o.n_hard_failed, o.n_soft_failed, o.n_numbers, o.n_numbers_missing, o.n_numbers_added, o.n_latin_residue, o.looped,
    o.n_chars, o.n_source_words, o.chrf, o.output_id, o.case_hash, o.code_hash, o.created_utc
FROM trial_output AS o
JOIN trial AS t ON t.trial_id = o.trial_id
JOIN trial_sample AS s ON s.sample_hash = t.sample_hash
JOIN trial_sample_case AS m ON m.sample_hash = t.sample_hash AND m.case_hash = o.case_hash
JOIN trial_case AS c ON c.case_hash = o.case_hash
QUALIFY row_number() OVER (PARTITION BY o.trial_id, o.case_hash ORDER BY o.created_utc DESC, o.output_id) = 1;

COMMENT ON VIEW trial_text IS 'The newest text of each trial and case, with its figures';
COMMENT ON COLUMN trial_text.trial_id IS 'the trial';
COMMENT ON COLUMN trial_text.task IS 'translation, background, method or results';
COMMENT ON COLUMN trial_text.label IS 'what the prompt was called: a version or the path of a draft, with the sampling that was changed';
COMMENT ON COLUMN trial_text.prompt_version IS 'version that the prompt file calls itself';
COMMENT ON COLUMN trial_text.prompt_hash IS 'SHA-256 of the prompt file';
COMMENT ON COLUMN trial_text.model_name IS 'name of the model';
COMMENT ON COLUMN trial_text.model_sha256 IS 'the model';
COMMENT ON COLUMN trial_text.sampling IS 'JSON: how tokens are chosen at the first try';
COMMENT ON COLUMN trial_text.sample_name IS 'name of the sample';
COMMENT ON COLUMN trial_text.sample_hash IS 'the sample';
COMMENT ON COLUMN trial_text.seq IS 'place of the case in the sample, 0 and up';
COMMENT ON COLUMN trial_text.case_id IS 'name of the case for people';
COMMENT ON COLUMN trial_text.arxiv_id IS 'the paper';
COMMENT ON COLUMN trial_text.version IS 'its version';
COMMENT ON COLUMN trial_text.title IS 'its title';
COMMENT ON COLUMN trial_text.text IS 'the text of the last attempt, accepted or not';
COMMENT ON COLUMN trial_text.reference IS 'a Chinese text to compare with; NULL: none';
COMMENT ON COLUMN trial_text.accepted IS 'whether generate would have accepted it';
COMMENT ON COLUMN trial_text.category IS 'why it was not accepted; empty when it was';
COMMENT ON COLUMN trial_text.finish_reason IS 'stop, length, loop or cancelled';
COMMENT ON COLUMN trial_text.n_attempts IS 'attempts made';
COMMENT ON COLUMN trial_text.n_requests IS 'calls of the model';
COMMENT ON COLUMN trial_text.prompt_tokens IS 'tokens of all questions';
COMMENT ON COLUMN trial_text.prompt_tokens_reused IS 'of these, found already computed';
COMMENT ON COLUMN trial_text.completion_tokens IS 'tokens of all answers';
COMMENT ON COLUMN trial_text.seconds IS 'seconds of all calls added up; calls in one batch overlap';
COMMENT ON COLUMN trial_text.n_hard_failed IS 'hard checks that the text fails';
COMMENT ON COLUMN trial_text.n_soft_failed IS 'soft checks that the text fails';
COMMENT ON COLUMN trial_text.n_numbers IS 'different numbers that the source writes in digits';
COMMENT ON COLUMN trial_text.n_numbers_missing IS 'of these, not in the text';
COMMENT ON COLUMN trial_text.n_numbers_added IS 'different numbers of the text that the source has not';
COMMENT ON COLUMN trial_text.n_latin_residue IS 'different English words left over in the text';
COMMENT ON COLUMN trial_text.looped IS 'whether the model ran into a loop or the text repeats itself';
COMMENT ON COLUMN trial_text.n_chars IS 'Chinese length: Han characters, and each Latin word or number as one';
COMMENT ON COLUMN trial_text.n_source_words IS 'words of the source';
COMMENT ON COLUMN trial_text.chrf IS 'chrF of this text against its reference, 0 to 100; NULL: no reference';
COMMENT ON COLUMN trial_text.output_id IS 'the row in trial_output';
COMMENT ON COLUMN trial_text.case_hash IS 'the case';
COMMENT ON COLUMN trial_text.code_hash IS 'SHA-256 of the code, the glossary and the encoder that made and checked it';
COMMENT ON COLUMN trial_text.created_utc IS 'when it was recorded';
