CREATE OR REPLACE VIEW pending_embed AS
SELECT a.arxiv_id, a.version, a.post_date
FROM paper_arrival AS a
SEMI JOIN embeddable AS w ON w.arxiv_id = a.arxiv_id AND w.version = a.version
WHERE NOT EXISTS (FROM embedding AS e WHERE e.arxiv_id = a.arxiv_id AND e.version = a.version)
  AND NOT EXISTS (
    FROM failure AS f WHERE f.stage = 'embed' AND f.permanent AND f.arxiv_id = a.arxiv_id AND f.version = a.version
  );

COMMENT ON VIEW pending_embed IS 'Paper versions without an embedding under any model, permanent failures left out';
COMMENT ON COLUMN pending_embed.arxiv_id IS 'the paper';
COMMENT ON COLUMN pending_embed.version IS 'its version';
COMMENT ON COLUMN pending_embed.post_date IS 'day of its first bundle';
