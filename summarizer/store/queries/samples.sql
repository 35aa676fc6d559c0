-- section: Tuning prompts
-- question: Which samples are there, and which prompts were tried on them?
SELECT s.name, s.source, s.input, s.n_cases, s.created_utc, list(DISTINCT t.task || ' ' || t.label ORDER BY t.task || ' ' || t.label) AS tried
FROM trial_sample AS s
LEFT JOIN trial AS t USING (sample_hash)
GROUP BY ALL
ORDER BY s.created_utc, s.name;
