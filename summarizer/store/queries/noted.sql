-- section: Quality
-- question: Which accepted texts were noted by a soft check?
SELECT f.arxiv_id, f.version, f.task, f.check_name, f.reason, f.text
FROM check_failure AS f
JOIN accepted_attempt AS x USING (attempt_id)
WHERE f.severity = 'soft'
ORDER BY f.created_utc DESC, f.arxiv_id, f.version, f.task, f.check_name, f.reason
LIMIT 100;
