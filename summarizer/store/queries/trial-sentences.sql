-- section: Tuning prompts
-- question: A source sentence beside what each prompt made of it
-- param case_id: the case, a paper with its version or the id in the case file; example 2602.00001v1
SELECT p.source_text, t.label, p.used, p.text, p.reason
FROM trial_text AS t
JOIN trial_piece AS p USING (output_id)
WHERE t.case_id = $case_id
ORDER BY p.source_text, t.label, t.trial_id, p.seq;
