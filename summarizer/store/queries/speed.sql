-- section: Cost
-- question: How fast was generation, in tokens a second, and how much of the questions was found computed?
SELECT started_utc, completion_tokens, generate_seconds, round(completion_tokens_per_second, 1) AS tokens_per_second,
       round(prompt_tokens_reused / prompt_tokens, 3) AS share_reused
FROM run_summary
WHERE completion_tokens > 0
ORDER BY started_utc DESC, run_id
LIMIT 100;
