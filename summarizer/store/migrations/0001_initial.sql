-- Tables point backward only. State is the presence of the next row: nothing here is updated or deleted.
-- Times are UTC, hashes are lower-case hex SHA-256.

CREATE TABLE bundle (
    bundle_id        VARCHAR PRIMARY KEY,      -- SHA-256 of the canonical manifest
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
    content_hash     VARCHAR NOT NULL,         -- of the normalised title and abstract
    pdf_sha256       VARCHAR,                  -- NULL: the paper came without a file
    pdf_bytes        BIGINT,
    created_utc      TIMESTAMP NOT NULL,
    PRIMARY KEY (arxiv_id, version)
);

CREATE TABLE bundle_paper (
    bundle_id VARCHAR NOT NULL,
    arxiv_id  VARCHAR NOT NULL,
    version   INTEGER NOT NULL,
    seq       INTEGER NOT NULL,                -- order in the bundle and on the page
    PRIMARY KEY (bundle_id, arxiv_id, version)
);

CREATE TABLE run (
    run_id       VARCHAR PRIMARY KEY,
    command      VARCHAR NOT NULL,
    code_version VARCHAR NOT NULL,
    config       VARCHAR NOT NULL,             -- JSON
    started_utc  TIMESTAMP NOT NULL
);

CREATE TABLE run_stage (
    run_id      VARCHAR NOT NULL,
    stage       VARCHAR NOT NULL,
    n_done      INTEGER NOT NULL,
    n_failed    INTEGER NOT NULL,
    seconds     DOUBLE NOT NULL,
    ended_utc   TIMESTAMP NOT NULL,
    PRIMARY KEY (run_id, stage)
);

CREATE TABLE run_end (
    run_id            VARCHAR PRIMARY KEY,
    exit_code         INTEGER NOT NULL,
    peak_memory_bytes BIGINT NOT NULL,
    ended_utc         TIMESTAMP NOT NULL
);

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

-- One row each time an item failed in a stage. Never deleted: item_failure shows those not healed since.
CREATE TABLE failure (
    failure_id   VARCHAR PRIMARY KEY,
    run_id       VARCHAR NOT NULL,
    stage        VARCHAR NOT NULL,
    arxiv_id     VARCHAR NOT NULL,
    version      INTEGER NOT NULL,
    task         VARCHAR,                      -- for stage generate
    category     VARCHAR NOT NULL,
    detail       VARCHAR NOT NULL,             -- one line, with the figures
    input_hash   VARCHAR,                      -- for stage ingest: SHA-256 of the PDF
    permanent    BOOLEAN NOT NULL,             -- false: the next run tries again
    prompt_hash  VARCHAR,                      -- for stage generate
    model_sha256 VARCHAR,                      -- for stages embed and generate
    created_utc  TIMESTAMP NOT NULL
);

CREATE TABLE model (
    model_sha256 VARCHAR PRIMARY KEY,
    name         VARCHAR NOT NULL,
    file_name    VARCHAR NOT NULL,
    n_bytes      BIGINT NOT NULL,
    description  VARCHAR NOT NULL,
    created_utc  TIMESTAMP NOT NULL
);

CREATE TABLE embedding (
    arxiv_id     VARCHAR NOT NULL,
    version      INTEGER NOT NULL,
    model_sha256 VARCHAR NOT NULL,
    input_hash   VARCHAR NOT NULL,
    vector       FLOAT[384] NOT NULL,          -- unit length
    run_id       VARCHAR NOT NULL,
    created_utc  TIMESTAMP NOT NULL,
    PRIMARY KEY (arxiv_id, version, model_sha256)
);

-- A paper version was compared with everything that came before it.
CREATE TABLE dedup_check (
    arxiv_id     VARCHAR NOT NULL,
    version      INTEGER NOT NULL,
    model_sha256 VARCHAR NOT NULL,
    n_compared   INTEGER NOT NULL,
    run_id       VARCHAR NOT NULL,
    created_utc  TIMESTAMP NOT NULL,
    PRIMARY KEY (arxiv_id, version, model_sha256)
);

CREATE TABLE duplicate_pair (
    arxiv_id       VARCHAR NOT NULL,           -- the later one
    version        INTEGER NOT NULL,
    other_arxiv_id VARCHAR NOT NULL,           -- the earlier one, which is kept
    other_version  INTEGER NOT NULL,
    kind           VARCHAR NOT NULL,           -- new_version | exact | near
    score          DOUBLE NOT NULL,
    reason         VARCHAR NOT NULL,
    created_utc    TIMESTAMP NOT NULL,
    PRIMARY KEY (arxiv_id, version, other_arxiv_id, other_version)
);

