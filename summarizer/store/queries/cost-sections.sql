-- section: Cost
-- question: Which sections cost most, by what was asked about them?
SELECT s.kind, a.task, count(*) AS calls, sum(c.prompt_tokens) AS prompt_tokens,
       sum(c.completion_tokens) AS completion_tokens, round(sum(c.seconds), 1) AS seconds,
       round(avg(x.used::INTEGER), 3) AS share_used
FROM attempt_piece AS x
JOIN attempt AS a USING (attempt_id)
JOIN section AS s ON s.arxiv_id = a.arxiv_id AND s.version = a.version AND s.seq = x.section_seq
JOIN completion AS c USING (request_hash)
GROUP BY s.kind, a.task
ORDER BY seconds DESC, s.kind, a.task;
