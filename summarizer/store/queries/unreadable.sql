-- section: Daily work
-- question: Which PDFs gave no text?
SELECT f.arxiv_id, f.version, p.source_file, f.category, f.detail
FROM item_failure AS f
JOIN paper_version AS p USING (arxiv_id, version)
WHERE f.stage = 'ingest'
ORDER BY f.category, f.arxiv_id, f.version;
