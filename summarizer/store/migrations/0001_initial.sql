-- Tables point backward only. State is the presence of the next row: nothing here is updated or deleted.
-- Times are UTC, hashes are lower-case hex SHA-256. The comments are the text of docs/schema.md.

CREATE TABLE schema_migration (
    version     INTEGER PRIMARY KEY,
    name        VARCHAR NOT NULL,
    sql_hash    VARCHAR NOT NULL,
    applied_utc TIMESTAMP NOT NULL
);
COMMENT ON TABLE schema_migration IS 'The schema changes applied to this store, one row each';
COMMENT ON COLUMN schema_migration.version IS 'number of the migration file, 1 and up';
COMMENT ON COLUMN schema_migration.name IS 'name of the migration file without its ending';
COMMENT ON COLUMN schema_migration.sql_hash IS 'SHA-256 of the migration file';
COMMENT ON COLUMN schema_migration.applied_utc IS 'when it was applied';

CREATE TABLE view_set (
    seq         INTEGER PRIMARY KEY,
    views_hash  VARCHAR NOT NULL,
    applied_utc TIMESTAMP NOT NULL
);
COMMENT ON TABLE view_set IS 'Each time the views were (re)created; the highest seq is what the store has now';
COMMENT ON COLUMN view_set.seq IS '1 and up';
COMMENT ON COLUMN view_set.views_hash IS 'SHA-256 of all view files together';
COMMENT ON COLUMN view_set.applied_utc IS 'when they were created';

CREATE TABLE bundle (
    bundle_id        VARCHAR PRIMARY KEY,
    bundle_format    INTEGER NOT NULL,
    created_utc      TIMESTAMP NOT NULL,
    post_date        DATE NOT NULL,
    window_start_utc TIMESTAMP NOT NULL,
    window_end_utc   TIMESTAMP NOT NULL,
    window_anchor    VARCHAR NOT NULL,
    window_basis     VARCHAR NOT NULL,
    categories       VARCHAR[] NOT NULL,
    n_fetched        INTEGER NOT NULL,
    source_path      VARCHAR NOT NULL,
    ingested_utc     TIMESTAMP NOT NULL
);
COMMENT ON TABLE bundle IS 'A bundle that was ingested';
COMMENT ON COLUMN bundle.bundle_id IS 'SHA-256 of the canonical manifest';
COMMENT ON COLUMN bundle.bundle_format IS 'version of the bundle format';
COMMENT ON COLUMN bundle.created_utc IS 'when the bundle was packed';
COMMENT ON COLUMN bundle.post_date IS 'the day whose post these papers belong to';
COMMENT ON COLUMN bundle.window_start_utc IS 'start of the time window, included';
COMMENT ON COLUMN bundle.window_end_utc IS 'end of the time window, excluded';
COMMENT ON COLUMN bundle.window_anchor IS 'local time of day the window is anchored at, e.g. 08:50 Asia/Shanghai';
COMMENT ON COLUMN bundle.window_basis IS 'which time the window applies to: announced, submitted or folder';
COMMENT ON COLUMN bundle.categories IS 'arXiv categories that were collected';
COMMENT ON COLUMN bundle.n_fetched IS 'number of papers fetched for the window, before anything is left out';
COMMENT ON COLUMN bundle.source_path IS 'where the bundle lay when it was ingested';
COMMENT ON COLUMN bundle.ingested_utc IS 'when it was ingested';

