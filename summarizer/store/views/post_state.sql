CREATE OR REPLACE VIEW post_state AS
SELECT
    b.post_date,
    sha256(concat(b.bundles, chr(10), e.entries)) AS state_hash,
    b.n_bundles, b.n_fetched,
    coalesce(e.n_shown, 0) AS n_shown,
    coalesce(e.n_duplicate, 0) AS n_duplicate,
    coalesce(e.n_unreadable, 0) AS n_unreadable,
    coalesce(e.n_missing, 0) AS n_missing
FROM (
    SELECT
        post_date,
        count(*) AS n_bundles,
        sum(n_fetched - n_repeated)::BIGINT AS n_fetched,
        string_agg(bundle_id, ',' ORDER BY ingested_utc, bundle_id) AS bundles
    FROM bundle
    JOIN bundle_overlap USING (bundle_id, post_date)
    GROUP BY post_date
) AS b
LEFT JOIN (
    SELECT
        x.post_date,
        count(DISTINCT (x.arxiv_id, x.version)) FILTER (x.place = 'shown') AS n_shown,
        count(*) FILTER (x.place = 'duplicate') AS n_duplicate,
        count(*) FILTER (x.place = 'unreadable') AS n_unreadable,
        count(*) FILTER (x.place = 'shown' AND x.category IS NOT NULL) AS n_missing,
        string_agg(
            concat_ws('|', x.arxiv_id, x.version, x.place, coalesce(x.task, ''), coalesce(x.attempt_id, ''),
                      coalesce(x.stage, ''), coalesce(x.category, '')),
            chr(10) ORDER BY x.seq, t.seq
        ) AS entries
    FROM post_entry AS x
    LEFT JOIN task AS t ON t.task = x.task
    GROUP BY x.post_date
) AS e ON e.post_date = b.post_date;

COMMENT ON VIEW post_state IS 'What decides each day''s post, as one hash: a post is due when it differs from the one of the current post';
COMMENT ON COLUMN post_state.post_date IS 'the day';
COMMENT ON COLUMN post_state.state_hash IS 'SHA-256 over bundles, papers, accepted attempts and reasons, in order';
COMMENT ON COLUMN post_state.n_bundles IS 'bundles of the day; an imported post counts as one';
COMMENT ON COLUMN post_state.n_fetched IS 'papers fetched';
COMMENT ON COLUMN post_state.n_shown IS 'papers shown';
COMMENT ON COLUMN post_state.n_duplicate IS 'papers left out';
COMMENT ON COLUMN post_state.n_unreadable IS 'papers that gave nothing to show';
COMMENT ON COLUMN post_state.n_missing IS 'texts missing of the shown papers; what an imported post lacks is not counted';
