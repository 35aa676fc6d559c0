-- section: Reading
-- question: What arrived lately about something?
-- param term: what to look for; example speech enhancement
-- param days: in the last so many days; default 7
SELECT a.post_date, s.arxiv_id, s.version, s.title, s.score, t.text AS abstract_zh
FROM search($term) AS s
JOIN paper_arrival AS a USING (arxiv_id, version)
LEFT JOIN accepted_summary AS t ON t.arxiv_id = s.arxiv_id AND t.version = s.version AND t.task = 'translation'
WHERE a.post_date > (SELECT max(post_date) FROM bundle) - $days::INTEGER
ORDER BY a.post_date DESC, s.rank
LIMIT 50;
