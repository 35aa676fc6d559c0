CREATE OR REPLACE VIEW repeated_paper AS
SELECT arxiv_id, version FROM repeated_pair
UNION
SELECT arxiv_id, version FROM version_change WHERE NOT material;

COMMENT ON VIEW repeated_paper IS 'Paper versions that are not summarised: they repeat an earlier paper, or change nothing material of an earlier version';
COMMENT ON COLUMN repeated_paper.arxiv_id IS 'the paper';
COMMENT ON COLUMN repeated_paper.version IS 'its version';
