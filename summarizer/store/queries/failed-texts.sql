-- section: Quality
-- question: Which texts failed which hard check?
-- param task: translation, background, method, results or all; default translation
SELECT arxiv_id, version, task, attempt_no, check_name, reason, text
FROM check_failure
WHERE severity = 'hard' AND ($task = 'all' OR task = $task)
ORDER BY created_utc DESC, arxiv_id, version, task, attempt_no, check_name, reason
LIMIT 100;