CREATE TABLE paper_version (
    arxiv_id         VARCHAR NOT NULL,
    version          INTEGER NOT NULL,
    title            VARCHAR NOT NULL,
    authors          VARCHAR[] NOT NULL,
    categories       VARCHAR[] NOT NULL,
    primary_category VARCHAR NOT NULL,
    submitted_utc    TIMESTAMP,
    updated_utc      TIMESTAMP,
    abstract         VARCHAR NOT NULL,
    comment          VARCHAR,
    links            VARCHAR[] NOT NULL,
    metadata_source  VARCHAR NOT NULL,
    source_file      VARCHAR,
    content_hash     VARCHAR NOT NULL,
    pdf_sha256       VARCHAR,
    pdf_bytes        BIGINT,
    created_utc      TIMESTAMP NOT NULL,
    PRIMARY KEY (arxiv_id, version)
);
COMMENT ON TABLE paper_version IS 'One version of one paper with its metadata, as first delivered';
COMMENT ON COLUMN paper_version.arxiv_id IS 'arXiv id without version; local.<12 hex> for a file that carries none';
COMMENT ON COLUMN paper_version.version IS 'version, 1 and up';
COMMENT ON COLUMN paper_version.title IS 'title';
COMMENT ON COLUMN paper_version.authors IS 'authors in order';
COMMENT ON COLUMN paper_version.categories IS 'arXiv categories';
COMMENT ON COLUMN paper_version.primary_category IS 'primary arXiv category; empty when unknown';
COMMENT ON COLUMN paper_version.submitted_utc IS 'when version 1 was submitted; NULL when unknown';
COMMENT ON COLUMN paper_version.updated_utc IS 'when this version was submitted; NULL when unknown';
COMMENT ON COLUMN paper_version.abstract IS 'abstract in English; empty when it could not be read';
COMMENT ON COLUMN paper_version.comment IS 'the authors'' comment';
COMMENT ON COLUMN paper_version.links IS 'links of the record';
COMMENT ON COLUMN paper_version.metadata_source IS 'where the metadata comes from: papers.jsonl, pdf or none';
COMMENT ON COLUMN paper_version.source_file IS 'name of the file when it was packed';
COMMENT ON COLUMN paper_version.content_hash IS 'SHA-256 of the normalised title and abstract';
COMMENT ON COLUMN paper_version.pdf_sha256 IS 'SHA-256 of the PDF first delivered; NULL: it came without a file';
COMMENT ON COLUMN paper_version.pdf_bytes IS 'size of that PDF in bytes';
COMMENT ON COLUMN paper_version.created_utc IS 'when the row was written';

CREATE TABLE bundle_paper (
    bundle_id  VARCHAR NOT NULL,
    arxiv_id   VARCHAR NOT NULL,
    version    INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    pdf_sha256 VARCHAR,
    PRIMARY KEY (bundle_id, arxiv_id, version)
);
COMMENT ON TABLE bundle_paper IS 'Which paper versions a bundle holds';
COMMENT ON COLUMN bundle_paper.bundle_id IS 'the bundle';
COMMENT ON COLUMN bundle_paper.arxiv_id IS 'the paper';
COMMENT ON COLUMN bundle_paper.version IS 'its version';
COMMENT ON COLUMN bundle_paper.seq IS 'order in the bundle and on the page, 0 and up';
COMMENT ON COLUMN bundle_paper.pdf_sha256 IS 'SHA-256 of the PDF in this bundle; NULL: it came without a file';

CREATE TABLE run (
    run_id       VARCHAR PRIMARY KEY,
    command      VARCHAR NOT NULL,
    code_version VARCHAR NOT NULL,
    config       VARCHAR NOT NULL,
    started_utc  TIMESTAMP NOT NULL
);
COMMENT ON TABLE run IS 'One start of a command that writes';
COMMENT ON COLUMN run.run_id IS 'id of the run';
COMMENT ON COLUMN run.command IS 'the command, e.g. run or ingest';
COMMENT ON COLUMN run.code_version IS 'version of the program';
COMMENT ON COLUMN run.config IS 'JSON: the settings in force';
COMMENT ON COLUMN run.started_utc IS 'when it started';

CREATE TABLE run_stage (
    run_id    VARCHAR NOT NULL,
    stage     VARCHAR NOT NULL,
    seq       INTEGER NOT NULL,
    n_done    INTEGER NOT NULL,
    n_failed  INTEGER NOT NULL,
    seconds   DOUBLE NOT NULL,
    ended_utc TIMESTAMP NOT NULL,
    PRIMARY KEY (run_id, stage, seq)
);
COMMENT ON TABLE run_stage IS 'What a run did in one pass of a stage; no row: the pass did not end';
COMMENT ON COLUMN run_stage.run_id IS 'the run';
COMMENT ON COLUMN run_stage.stage IS 'ingest, embed, dedup, generate or publish';
COMMENT ON COLUMN run_stage.seq IS 'number of the pass in this run, 0 and up; a run of several bundles has several';
COMMENT ON COLUMN run_stage.n_done IS 'items done';
COMMENT ON COLUMN run_stage.n_failed IS 'items failed';
COMMENT ON COLUMN run_stage.seconds IS 'wall time in seconds';
COMMENT ON COLUMN run_stage.ended_utc IS 'when the pass ended';

