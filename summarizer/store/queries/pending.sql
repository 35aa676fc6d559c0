-- section: Daily work
-- question: What is still pending, stage by stage?
SELECT 'ingest' AS stage, count(*) AS pending FROM pending_ingest
UNION ALL SELECT 'embed', count(*) FROM pending_embed
UNION ALL SELECT 'dedup', count(*) FROM pending_dedup
UNION ALL SELECT 'generate', count(*) FROM pending_generate
UNION ALL SELECT 'publish', count(*) FROM pending_publish
UNION ALL SELECT 'search', count(*) FROM pending_search;
