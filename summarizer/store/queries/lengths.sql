-- section: Quality
-- question: How long are the answers, in Chinese characters?
SELECT task, count(*) AS n, round(avg(length(text))) AS mean, min(length(text)) AS shortest, max(length(text)) AS longest
FROM accepted_summary
GROUP BY task
ORDER BY task;