CREATE TABLE run_end (
    run_id            VARCHAR PRIMARY KEY,
    exit_code         INTEGER NOT NULL,
    peak_memory_bytes BIGINT NOT NULL,
    ended_utc         TIMESTAMP NOT NULL
);
COMMENT ON TABLE run_end IS 'How a run ended; no row: it is still running or was killed';
COMMENT ON COLUMN run_end.run_id IS 'the run';
COMMENT ON COLUMN run_end.exit_code IS 'exit code of the command';
COMMENT ON COLUMN run_end.peak_memory_bytes IS 'largest resident memory in bytes';
COMMENT ON COLUMN run_end.ended_utc IS 'when it ended';

CREATE TABLE document (
    arxiv_id          VARCHAR NOT NULL,
    version           INTEGER NOT NULL,
    n_pages           INTEGER NOT NULL,
    n_chars           INTEGER NOT NULL,
    extractor         VARCHAR NOT NULL,
    extractor_version VARCHAR NOT NULL,
    seconds           DOUBLE NOT NULL,
    run_id            VARCHAR NOT NULL,
    created_utc       TIMESTAMP NOT NULL,
    PRIMARY KEY (arxiv_id, version)
);
COMMENT ON TABLE document IS 'The text of one paper version was read from its PDF';
COMMENT ON COLUMN document.arxiv_id IS 'the paper';
COMMENT ON COLUMN document.version IS 'its version';
COMMENT ON COLUMN document.n_pages IS 'pages of the PDF';
COMMENT ON COLUMN document.n_chars IS 'characters of text read';
COMMENT ON COLUMN document.extractor IS 'which reader read it';
COMMENT ON COLUMN document.extractor_version IS 'its version';
COMMENT ON COLUMN document.seconds IS 'time taken in seconds';
COMMENT ON COLUMN document.run_id IS 'the run';
COMMENT ON COLUMN document.created_utc IS 'when the row was written';

CREATE TABLE section (
    arxiv_id   VARCHAR NOT NULL,
    version    INTEGER NOT NULL,
    seq        INTEGER NOT NULL,
    heading    VARCHAR NOT NULL,
    level      INTEGER NOT NULL,
    kind       VARCHAR NOT NULL,
    page_first INTEGER NOT NULL,
    page_last  INTEGER NOT NULL,
    text       VARCHAR NOT NULL,
    n_chars    INTEGER NOT NULL,
    PRIMARY KEY (arxiv_id, version, seq)
);
COMMENT ON TABLE section IS 'A part of a paper''s text, in reading order';
COMMENT ON COLUMN section.arxiv_id IS 'the paper';
COMMENT ON COLUMN section.version IS 'its version';
COMMENT ON COLUMN section.seq IS 'order in the paper, 0 and up';
COMMENT ON COLUMN section.heading IS 'heading as printed, with its number; empty before the first heading';
COMMENT ON COLUMN section.level IS 'depth of the heading, 1 is the top';
COMMENT ON COLUMN section.kind IS 'abstract, introduction, related_work, method, experiments, results, discussion, conclusion, acknowledgement, references, appendix or other';
COMMENT ON COLUMN section.page_first IS 'first page, 1 and up';
COMMENT ON COLUMN section.page_last IS 'last page';
COMMENT ON COLUMN section.text IS 'paragraphs joined by a blank line';
COMMENT ON COLUMN section.n_chars IS 'characters of text';

