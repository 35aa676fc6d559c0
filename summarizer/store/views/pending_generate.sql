CREATE OR REPLACE VIEW pending_generate AS
SELECT w.arxiv_id, w.version, w.task, w.post_date
FROM wanted_text AS w
WHERE NOT EXISTS (
    FROM open_failure AS f
    WHERE f.stage = 'generate' AND f.permanent
      AND f.arxiv_id = w.arxiv_id AND f.version = w.version AND f.task = w.task
);

COMMENT ON VIEW pending_generate IS 'Texts that the next run makes, with the same prompts and model: wanted, and the latest failure is not permanent';
COMMENT ON COLUMN pending_generate.arxiv_id IS 'the paper';
COMMENT ON COLUMN pending_generate.version IS 'its version';
COMMENT ON COLUMN pending_generate.task IS 'the task';
COMMENT ON COLUMN pending_generate.post_date IS 'day of its first bundle';
