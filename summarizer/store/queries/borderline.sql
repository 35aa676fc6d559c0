-- section: Daily work
-- question: Which pairs may be one work, and wait for my word?
-- note: `summarizer dedup confirm A B` or `summarizer dedup refuse A B`.
SELECT arxiv_id, title, other_arxiv_id, other_title, reason
FROM borderline_pair
ORDER BY score DESC, arxiv_id, version, other_arxiv_id, other_version;