CREATE TABLE failure (
    failure_id   VARCHAR PRIMARY KEY,
    run_id       VARCHAR NOT NULL,
    stage        VARCHAR NOT NULL,
    arxiv_id     VARCHAR NOT NULL,
    version      INTEGER NOT NULL,
    task         VARCHAR,
    category     VARCHAR NOT NULL,
    detail       VARCHAR NOT NULL,
    input_hash   VARCHAR,
    permanent    BOOLEAN NOT NULL,
    prompt_hash  VARCHAR,
    model_sha256 VARCHAR,
    created_utc  TIMESTAMP NOT NULL
);
COMMENT ON TABLE failure IS 'One row each time an item failed in a stage; never deleted, item_failure shows those not healed since';
COMMENT ON COLUMN failure.failure_id IS 'SHA-256 of the row';
COMMENT ON COLUMN failure.run_id IS 'the run';
COMMENT ON COLUMN failure.stage IS 'the stage';
COMMENT ON COLUMN failure.arxiv_id IS 'the paper';
COMMENT ON COLUMN failure.version IS 'its version';
COMMENT ON COLUMN failure.task IS 'the task, for stage generate';
COMMENT ON COLUMN failure.category IS 'short name of the reason';
COMMENT ON COLUMN failure.detail IS 'one line with the figures';
COMMENT ON COLUMN failure.input_hash IS 'for stage ingest: SHA-256 of the PDF';
COMMENT ON COLUMN failure.permanent IS 'whether the same input fails again; false: the next run tries again';
COMMENT ON COLUMN failure.prompt_hash IS 'the prompt, for stage generate';
COMMENT ON COLUMN failure.model_sha256 IS 'the model, for stages embed, dedup and generate';
COMMENT ON COLUMN failure.created_utc IS 'when it failed';

CREATE TABLE model (
    model_sha256 VARCHAR PRIMARY KEY,
    name         VARCHAR NOT NULL,
    file_name    VARCHAR NOT NULL,
    n_bytes      BIGINT NOT NULL,
    description  VARCHAR NOT NULL,
    created_utc  TIMESTAMP NOT NULL
);
COMMENT ON TABLE model IS 'A model file that made embeddings or texts';
COMMENT ON COLUMN model.model_sha256 IS 'SHA-256 of the model file';
COMMENT ON COLUMN model.name IS 'name in the registry, or the stem of the file';
COMMENT ON COLUMN model.file_name IS 'name of the file';
COMMENT ON COLUMN model.n_bytes IS 'size in bytes';
COMMENT ON COLUMN model.description IS 'what the model is';
COMMENT ON COLUMN model.created_utc IS 'when it was first used';

CREATE TABLE embedding (
    arxiv_id     VARCHAR NOT NULL,
    version      INTEGER NOT NULL,
    model_sha256 VARCHAR NOT NULL,
    input_hash   VARCHAR NOT NULL,
    vector       FLOAT[384] NOT NULL,
    run_id       VARCHAR NOT NULL,
    created_utc  TIMESTAMP NOT NULL,
    PRIMARY KEY (arxiv_id, version, model_sha256)
);
COMMENT ON TABLE embedding IS 'The embedding of one paper version under one model';
COMMENT ON COLUMN embedding.arxiv_id IS 'the paper';
COMMENT ON COLUMN embedding.version IS 'its version';
COMMENT ON COLUMN embedding.model_sha256 IS 'the embedding model';
COMMENT ON COLUMN embedding.input_hash IS 'SHA-256 of the text that was embedded';
COMMENT ON COLUMN embedding.vector IS 'the embedding, of unit length';
COMMENT ON COLUMN embedding.run_id IS 'the run';
COMMENT ON COLUMN embedding.created_utc IS 'when the row was written';

CREATE TABLE dedup_check (
    arxiv_id     VARCHAR NOT NULL,
    version      INTEGER NOT NULL,
    model_sha256 VARCHAR NOT NULL,
    n_compared   INTEGER NOT NULL,
    run_id       VARCHAR NOT NULL,
    created_utc  TIMESTAMP NOT NULL,
    PRIMARY KEY (arxiv_id, version, model_sha256)
);
COMMENT ON TABLE dedup_check IS 'A paper version was compared with everything that came before it';
COMMENT ON COLUMN dedup_check.arxiv_id IS 'the paper';
COMMENT ON COLUMN dedup_check.version IS 'its version';
COMMENT ON COLUMN dedup_check.model_sha256 IS 'the embedding model';
COMMENT ON COLUMN dedup_check.n_compared IS 'number of earlier paper versions it was compared with';
COMMENT ON COLUMN dedup_check.run_id IS 'the run';
COMMENT ON COLUMN dedup_check.created_utc IS 'when the row was written';

