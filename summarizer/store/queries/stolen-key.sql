-- section: Provenance
-- question: A key was stolen: which papers rest on nothing but its signature, and on which pages do they stand?
-- note: Without a key: of any signed bundle.
-- param key: fingerprint of the key, as summarizer keys show prints it; default %
SELECT p.arxiv_id, p.version, max(p.post_date) AS post_date, bool_or(t.attempt_id IS NOT NULL) AS on_the_page
FROM (
    SELECT bp.arxiv_id, bp.version, b.post_date, s.key_id
    FROM bundle_paper AS bp
    JOIN bundle AS b USING (bundle_id)
    LEFT JOIN bundle_signature AS s USING (bundle_id)
) AS p
LEFT JOIN current_post AS c ON c.post_date = p.post_date
LEFT JOIN post_text AS t ON t.post_id = c.post_id AND t.arxiv_id = p.arxiv_id AND t.version = p.version
GROUP BY p.arxiv_id, p.version
HAVING bool_and(p.key_id IS NOT NULL AND p.key_id LIKE $key)
ORDER BY post_date DESC, p.arxiv_id, p.version;
