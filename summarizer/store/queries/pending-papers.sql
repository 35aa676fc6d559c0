-- section: Daily work
-- question: Which papers arrived and are not finished, and what do they wait for?
SELECT l.post_date, l.arxiv_id, l.version, p.title, l.state, l.n_texts, l.reasons
FROM ledger AS l
JOIN paper_version AS p USING (arxiv_id, version)
WHERE l.state IN ('pending', 'incomplete')
ORDER BY l.post_date DESC, l.ingested_utc, l.bundle_id, l.seq;