CREATE TABLE duplicate_pair (
    arxiv_id       VARCHAR NOT NULL,
    version        INTEGER NOT NULL,
    other_arxiv_id VARCHAR NOT NULL,
    other_version  INTEGER NOT NULL,
    kind           VARCHAR NOT NULL CHECK (kind IN ('new_version', 'exact', 'near')),
    score          DOUBLE NOT NULL,
    reason         VARCHAR NOT NULL,
    model_sha256   VARCHAR NOT NULL,
    run_id         VARCHAR NOT NULL,
    created_utc    TIMESTAMP NOT NULL,
    PRIMARY KEY (arxiv_id, version, other_arxiv_id, other_version, model_sha256)
);
COMMENT ON TABLE duplicate_pair IS 'A paper version repeats an earlier one';
COMMENT ON COLUMN duplicate_pair.arxiv_id IS 'the later paper';
COMMENT ON COLUMN duplicate_pair.version IS 'its version';
COMMENT ON COLUMN duplicate_pair.other_arxiv_id IS 'the earlier paper, which is kept';
COMMENT ON COLUMN duplicate_pair.other_version IS 'its version';
COMMENT ON COLUMN duplicate_pair.kind IS 'new_version, exact or near; a paper of kind exact or near is not summarised';
COMMENT ON COLUMN duplicate_pair.score IS 'cosine of the two embeddings, 1 for exact';
COMMENT ON COLUMN duplicate_pair.reason IS 'what decided it, one line';
COMMENT ON COLUMN duplicate_pair.model_sha256 IS 'the embedding model';
COMMENT ON COLUMN duplicate_pair.run_id IS 'the run';
COMMENT ON COLUMN duplicate_pair.created_utc IS 'when the row was written';

CREATE TABLE prompt (
    prompt_hash    VARCHAR PRIMARY KEY,
    task           VARCHAR NOT NULL,
    prompt_version VARCHAR NOT NULL,
    source         VARCHAR NOT NULL,
    created_utc    TIMESTAMP NOT NULL
);
COMMENT ON TABLE prompt IS 'A prompt version that was used';
COMMENT ON COLUMN prompt.prompt_hash IS 'SHA-256 that identifies the prompt version';
COMMENT ON COLUMN prompt.task IS 'the task it is for';
COMMENT ON COLUMN prompt.prompt_version IS 'its version, e.g. v001';
COMMENT ON COLUMN prompt.source IS 'the whole prompt file';
COMMENT ON COLUMN prompt.created_utc IS 'when it was first used';

CREATE TABLE completion (
    request_hash         VARCHAR PRIMARY KEY,
    arxiv_id             VARCHAR NOT NULL,
    version              INTEGER NOT NULL,
    prompt_hash          VARCHAR NOT NULL,
    model_sha256         VARCHAR NOT NULL,
    sampling             VARCHAR NOT NULL,
    messages             VARCHAR NOT NULL,
    copy_terms           VARCHAR[],
    text                 VARCHAR NOT NULL,
    finish_reason        VARCHAR NOT NULL,
    prompt_tokens        INTEGER NOT NULL,
    prompt_tokens_reused INTEGER NOT NULL,
    completion_tokens    INTEGER NOT NULL,
    seconds              DOUBLE NOT NULL,
    run_id               VARCHAR NOT NULL,
    created_utc          TIMESTAMP NOT NULL
);
COMMENT ON TABLE completion IS 'One call of the model, keyed by everything that decided the answer; kept as it finishes, so that a killed run takes its answers up again';
COMMENT ON COLUMN completion.request_hash IS 'SHA-256 of everything that decided the answer';
COMMENT ON COLUMN completion.arxiv_id IS 'the paper';
COMMENT ON COLUMN completion.version IS 'its version';
COMMENT ON COLUMN completion.prompt_hash IS 'the prompt version';
COMMENT ON COLUMN completion.model_sha256 IS 'the model';
COMMENT ON COLUMN completion.sampling IS 'JSON: how tokens were chosen';
COMMENT ON COLUMN completion.messages IS 'JSON: the whole question';
COMMENT ON COLUMN completion.copy_terms IS 'what Latin letters and digits of the answer could copy; NULL: free';
COMMENT ON COLUMN completion.text IS 'the answer';
COMMENT ON COLUMN completion.finish_reason IS 'stop, length, loop or cancelled';
COMMENT ON COLUMN completion.prompt_tokens IS 'tokens of the question';
COMMENT ON COLUMN completion.prompt_tokens_reused IS 'of these, found already computed';
COMMENT ON COLUMN completion.completion_tokens IS 'tokens of the answer';
COMMENT ON COLUMN completion.seconds IS 'from admission to the end, in seconds; calls in one batch overlap';
COMMENT ON COLUMN completion.run_id IS 'the run';
COMMENT ON COLUMN completion.created_utc IS 'when it finished';

