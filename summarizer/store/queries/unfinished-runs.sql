-- section: Daily work
-- question: Which runs did not end?
SELECT run_id, command, started_utc
FROM run_summary
WHERE exit_code IS NULL
ORDER BY started_utc, run_id;
