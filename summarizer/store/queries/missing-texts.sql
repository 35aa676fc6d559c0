-- section: Daily work
-- question: Which shown papers lack a text, and what is the reason?
SELECT post_date, arxiv_id, version, task, stage, category
FROM post_entry
WHERE place = 'shown' AND category IS NOT NULL
ORDER BY post_date DESC, seq, arxiv_id, version, task;
