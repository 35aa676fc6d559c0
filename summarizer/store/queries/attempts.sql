-- section: Quality
-- question: How many attempts does a text take, by prompt version?
SELECT a.task, p.prompt_version, count(*) AS attempts, count(x.attempt_id) AS accepted,
       round(count(x.attempt_id) / count(*), 3) AS share
FROM attempt AS a
JOIN prompt AS p USING (prompt_hash)
LEFT JOIN accepted_attempt AS x USING (attempt_id)
GROUP BY a.task, p.prompt_version
ORDER BY a.task, p.prompt_version;
