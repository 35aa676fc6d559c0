-- section: Quality
-- question: Which checks fail most?
SELECT check_name, severity, task, count(*) AS n, min(reason) AS example
FROM check_failure
GROUP BY check_name, severity, task
ORDER BY n DESC, check_name, severity, task;
