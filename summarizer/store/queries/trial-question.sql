-- section: Tuning prompts
-- question: The whole question that was put to the model in a trial
-- param task: translation, background, method or results; default translation
WITH piece AS (
    SELECT t.label, t.case_id, p.seq, p.request_hash
    FROM trial_text AS t
    JOIN trial_piece AS p USING (output_id)
    WHERE t.task = $task
)
SELECT p.label, p.case_id, p.seq, c.sampling, c.messages, c.text AS answer
FROM piece AS p
JOIN trial_completion AS c USING (request_hash)
UNION ALL
SELECT p.label, p.case_id, p.seq, c.sampling, c.messages, c.text
FROM piece AS p
JOIN completion AS c USING (request_hash)
WHERE NOT EXISTS (FROM trial_completion AS t WHERE t.request_hash = p.request_hash)
ORDER BY label, case_id, seq, sampling, messages, answer;
