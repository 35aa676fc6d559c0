-- section: Quality
-- question: Do lengths, times and failed checks drift from week to week?
WITH failed AS (
    SELECT
        attempt_id,
        count(*) FILTER (severity = 'hard') AS hard, count(*) FILTER (severity = 'soft') AS soft
    FROM check_result WHERE NOT passed GROUP BY attempt_id
)
SELECT date_trunc('week', a.created_utc)::DATE AS week, a.task, count(*) AS attempts,
       round(count(*) FILTER (f.hard > 0) / count(*), 3) AS share_failed,
       round(count(*) FILTER (f.soft > 0) / count(*), 3) AS share_noted,
       round(avg(length(a.text)) FILTER (coalesce(f.hard, 0) = 0)) AS characters,
       round(avg(a.completion_tokens), 1) AS tokens, round(avg(a.seconds), 1) AS seconds
FROM attempt AS a
LEFT JOIN failed AS f USING (attempt_id)
JOIN task AS t USING (task)
WHERE a.source_scope <> 'imported'
GROUP BY week, a.task, t.seq
ORDER BY week DESC, t.seq;
