-- section: Daily work
-- question: What failed and why?
SELECT stage, category, count(*) AS n, min(arxiv_id || ': ' || detail) AS example
FROM item_failure
GROUP BY stage, category
ORDER BY n DESC, stage, category;
