CREATE OR REPLACE VIEW post_entry AS
WITH accepted AS MATERIALIZED (
    SELECT arxiv_id, version, task, attempt_id FROM accepted_attempt
),
listed AS (
    SELECT
        b.post_date, b.ingested_utc, b.bundle_id, bp.seq, bp.arxiv_id, bp.version, i.bundle_id IS NOT NULL AS imported
    FROM bundle_paper AS bp
    JOIN bundle AS b USING (bundle_id)
    LEFT JOIN imported_post AS i USING (bundle_id)
    QUALIFY row_number() OVER (
        PARTITION BY b.post_date, bp.arxiv_id, bp.version
        ORDER BY i.bundle_id IS NULL, b.ingested_utc, b.bundle_id, bp.seq
    ) = 1
),
placed AS (
    SELECT
        l.post_date, l.bundle_id, l.arxiv_id, l.version, l.imported,
        row_number() OVER (PARTITION BY l.post_date ORDER BY l.ingested_utc, l.bundle_id, l.seq) - 1 AS seq,
        p.abstract = '' AS no_abstract,
        EXISTS (FROM document AS d WHERE d.arxiv_id = l.arxiv_id AND d.version = l.version) AS has_document,
        EXISTS (FROM section AS s WHERE s.arxiv_id = l.arxiv_id AND s.version = l.version) AS has_section,
        CASE
            WHEN l.imported THEN 'shown'
            WHEN p.metadata_source = 'imported' THEN 'duplicate'
            WHEN EXISTS (FROM repeated_paper AS d WHERE d.arxiv_id = l.arxiv_id AND d.version = l.version)
                THEN 'duplicate'
            WHEN p.metadata_source = 'none' AND p.abstract = '' AND NOT EXISTS (
                FROM accepted AS x WHERE x.arxiv_id = l.arxiv_id AND x.version = l.version
            ) THEN 'unreadable'
            ELSE 'shown'
        END AS place
    FROM listed AS l
    JOIN paper_version AS p ON p.arxiv_id = l.arxiv_id AND p.version = l.version
),
failed AS (
    SELECT stage, arxiv_id, version, task, any_value(category) AS category FROM open_failure GROUP BY ALL
),
entry AS (
    SELECT
        e.*, t.task,
        -- an imported page shows its own text, also where a better one was made since
        CASE WHEN e.imported THEN y.attempt_id ELSE x.attempt_id END AS attempt_id,
        e.imported OR e.place = 'duplicate' OR x.attempt_id IS NOT NULL AS settled,
        CASE WHEN t.task = 'translation' THEN e.no_abstract ELSE NOT e.has_section END AS no_input
    FROM placed AS e
    LEFT JOIN task AS t ON e.place = 'shown'
    LEFT JOIN accepted AS x ON x.arxiv_id = e.arxiv_id AND x.version = e.version AND x.task = t.task
    LEFT JOIN imported_text AS y
        ON y.bundle_id = e.bundle_id AND y.arxiv_id = e.arxiv_id AND y.version = e.version AND y.task = t.task
        AND y.accepted
)
SELECT
    e.post_date, e.seq, e.arxiv_id, e.version, e.place, e.task, e.attempt_id,
    CASE
        WHEN e.settled THEN NULL
        WHEN e.no_input THEN 'ingest'
        ELSE coalesce(g.stage, m.stage, d.stage, 'generate')
    END AS stage,
    CASE
        WHEN e.settled THEN NULL
        WHEN e.no_input THEN coalesce(
            i.category,
            CASE WHEN NOT e.has_document THEN 'pending' WHEN e.task = 'translation' THEN 'no_abstract' ELSE 'no_sections' END
        )
        ELSE coalesce(g.category, m.category, d.category, 'pending')
    END AS category,
    e.imported
FROM entry AS e
LEFT JOIN failed AS i ON i.stage = 'ingest' AND i.arxiv_id = e.arxiv_id AND i.version = e.version
LEFT JOIN failed AS m ON m.stage = 'embed' AND m.arxiv_id = e.arxiv_id AND m.version = e.version
LEFT JOIN failed AS d ON d.stage = 'dedup' AND d.arxiv_id = e.arxiv_id AND d.version = e.version
LEFT JOIN failed AS g
    ON g.stage = 'generate' AND g.arxiv_id = e.arxiv_id AND g.version = e.version AND g.task = e.task;

COMMENT ON VIEW post_entry IS 'What a day''s post shows now: a row for each task of a shown paper, one row for a paper that is left out or unreadable';
COMMENT ON COLUMN post_entry.post_date IS 'the day';
COMMENT ON COLUMN post_entry.seq IS 'order on the page, 0 and up';
COMMENT ON COLUMN post_entry.arxiv_id IS 'the paper';
COMMENT ON COLUMN post_entry.version IS 'its version';
COMMENT ON COLUMN post_entry.place IS 'shown, duplicate (left out; also what an imported post showed before) or unreadable (listed at the end by its file name)';
COMMENT ON COLUMN post_entry.task IS 'the task; NULL unless shown';
COMMENT ON COLUMN post_entry.attempt_id IS 'the attempt whose text is shown; NULL: no text';
COMMENT ON COLUMN post_entry.stage IS 'stage that is why there is no text; NULL: there is one, or the page was imported as it is';
COMMENT ON COLUMN post_entry.category IS 'why there is no text: category of a failure, pending, no_abstract or no_sections; NULL: there is one, or the page was imported as it is';
COMMENT ON COLUMN post_entry.imported IS 'whether it stands on the imported page of the day';
