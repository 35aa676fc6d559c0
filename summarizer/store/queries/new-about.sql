-- section: Reading
-- question: What arrived lately about something?
-- param term: what to look for; example speech enhancement
-- param days: in the last so many days; default 7
WITH found AS (
    SELECT a.post_date, s.arxiv_id, s.version, s.title, s.rank, s.score
    FROM search($term) AS s
    JOIN paper_arrival AS a USING (arxiv_id, version)
    WHERE a.post_date > (SELECT max(post_date) FROM bundle) - $days::INTEGER
    ORDER BY a.post_date DESC, s.rank
    LIMIT 50
)
SELECT f.post_date, f.arxiv_id, f.version, f.title, f.score, t.text AS abstract_zh
FROM found AS f
LEFT JOIN accepted_summary AS t ON t.arxiv_id = f.arxiv_id AND t.version = f.version AND t.task = 'translation'
ORDER BY f.post_date DESC, f.rank;
