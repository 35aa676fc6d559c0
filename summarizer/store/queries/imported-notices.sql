-- section: Quality
-- question: What stands in imported posts in the place of a text?
SELECT post_date, arxiv_id, version, task, text
FROM imported_text
WHERE NOT accepted
ORDER BY post_date DESC, arxiv_id, version, task;
