CREATE OR REPLACE VIEW pending_search AS
SELECT p.arxiv_id, p.version, f.field, NULL::VARCHAR AS attempt_id
FROM paper_version AS p
CROSS JOIN (VALUES ('title'), ('authors'), ('abstract')) AS f (field)
WHERE NOT EXISTS (
    FROM search_text AS s WHERE s.arxiv_id = p.arxiv_id AND s.version = p.version AND s.field = f.field
)
UNION ALL
SELECT a.arxiv_id, a.version, a.task, a.attempt_id
FROM passed_attempt AS a
WHERE NOT EXISTS (FROM search_text AS s WHERE s.attempt_id = a.attempt_id);

COMMENT ON VIEW pending_search IS 'Texts whose words are not in the search index yet; the next run adds them';
COMMENT ON COLUMN pending_search.arxiv_id IS 'the paper';
COMMENT ON COLUMN pending_search.version IS 'its version';
COMMENT ON COLUMN pending_search.field IS 'title, authors or abstract; for a text of the model its task';
COMMENT ON COLUMN pending_search.attempt_id IS 'the attempt; NULL: title, authors or abstract';
