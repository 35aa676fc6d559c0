CREATE TABLE imported_post (
    bundle_id   VARCHAR PRIMARY KEY,
    post_date   DATE NOT NULL UNIQUE,
    path        VARCHAR NOT NULL UNIQUE,
    sha256      VARCHAR NOT NULL,
    n_bytes     BIGINT NOT NULL,
    run_id      VARCHAR NOT NULL,
    created_utc TIMESTAMP NOT NULL
);
COMMENT ON TABLE imported_post IS 'A daily post that another system published and that was imported; its papers are those of the bundle row with the same bundle_id';
COMMENT ON COLUMN imported_post.bundle_id IS 'SHA-256 over path and file';
COMMENT ON COLUMN imported_post.post_date IS 'day of the post';
COMMENT ON COLUMN imported_post.path IS 'file below the output folder, named as it was';
COMMENT ON COLUMN imported_post.sha256 IS 'SHA-256 of the file';
COMMENT ON COLUMN imported_post.n_bytes IS 'its size in bytes';
COMMENT ON COLUMN imported_post.run_id IS 'the run';
COMMENT ON COLUMN imported_post.created_utc IS 'when it was imported';

CREATE TABLE imported_part (
    bundle_id VARCHAR NOT NULL,
    seq       INTEGER NOT NULL,
    kind      VARCHAR NOT NULL CHECK (kind IN ('head', 'paper', 'other')),
    arxiv_id  VARCHAR,
    version   INTEGER,
    data      BLOB NOT NULL,
    PRIMARY KEY (bundle_id, seq)
);
COMMENT ON TABLE imported_part IS 'An imported post byte for byte: the data of its parts, in order, are the file';
COMMENT ON COLUMN imported_part.bundle_id IS 'the imported post';
COMMENT ON COLUMN imported_part.seq IS 'order in the file, 0 and up';
COMMENT ON COLUMN imported_part.kind IS 'head: up to the first paper; paper; other: a heading that is no paper, with what follows';
COMMENT ON COLUMN imported_part.arxiv_id IS 'the paper; NULL: no paper';
COMMENT ON COLUMN imported_part.version IS 'its version';
COMMENT ON COLUMN imported_part.data IS 'the bytes; decode(data) shows them as text';

COMMENT ON TABLE bundle IS 'A bundle that was ingested, or a post that was imported (then imported_post has a row, too)';
COMMENT ON COLUMN bundle.bundle_id IS 'SHA-256 of the canonical manifest; of an imported post: over path and file';
COMMENT ON COLUMN bundle.bundle_format IS 'version of the bundle format; 0 for an imported post';
COMMENT ON COLUMN bundle.created_utc IS 'when the bundle was packed; of an imported post: when it was imported';
COMMENT ON COLUMN bundle.window_start_utc IS 'start of the time window, included; the day in UTC for an imported post that names none';
COMMENT ON COLUMN bundle.window_basis IS 'which time the window applies to: announced, submitted or folder; imported for an imported post';
COMMENT ON COLUMN bundle.source_path IS 'where the bundle lay when it was ingested, or the post when it was imported';
COMMENT ON COLUMN bundle.ingested_utc IS 'when it was ingested or imported';
COMMENT ON COLUMN paper_version.metadata_source IS 'where the metadata comes from: papers.jsonl, pdf, none, or imported (from a post; such a paper counts as seen, nothing is made of it)';
COMMENT ON COLUMN paper_version.abstract IS 'abstract in English; empty when it could not be read, or the post has none';
COMMENT ON TABLE bundle_paper IS 'Which paper versions a bundle or an imported post holds';
COMMENT ON TABLE prompt IS 'A prompt version that was used; version imported stands for the unknown prompts behind imported texts';
COMMENT ON COLUMN prompt.prompt_version IS 'its version, e.g. v001; imported: of texts that were imported';
COMMENT ON COLUMN prompt.source IS 'the whole prompt file; empty for imported texts';
COMMENT ON TABLE model IS 'A model that made embeddings or texts; the one named imported stands for whatever wrote imported texts';
COMMENT ON TABLE attempt IS 'One whole text for one task of one paper version, accepted or not: made, or imported with a post (source_scope imported)';
COMMENT ON COLUMN attempt.sampling IS 'JSON: how tokens were chosen; {} for an imported text';
COMMENT ON COLUMN attempt.input_hash IS 'SHA-256 of what the text was made from; of an imported text: the bundle_id of its post';
COMMENT ON COLUMN attempt.source_scope IS 'abstract, selected_sections, all_sections, or imported: taken from an imported post';
COMMENT ON COLUMN attempt.text IS 'the text; of an imported one: as it stands in the post';
COMMENT ON COLUMN attempt.prompt_tokens IS 'tokens of all questions of the attempt; 0 for an imported text';
COMMENT ON COLUMN attempt.completion_tokens IS 'tokens of all answers of the attempt; 0 for an imported text';
COMMENT ON COLUMN attempt.seconds IS 'time taken in seconds; 0 for an imported text';
COMMENT ON COLUMN post.path IS 'file below the output folder; of a day that was imported and has papers of bundles too: the page of these';
