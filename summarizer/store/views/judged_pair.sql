CREATE OR REPLACE VIEW judged_pair AS
SELECT arxiv_id, other_arxiv_id, verdict, created_utc
FROM pair_judgement
QUALIFY row_number() OVER (
    PARTITION BY arxiv_id, other_arxiv_id ORDER BY created_utc DESC, judgement_id DESC
) = 1;

COMMENT ON VIEW judged_pair IS 'The latest judgement of a person about each pair of papers';
COMMENT ON COLUMN judged_pair.arxiv_id IS 'one paper: of the two ids the one that sorts first';
COMMENT ON COLUMN judged_pair.other_arxiv_id IS 'the other paper';
COMMENT ON COLUMN judged_pair.verdict IS 'confirmed or refused';
COMMENT ON COLUMN judged_pair.created_utc IS 'when it was said';
