-- section: Daily work
-- question: What became of each bundle?
SELECT post_date, ingested_utc, count(*) AS papers,
       count(*) FILTER (state = 'complete') AS complete, count(*) FILTER (state = 'pending') AS pending,
       count(*) FILTER (state = 'incomplete') AS incomplete, count(*) FILTER (state = 'repeated') AS repeated,
       count(*) FILTER (state = 'unreadable') AS unreadable, min(post_path) AS post
FROM ledger
GROUP BY bundle_id, post_date, ingested_utc
ORDER BY ingested_utc DESC, bundle_id
LIMIT 31;
