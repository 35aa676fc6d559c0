-- section: Daily work
-- question: Which imported posts are there, and what did they bring?
SELECT i.post_date, i.path, count(DISTINCT (t.arxiv_id, t.version)) AS n_papers,
       count(*) FILTER (t.accepted) AS n_texts, count(*) FILTER (NOT t.accepted) AS n_notices
FROM imported_post AS i
LEFT JOIN imported_text AS t USING (bundle_id)
GROUP BY ALL
ORDER BY i.post_date DESC, i.path;
