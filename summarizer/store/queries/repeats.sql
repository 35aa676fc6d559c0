-- section: Daily work
-- question: Which papers were left out as repeats, and of what?
SELECT arxiv_id, version, title, other_arxiv_id, other_version, other_title, kind, round(score, 3) AS score
FROM near_duplicate
ORDER BY created_utc DESC, score DESC, arxiv_id, version, other_arxiv_id, other_version;
