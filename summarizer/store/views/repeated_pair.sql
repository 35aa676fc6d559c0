CREATE OR REPLACE VIEW repeated_pair AS
WITH found AS (
    SELECT d.arxiv_id, d.version, d.other_arxiv_id, d.other_version, d.kind, d.score, d.reason, d.created_utc
    FROM duplicate_pair AS d
    WHERE d.kind IN ('exact', 'near')
    QUALIFY row_number() OVER (
        PARTITION BY d.arxiv_id, d.version, d.other_arxiv_id, d.other_version ORDER BY d.created_utc DESC, d.model_sha256
    ) = 1
),
first_arrival AS (
    SELECT
        bp.arxiv_id,
        arg_min(bp.version, (b.ingested_utc, bp.bundle_id, bp.seq)) AS version,
        min((b.ingested_utc, bp.bundle_id, bp.seq)) AS arrival
    FROM bundle_paper AS bp
    JOIN bundle AS b USING (bundle_id)
    WHERE bp.arxiv_id IN (SELECT arxiv_id FROM pair_judgement UNION SELECT other_arxiv_id FROM pair_judgement)
    GROUP BY bp.arxiv_id
),
confirmed AS (
    SELECT
        CASE WHEN a.arrival > b.arrival THEN a.arxiv_id ELSE b.arxiv_id END AS arxiv_id,
        CASE WHEN a.arrival > b.arrival THEN b.arxiv_id ELSE a.arxiv_id END AS other_arxiv_id,
        CASE WHEN a.arrival > b.arrival THEN b.version ELSE a.version END AS other_version,
        j.created_utc
    FROM judged_pair AS j
    JOIN first_arrival AS a ON a.arxiv_id = j.arxiv_id
    JOIN first_arrival AS b ON b.arxiv_id = j.other_arxiv_id
    WHERE j.verdict = 'confirmed'
)
SELECT f.*
FROM found AS f
WHERE NOT EXISTS (
    FROM judged_pair AS j
    WHERE j.arxiv_id = least(f.arxiv_id, f.other_arxiv_id) AND j.other_arxiv_id = greatest(f.arxiv_id, f.other_arxiv_id)
)
UNION ALL
SELECT
    c.arxiv_id, p.version, c.other_arxiv_id, c.other_version,
    coalesce(f.kind, 'near') AS kind, 1.0 AS score, 'confirmed by a person' AS reason, c.created_utc
FROM confirmed AS c
JOIN paper_version AS p ON p.arxiv_id = c.arxiv_id
LEFT JOIN found AS f
    ON f.arxiv_id = c.arxiv_id AND f.version = p.version
    AND f.other_arxiv_id = c.other_arxiv_id AND f.other_version = c.other_version;

COMMENT ON VIEW repeated_pair IS 'Exact and near-duplicates as they count: those found and not refused by a person, and those that a person confirmed; of two confirmed papers the one that came first is kept';
COMMENT ON COLUMN repeated_pair.arxiv_id IS 'the later paper';
COMMENT ON COLUMN repeated_pair.version IS 'its version';
COMMENT ON COLUMN repeated_pair.other_arxiv_id IS 'the earlier paper, which is kept';
COMMENT ON COLUMN repeated_pair.other_version IS 'its version';
COMMENT ON COLUMN repeated_pair.kind IS 'exact or near';
COMMENT ON COLUMN repeated_pair.score IS 'score of the rule, 1 for exact and confirmed pairs';
COMMENT ON COLUMN repeated_pair.reason IS 'what decided it';
COMMENT ON COLUMN repeated_pair.created_utc IS 'when it was found or confirmed';
