-- section: Daily work
-- question: What is still pending, stage by stage?
SELECT stage, pending
FROM (
    SELECT 1 AS place, 'ingest' AS stage, count(*) AS pending FROM pending_ingest
    UNION ALL SELECT 2, 'embed', count(*) FROM pending_embed
    UNION ALL SELECT 3, 'dedup', count(*) FROM pending_dedup
    UNION ALL SELECT 4, 'generate', count(*) FROM pending_generate
    UNION ALL SELECT 5, 'publish', count(*) FROM pending_publish
    UNION ALL SELECT 6, 'search', count(*) FROM pending_search
)
ORDER BY place;
