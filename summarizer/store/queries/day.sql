-- section: Reading
-- question: The page of one day in its order, as rows
-- param day: the day; example 2026-02-12
SELECT e.seq, p.arxiv_id, p.title, e.task, a.text
FROM post_entry AS e
JOIN paper_version AS p USING (arxiv_id, version)
JOIN task AS t USING (task)
LEFT JOIN attempt AS a USING (attempt_id)
WHERE e.post_date = $day::DATE
ORDER BY e.seq, p.arxiv_id, p.version, t.seq;
