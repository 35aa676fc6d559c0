-- section: Provenance
-- question: Who signed the bundle that a paper came in?
-- param id: the arXiv id; example 2602.00001
SELECT b.arxiv_id, b.version, d.post_date, s.key_name, s.key_id
FROM bundle_paper AS b
JOIN bundle AS d USING (bundle_id)
LEFT JOIN bundle_signature AS s USING (bundle_id)
WHERE b.arxiv_id = $id
ORDER BY d.ingested_utc, d.bundle_id, b.version, s.key_name, s.key_id;
