CREATE OR REPLACE VIEW near_duplicate AS
SELECT
    d.arxiv_id, d.version, p.title,
    d.other_arxiv_id, d.other_version, o.title AS other_title,
    d.kind, d.score, d.reason, a.post_date, d.created_utc
FROM repeated_pair AS d
JOIN paper_version AS p ON p.arxiv_id = d.arxiv_id AND p.version = d.version
JOIN paper_version AS o ON o.arxiv_id = d.other_arxiv_id AND o.version = d.other_version
LEFT JOIN paper_arrival AS a ON a.arxiv_id = d.arxiv_id AND a.version = d.version;

COMMENT ON VIEW near_duplicate IS 'Papers left out because they repeat an earlier one, with both titles';
COMMENT ON COLUMN near_duplicate.arxiv_id IS 'the later paper';
COMMENT ON COLUMN near_duplicate.version IS 'its version';
COMMENT ON COLUMN near_duplicate.title IS 'its title';
COMMENT ON COLUMN near_duplicate.other_arxiv_id IS 'the earlier paper, which is kept';
COMMENT ON COLUMN near_duplicate.other_version IS 'its version';
COMMENT ON COLUMN near_duplicate.other_title IS 'its title';
COMMENT ON COLUMN near_duplicate.kind IS 'exact or near';
COMMENT ON COLUMN near_duplicate.score IS 'score of the rule, 1 for exact and confirmed pairs';
COMMENT ON COLUMN near_duplicate.reason IS 'what decided it';
COMMENT ON COLUMN near_duplicate.post_date IS 'day of the later paper''s first bundle';
COMMENT ON COLUMN near_duplicate.created_utc IS 'when it was found';
