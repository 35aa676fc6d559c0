-- section: Daily work
-- question: How did the last runs go?
SELECT started_utc, command, exit_code, round(seconds) AS seconds, texts_accepted, texts_failed,
       round(peak_memory_bytes / 1e9, 2) AS peak_gb
FROM run_summary
ORDER BY started_utc DESC, run_id
LIMIT 10;
