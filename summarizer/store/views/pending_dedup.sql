CREATE OR REPLACE VIEW pending_dedup AS
SELECT e.arxiv_id, e.version, e.model_sha256, a.post_date
FROM embedding AS e
JOIN paper_arrival AS a ON a.arxiv_id = e.arxiv_id AND a.version = e.version
WHERE NOT EXISTS (
    FROM dedup_check AS c
    WHERE c.arxiv_id = e.arxiv_id AND c.version = e.version AND c.model_sha256 = e.model_sha256
);

COMMENT ON VIEW pending_dedup IS 'Embeddings whose paper version was not yet compared with those before it';
COMMENT ON COLUMN pending_dedup.arxiv_id IS 'the paper';
COMMENT ON COLUMN pending_dedup.version IS 'its version';
COMMENT ON COLUMN pending_dedup.model_sha256 IS 'the embedding model';
COMMENT ON COLUMN pending_dedup.post_date IS 'day of its first bundle';
