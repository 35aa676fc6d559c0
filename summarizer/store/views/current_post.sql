CREATE OR REPLACE VIEW current_post AS
SELECT
    post_id, post_date, revision, path, sha256, state_hash, n_fetched, n_shown, n_incomplete, run_id, created_utc
FROM post
QUALIFY row_number() OVER (PARTITION BY post_date ORDER BY revision DESC) = 1;

COMMENT ON VIEW current_post IS 'The latest revision of each day''s post';
COMMENT ON COLUMN current_post.post_id IS 'the post';
COMMENT ON COLUMN current_post.post_date IS 'the day';
COMMENT ON COLUMN current_post.revision IS '1 and up';
COMMENT ON COLUMN current_post.path IS 'file below the output folder';
COMMENT ON COLUMN current_post.sha256 IS 'SHA-256 of the file';
COMMENT ON COLUMN current_post.state_hash IS 'post_state.state_hash when it was written';
COMMENT ON COLUMN current_post.n_fetched IS 'papers fetched';
COMMENT ON COLUMN current_post.n_shown IS 'papers shown';
COMMENT ON COLUMN current_post.n_incomplete IS 'shown papers with at least one text missing';
COMMENT ON COLUMN current_post.run_id IS 'the run';
COMMENT ON COLUMN current_post.created_utc IS 'when it was written';
