CREATE OR REPLACE VIEW embeddable AS
SELECT p.arxiv_id, p.version
FROM paper_version AS p
WHERE p.metadata_source <> 'none'
   OR p.abstract <> ''
   OR EXISTS (FROM section AS s WHERE s.arxiv_id = p.arxiv_id AND s.version = p.version);

COMMENT ON VIEW embeddable IS 'Paper versions that have words to embed: a title (of an imported paper often nothing else) and abstract, or a text that was read';
COMMENT ON COLUMN embeddable.arxiv_id IS 'the paper';
COMMENT ON COLUMN embeddable.version IS 'its version';
