CREATE OR REPLACE VIEW pending_ingest AS
SELECT bp.bundle_id, b.post_date, bp.seq, bp.arxiv_id, bp.version, bp.pdf_sha256
FROM bundle_paper AS bp
JOIN bundle AS b USING (bundle_id)
JOIN paper_version AS p ON p.arxiv_id = bp.arxiv_id AND p.version = bp.version
WHERE p.metadata_source <> 'imported'
  AND NOT EXISTS (FROM imported_post AS i WHERE i.bundle_id = bp.bundle_id)
  AND NOT EXISTS (FROM document AS d WHERE d.arxiv_id = bp.arxiv_id AND d.version = bp.version)
  AND NOT EXISTS (
    FROM failure AS f
    WHERE f.stage = 'ingest' AND f.permanent AND f.arxiv_id = bp.arxiv_id AND f.version = bp.version
      AND f.input_hash IS NOT DISTINCT FROM bp.pdf_sha256
  );

COMMENT ON VIEW pending_ingest IS 'Paper versions of a bundle whose PDF is still to be read: no document, no permanent failure with the same file, and not known from an imported post';
COMMENT ON COLUMN pending_ingest.bundle_id IS 'the bundle';
COMMENT ON COLUMN pending_ingest.post_date IS 'its day';
COMMENT ON COLUMN pending_ingest.seq IS 'order in the bundle';
COMMENT ON COLUMN pending_ingest.arxiv_id IS 'the paper';
COMMENT ON COLUMN pending_ingest.version IS 'its version';
COMMENT ON COLUMN pending_ingest.pdf_sha256 IS 'SHA-256 of the PDF in the bundle; NULL: it came without a file';
