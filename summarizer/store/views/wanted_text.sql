CREATE OR REPLACE VIEW wanted_text AS
SELECT p.arxiv_id, p.version, t.task, a.post_date, a.ingested_utc, a.bundle_id, a.seq, t.seq AS task_seq
FROM paper_version AS p
JOIN paper_arrival AS a ON a.arxiv_id = p.arxiv_id AND a.version = p.version
CROSS JOIN task AS t
WHERE p.metadata_source <> 'imported'
  AND EXISTS (FROM dedup_check AS c WHERE c.arxiv_id = p.arxiv_id AND c.version = p.version)
  AND NOT EXISTS (FROM repeated_paper AS d WHERE d.arxiv_id = p.arxiv_id AND d.version = p.version)
  AND CASE t.task
        WHEN 'translation' THEN p.abstract <> ''
        ELSE EXISTS (FROM section AS s WHERE s.arxiv_id = p.arxiv_id AND s.version = p.version)
      END
  AND NOT EXISTS (
    FROM passed_attempt AS x WHERE x.arxiv_id = p.arxiv_id AND x.version = p.version AND x.task = t.task
  );

COMMENT ON VIEW wanted_text IS 'Texts that can be made and are not there: compared, not repeated, not known from an imported post, with an abstract (translation) or sections (the answers)';
COMMENT ON COLUMN wanted_text.arxiv_id IS 'the paper';
COMMENT ON COLUMN wanted_text.version IS 'its version';
COMMENT ON COLUMN wanted_text.task IS 'the task';
COMMENT ON COLUMN wanted_text.post_date IS 'day of its first bundle';
COMMENT ON COLUMN wanted_text.ingested_utc IS 'when that bundle was ingested';
COMMENT ON COLUMN wanted_text.bundle_id IS 'that bundle';
COMMENT ON COLUMN wanted_text.seq IS 'order in it';
COMMENT ON COLUMN wanted_text.task_seq IS 'order of the task';
