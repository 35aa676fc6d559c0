-- section: Prompts and models
-- question: Which texts were made by which prompt version and model?
SELECT prompt_task, prompt_version, model_name, count(*) AS texts, min(created_utc) AS first, max(created_utc) AS last
FROM accepted_summary
GROUP BY ALL
ORDER BY prompt_task, prompt_version, model_name;
