-- section: Daily work
-- question: Which papers of bundles were left out because an imported post had shown them?
SELECT e.post_date, e.arxiv_id, e.version, p.title, i.post_date AS imported_with
FROM post_entry AS e
JOIN paper_version AS p USING (arxiv_id, version)
JOIN (SELECT DISTINCT arxiv_id, version, bundle_id FROM imported_part) AS k USING (arxiv_id, version)
JOIN imported_post AS i USING (bundle_id)
WHERE e.place = 'duplicate' AND p.metadata_source = 'imported'
ORDER BY e.post_date DESC, e.seq, e.arxiv_id, e.version, i.post_date;
