CREATE OR REPLACE VIEW task AS
SELECT *
FROM (VALUES ('translation', 0), ('background', 1), ('method', 2), ('results', 3)) AS t (task, seq);

COMMENT ON VIEW task IS 'The four texts that are made of a paper, in the order of the page';
COMMENT ON COLUMN task.task IS 'translation, background, method or results';
COMMENT ON COLUMN task.seq IS 'order on the page, 0 and up';
