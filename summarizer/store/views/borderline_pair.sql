CREATE OR REPLACE VIEW borderline_pair AS
SELECT
    s.arxiv_id, s.version, p.title,
    s.other_arxiv_id, s.other_version, o.title AS other_title,
    s.score, s.reason, s.cosine, s.authors AS authors_shared, s.words AS words_shared, s.body AS body_shared,
    s.created_utc
FROM scored_pair AS s
JOIN paper_version AS p ON p.arxiv_id = s.arxiv_id AND p.version = s.version
JOIN paper_version AS o ON o.arxiv_id = s.other_arxiv_id AND o.version = s.other_version
WHERE NOT EXISTS (
    FROM duplicate_pair AS d
    WHERE d.arxiv_id = s.arxiv_id AND d.version = s.version
      AND d.other_arxiv_id = s.other_arxiv_id AND d.other_version = s.other_version
) AND NOT EXISTS (
    FROM judged_pair AS j
    WHERE j.arxiv_id = least(s.arxiv_id, s.other_arxiv_id) AND j.other_arxiv_id = greatest(s.arxiv_id, s.other_arxiv_id)
)
QUALIFY row_number() OVER (
    PARTITION BY s.arxiv_id, s.version, s.other_arxiv_id, s.other_version ORDER BY s.created_utc DESC, s.model_sha256
) = 1;

COMMENT ON VIEW borderline_pair IS 'Public. Pairs of papers that may be one work and that nobody has judged: summarizer dedup confirm|refuse. Both are summarised meanwhile';
COMMENT ON COLUMN borderline_pair.arxiv_id IS 'the later paper';
COMMENT ON COLUMN borderline_pair.version IS 'its version';
COMMENT ON COLUMN borderline_pair.title IS 'its title';
COMMENT ON COLUMN borderline_pair.other_arxiv_id IS 'the earlier paper';
COMMENT ON COLUMN borderline_pair.other_version IS 'its version';
COMMENT ON COLUMN borderline_pair.other_title IS 'its title';
COMMENT ON COLUMN borderline_pair.score IS 'score of the rule, 0 to 1: how sure it is that both are one work';
COMMENT ON COLUMN borderline_pair.reason IS 'the signals on one line';
COMMENT ON COLUMN borderline_pair.cosine IS 'cosine of the two embeddings';
COMMENT ON COLUMN borderline_pair.authors_shared IS 'share of the authors that both have; NULL: no authors known';
COMMENT ON COLUMN borderline_pair.words_shared IS 'share of the abstracts'' words that both have; NULL: no abstract';
COMMENT ON COLUMN borderline_pair.body_shared IS 'share of the shorter text''s runs of five words that stand in the other one; NULL: not compared';
COMMENT ON COLUMN borderline_pair.created_utc IS 'when it was found';
