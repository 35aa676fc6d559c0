-- section: Prompts and models
-- question: Which texts were made by a prompt version that is no longer the current one?
-- note: The current version of a task is the highest that has made a text in this store.
WITH current AS (
    SELECT task, max(prompt_version) AS prompt_version FROM prompt GROUP BY task
)
SELECT s.task, s.prompt_version, c.prompt_version AS current_version, count(*) AS texts,
       list(DISTINCT s.arxiv_id || 'v' || s.version ORDER BY s.arxiv_id || 'v' || s.version)[:10] AS papers
FROM accepted_summary AS s
JOIN current AS c ON c.task = s.prompt_task
WHERE s.prompt_version NOT IN (c.prompt_version, 'imported')
GROUP BY ALL
ORDER BY s.task, s.prompt_version;
