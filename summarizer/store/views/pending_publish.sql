CREATE OR REPLACE VIEW pending_publish AS
SELECT s.post_date, s.n_shown, s.n_missing, c.revision
FROM post_state AS s
LEFT JOIN current_post AS c ON c.post_date = s.post_date
WHERE c.state_hash IS DISTINCT FROM s.state_hash;

COMMENT ON VIEW pending_publish IS 'Days whose post is not written yet, or no longer shows what the store has';
COMMENT ON COLUMN pending_publish.post_date IS 'the day';
COMMENT ON COLUMN pending_publish.n_shown IS 'papers to show';
COMMENT ON COLUMN pending_publish.n_missing IS 'texts missing of these';
COMMENT ON COLUMN pending_publish.revision IS 'revision of the post that is out of date; NULL: none yet';
