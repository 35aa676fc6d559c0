-- section: Tuning prompts
-- question: Which checks does each prompt fail, and how often?
SELECT t.task, t.label, k.check_name, k.severity, count(*) AS n, min(t.case_id || ': ' || k.reason) AS example
FROM trial_text AS t
JOIN trial_check AS k USING (output_id)
WHERE NOT k.passed
GROUP BY ALL
ORDER BY n DESC, t.task, t.label, k.check_name, k.severity;
