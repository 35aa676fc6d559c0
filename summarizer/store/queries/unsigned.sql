-- section: Provenance
-- question: Which bundles came without a signature that was checked?
SELECT post_date, bundle_id, source_path, ingested_utc
FROM bundle
ANTI JOIN bundle_signature USING (bundle_id)
WHERE bundle_format > 0 -- no imported post
ORDER BY ingested_utc, bundle_id;