CREATE TABLE attempt (
    attempt_id        VARCHAR PRIMARY KEY,
    arxiv_id          VARCHAR NOT NULL,
    version           INTEGER NOT NULL,
    task              VARCHAR NOT NULL,
    attempt_no        INTEGER NOT NULL,
    prompt_hash       VARCHAR NOT NULL,
    model_sha256      VARCHAR NOT NULL,
    sampling          VARCHAR NOT NULL,
    input_hash        VARCHAR NOT NULL,
    source_scope      VARCHAR NOT NULL,
    text              VARCHAR NOT NULL,
    finish_reason     VARCHAR NOT NULL,
    prompt_tokens     INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    seconds           DOUBLE NOT NULL,
    run_id            VARCHAR NOT NULL,
    created_utc       TIMESTAMP NOT NULL
);
COMMENT ON TABLE attempt IS 'One whole text for one task of one paper version, accepted or not';
COMMENT ON COLUMN attempt.attempt_id IS 'id of the attempt';
COMMENT ON COLUMN attempt.arxiv_id IS 'the paper';
COMMENT ON COLUMN attempt.version IS 'its version';
COMMENT ON COLUMN attempt.task IS 'translation, background, method or results';
COMMENT ON COLUMN attempt.attempt_no IS '1 and up for one paper version, task, prompt and model';
COMMENT ON COLUMN attempt.prompt_hash IS 'the prompt version';
COMMENT ON COLUMN attempt.model_sha256 IS 'the model';
COMMENT ON COLUMN attempt.sampling IS 'JSON: how tokens were chosen';
COMMENT ON COLUMN attempt.input_hash IS 'SHA-256 of what the text was made from';
COMMENT ON COLUMN attempt.source_scope IS 'abstract, selected_sections or all_sections';
COMMENT ON COLUMN attempt.text IS 'the text';
COMMENT ON COLUMN attempt.finish_reason IS 'stop, length, loop or cancelled; only stop can be accepted';
COMMENT ON COLUMN attempt.prompt_tokens IS 'tokens of all questions of the attempt';
COMMENT ON COLUMN attempt.completion_tokens IS 'tokens of all answers of the attempt';
COMMENT ON COLUMN attempt.seconds IS 'time taken in seconds';
COMMENT ON COLUMN attempt.run_id IS 'the run';
COMMENT ON COLUMN attempt.created_utc IS 'when the row was written';

CREATE TABLE attempt_piece (
    attempt_id   VARCHAR NOT NULL,
    seq          INTEGER NOT NULL,
    role         VARCHAR NOT NULL,
    source_text  VARCHAR NOT NULL,
    section_seq  INTEGER,
    request_hash VARCHAR NOT NULL,
    text         VARCHAR NOT NULL,
    used         BOOLEAN NOT NULL,
    reason       VARCHAR NOT NULL,
    PRIMARY KEY (attempt_id, seq)
);
COMMENT ON TABLE attempt_piece IS 'The calls an attempt is put together from, with the source words of each';
COMMENT ON COLUMN attempt_piece.attempt_id IS 'the attempt';
COMMENT ON COLUMN attempt_piece.seq IS 'order in the text, 0 and up';
COMMENT ON COLUMN attempt_piece.role IS 'sentence or bullet';
COMMENT ON COLUMN attempt_piece.source_text IS 'the source words in English';
COMMENT ON COLUMN attempt_piece.section_seq IS 'the section they stand in; NULL: the abstract';
COMMENT ON COLUMN attempt_piece.request_hash IS 'the completion';
COMMENT ON COLUMN attempt_piece.text IS 'what went into the text, or would have';
COMMENT ON COLUMN attempt_piece.used IS 'false: another try of the same source took its place, or it did not fit';
COMMENT ON COLUMN attempt_piece.reason IS 'the hard checks it failed, one line; empty: none';

