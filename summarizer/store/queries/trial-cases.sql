-- section: Tuning prompts
-- question: Where does a draft do worse than the version it came from, case by case?
-- param task: translation, background, method or results; default translation
-- param before: the prompt to compare with; example v001
-- param after: the draft or version; example my_draft
SELECT b.case_id, round(b.chrf, 1) AS before, round(c.chrf, 1) AS after, c.category, b.text AS old_text, c.text AS new_text
FROM trial_text AS b
JOIN trial_text AS c USING (task, sample_hash, case_hash, model_sha256)
WHERE b.task = $task AND b.label = $before AND c.label = $after
ORDER BY c.n_hard_failed - b.n_hard_failed DESC, c.chrf - b.chrf, b.case_id, b.trial_id, c.trial_id;
