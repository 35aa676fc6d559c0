-- section: Cost
-- question: What did each model and prompt version cost, by accepted text?
SELECT m.name AS model, a.task, p.prompt_version, count(*) AS attempts, count(x.attempt_id) AS accepted,
       sum(a.prompt_tokens) AS prompt_tokens, sum(a.completion_tokens) AS completion_tokens,
       round(sum(a.seconds) / nullif(count(x.attempt_id), 0), 1) AS seconds_per_text
FROM attempt AS a
JOIN prompt AS p USING (prompt_hash)
JOIN model AS m USING (model_sha256)
LEFT JOIN accepted_attempt AS x USING (attempt_id)
GROUP BY m.name, a.task, p.prompt_version
ORDER BY m.name, a.task, p.prompt_version;
