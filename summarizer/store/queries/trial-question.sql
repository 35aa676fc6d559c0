-- section: Tuning prompts
-- question: The whole question that was put to the model in a trial
-- param task: translation, background, method or results; default translation
SELECT t.label, t.case_id, p.seq, c.sampling, c.messages, c.text AS answer
FROM trial_text AS t
JOIN trial_piece AS p USING (output_id)
JOIN (
    SELECT request_hash, sampling, messages, text FROM trial_completion
    UNION SELECT request_hash, sampling, messages, text FROM completion
) AS c USING (request_hash)
WHERE t.task = $task
ORDER BY t.label, t.case_id, p.seq;
