CREATE OR REPLACE VIEW repeated_paper AS
SELECT DISTINCT arxiv_id, version
FROM duplicate_pair
WHERE kind IN ('exact', 'near');

COMMENT ON VIEW repeated_paper IS 'Paper versions that repeat an earlier paper (exact or near) and are not summarised';
COMMENT ON COLUMN repeated_paper.arxiv_id IS 'the paper';
COMMENT ON COLUMN repeated_paper.version IS 'its version';