CREATE TABLE attempt_section (
    attempt_id  VARCHAR NOT NULL,
    section_seq INTEGER NOT NULL,
    included    BOOLEAN NOT NULL,
    PRIMARY KEY (attempt_id, section_seq)
);
COMMENT ON TABLE attempt_section IS 'Which sections an attempt read, and which the token budget left out';
COMMENT ON COLUMN attempt_section.attempt_id IS 'the attempt';
COMMENT ON COLUMN attempt_section.section_seq IS 'the section';
COMMENT ON COLUMN attempt_section.included IS 'true: read; false: left out';

CREATE TABLE check_result (
    attempt_id VARCHAR NOT NULL,
    seq        INTEGER NOT NULL,
    check_name VARCHAR NOT NULL,
    severity   VARCHAR NOT NULL CHECK (severity IN ('hard', 'soft')),
    passed     BOOLEAN NOT NULL,
    reason     VARCHAR NOT NULL,
    PRIMARY KEY (attempt_id, seq)
);
COMMENT ON TABLE check_result IS 'The checks of an attempt';
COMMENT ON COLUMN check_result.attempt_id IS 'the attempt';
COMMENT ON COLUMN check_result.seq IS 'order of the checks, 0 and up';
COMMENT ON COLUMN check_result.check_name IS 'name of the check';
COMMENT ON COLUMN check_result.severity IS 'hard: a failed one keeps the text from being accepted; soft: noted only';
COMMENT ON COLUMN check_result.passed IS 'whether the text passed';
COMMENT ON COLUMN check_result.reason IS 'one line; empty when passed';

CREATE TABLE post (
    post_id      VARCHAR PRIMARY KEY,
    post_date    DATE NOT NULL,
    revision     INTEGER NOT NULL,
    path         VARCHAR NOT NULL,
    sha256       VARCHAR NOT NULL,
    state_hash   VARCHAR NOT NULL,
    n_fetched    INTEGER NOT NULL,
    n_shown      INTEGER NOT NULL,
    n_incomplete INTEGER NOT NULL,
    run_id       VARCHAR NOT NULL,
    created_utc  TIMESTAMP NOT NULL
);
COMMENT ON TABLE post IS 'A published daily post; a changed day is a new row with the next revision';
COMMENT ON COLUMN post.post_id IS 'SHA-256 of date, revision, bytes and state';
COMMENT ON COLUMN post.post_date IS 'day of the post';
COMMENT ON COLUMN post.revision IS '1 and up for one day; the highest is the current one';
COMMENT ON COLUMN post.path IS 'file below the output folder';
COMMENT ON COLUMN post.sha256 IS 'SHA-256 of the file';
COMMENT ON COLUMN post.state_hash IS 'post_state.state_hash at the time of writing; empty when the store had moved on meanwhile';
COMMENT ON COLUMN post.n_fetched IS 'papers fetched';
COMMENT ON COLUMN post.n_shown IS 'papers shown';
COMMENT ON COLUMN post.n_incomplete IS 'shown papers with at least one text missing';
COMMENT ON COLUMN post.run_id IS 'the run';
COMMENT ON COLUMN post.created_utc IS 'when it was written';

CREATE TABLE post_text (
    post_id    VARCHAR NOT NULL,
    arxiv_id   VARCHAR NOT NULL,
    version    INTEGER NOT NULL,
    task       VARCHAR NOT NULL,
    attempt_id VARCHAR NOT NULL,
    PRIMARY KEY (post_id, arxiv_id, version, task)
);
COMMENT ON TABLE post_text IS 'The texts that stand in a post';
COMMENT ON COLUMN post_text.post_id IS 'the post';
COMMENT ON COLUMN post_text.arxiv_id IS 'the paper';
COMMENT ON COLUMN post_text.version IS 'its version';
COMMENT ON COLUMN post_text.task IS 'the task';
COMMENT ON COLUMN post_text.attempt_id IS 'the attempt whose text is shown';