CREATE TABLE prompt (
    prompt_hash    VARCHAR PRIMARY KEY,
    task           VARCHAR NOT NULL,
    prompt_version VARCHAR NOT NULL,
    source         VARCHAR NOT NULL,           -- the whole prompt file
    created_utc    TIMESTAMP NOT NULL
);

-- One call of the model, keyed by everything that decided the answer. Kept as it finishes, so that a killed run
-- takes up its answers again.
CREATE TABLE completion (
    request_hash         VARCHAR PRIMARY KEY,
    arxiv_id             VARCHAR NOT NULL,
    version              INTEGER NOT NULL,
    prompt_hash          VARCHAR NOT NULL,
    model_sha256         VARCHAR NOT NULL,
    sampling             VARCHAR NOT NULL,     -- JSON
    messages             VARCHAR NOT NULL,     -- JSON: the whole question
    copy_terms           VARCHAR[],            -- what Latin letters and digits of the answer could copy; NULL: free
    text                 VARCHAR NOT NULL,
    finish_reason        VARCHAR NOT NULL,
    prompt_tokens        INTEGER NOT NULL,
    prompt_tokens_reused INTEGER NOT NULL,
    completion_tokens    INTEGER NOT NULL,
    seconds              DOUBLE NOT NULL,
    run_id               VARCHAR NOT NULL,
    created_utc          TIMESTAMP NOT NULL
);

CREATE TABLE attempt (
    attempt_id        VARCHAR PRIMARY KEY,
    arxiv_id          VARCHAR NOT NULL,
    version           INTEGER NOT NULL,
    task              VARCHAR NOT NULL,        -- translation | background | method | results
    attempt_no        INTEGER NOT NULL,
    prompt_hash       VARCHAR NOT NULL,
    model_sha256      VARCHAR NOT NULL,
    sampling          VARCHAR NOT NULL,        -- JSON
    input_hash        VARCHAR NOT NULL,
    source_scope      VARCHAR NOT NULL,        -- abstract | selected_sections | all_sections
    text              VARCHAR NOT NULL,
    finish_reason     VARCHAR NOT NULL,
    prompt_tokens     INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    seconds           DOUBLE NOT NULL,
    run_id            VARCHAR NOT NULL,
    created_utc       TIMESTAMP NOT NULL
);

-- The calls an attempt is put together from, with the source words of each.
CREATE TABLE attempt_piece (
    attempt_id   VARCHAR NOT NULL,
    seq          INTEGER NOT NULL,
    role         VARCHAR NOT NULL,             -- sentence | bullet | lead | answer
    source_text  VARCHAR NOT NULL,
    section_seq  INTEGER,                      -- NULL: the abstract
    request_hash VARCHAR NOT NULL,
    text         VARCHAR NOT NULL,             -- what went into the text
    PRIMARY KEY (attempt_id, seq)
);

-- Which sections an attempt read, and which the token budget left out.
CREATE TABLE attempt_section (
    attempt_id  VARCHAR NOT NULL,
    section_seq INTEGER NOT NULL,
    included    BOOLEAN NOT NULL,
    PRIMARY KEY (attempt_id, section_seq)
);

CREATE TABLE check_result (
    attempt_id VARCHAR NOT NULL,
    check_name VARCHAR NOT NULL,
    severity   VARCHAR NOT NULL,               -- hard | soft
    passed     BOOLEAN NOT NULL,
    reason     VARCHAR NOT NULL,
    PRIMARY KEY (attempt_id, check_name)
);

CREATE TABLE post (
    post_id      VARCHAR PRIMARY KEY,          -- SHA-256 of date and bytes
    post_date    DATE NOT NULL,
    path         VARCHAR NOT NULL,             -- below the output folder
    sha256       VARCHAR NOT NULL,
    n_fetched    INTEGER NOT NULL,
    n_shown      INTEGER NOT NULL,
    n_incomplete INTEGER NOT NULL,             -- shown papers with at least one text missing
    run_id       VARCHAR NOT NULL,
    created_utc  TIMESTAMP NOT NULL
);

CREATE TABLE post_text (
    post_id    VARCHAR NOT NULL,
    arxiv_id   VARCHAR NOT NULL,
    version    INTEGER NOT NULL,
    task       VARCHAR NOT NULL,
    attempt_id VARCHAR NOT NULL,
    PRIMARY KEY (post_id, arxiv_id, version, task)
);
