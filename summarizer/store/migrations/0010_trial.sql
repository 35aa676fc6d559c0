-- Prompt trials: texts made to compare prompt versions and drafts. Nothing of the daily work reads these tables.

CREATE TABLE trial_case (
    case_hash     VARCHAR PRIMARY KEY,
    case_id       VARCHAR NOT NULL,
    arxiv_id      VARCHAR NOT NULL,
    version       INTEGER NOT NULL,
    title         VARCHAR NOT NULL,
    abstract      VARCHAR NOT NULL,
    sections_hash VARCHAR,
    reference     VARCHAR,
    created_utc   TIMESTAMP NOT NULL
);
COMMENT ON TABLE trial_case IS 'One input that prompts are tried on, as it was when it was taken';
COMMENT ON COLUMN trial_case.case_hash IS 'SHA-256 of all that the case consists of';
COMMENT ON COLUMN trial_case.case_id IS 'name for people: the id in the case file, or the paper with its version';
COMMENT ON COLUMN trial_case.arxiv_id IS 'the paper';
COMMENT ON COLUMN trial_case.version IS 'its version';
COMMENT ON COLUMN trial_case.title IS 'title';
COMMENT ON COLUMN trial_case.abstract IS 'abstract in English';
COMMENT ON COLUMN trial_case.sections_hash IS 'SHA-256 of the paper''s sections; NULL: the case has none';
COMMENT ON COLUMN trial_case.reference IS 'a Chinese text to compare with; NULL: none';
COMMENT ON COLUMN trial_case.created_utc IS 'when the row was written';

CREATE TABLE trial_sample (
    sample_hash VARCHAR PRIMARY KEY,
    name        VARCHAR NOT NULL,
    source      VARCHAR NOT NULL CHECK (source IN ('store', 'file')),
    input       VARCHAR NOT NULL CHECK (input IN ('abstract', 'sections')),
    n_cases     INTEGER NOT NULL,
    created_utc TIMESTAMP NOT NULL
);
COMMENT ON TABLE trial_sample IS 'A frozen list of cases; a sample of the store is drawn once and keeps its name';
COMMENT ON COLUMN trial_sample.sample_hash IS 'SHA-256 of the cases in their order';
COMMENT ON COLUMN trial_sample.name IS 'name of the sample, or of the case file';
COMMENT ON COLUMN trial_sample.source IS 'store: drawn from the papers of this store; file: read from a case file';
COMMENT ON COLUMN trial_sample.input IS 'what its cases have: abstract (for translation) or sections (for the answers)';
COMMENT ON COLUMN trial_sample.n_cases IS 'number of cases';
COMMENT ON COLUMN trial_sample.created_utc IS 'when it was drawn or first read';

CREATE TABLE trial_sample_case (
    sample_hash VARCHAR NOT NULL,
    seq         INTEGER NOT NULL,
    case_hash   VARCHAR NOT NULL,
    PRIMARY KEY (sample_hash, seq)
);
COMMENT ON TABLE trial_sample_case IS 'The cases of a sample in their order; a trial of N cases takes the first N';
COMMENT ON COLUMN trial_sample_case.sample_hash IS 'the sample';
COMMENT ON COLUMN trial_sample_case.seq IS 'order, 0 and up';
COMMENT ON COLUMN trial_sample_case.case_hash IS 'the case';

CREATE TABLE trial (
    trial_id       VARCHAR PRIMARY KEY,
    task           VARCHAR NOT NULL,
    label          VARCHAR NOT NULL,
    prompt_version VARCHAR NOT NULL,
    prompt_hash    VARCHAR NOT NULL,
    prompt_source  VARCHAR NOT NULL,
    model_sha256   VARCHAR NOT NULL,
    model_name     VARCHAR NOT NULL,
    sampling       VARCHAR NOT NULL,
    max_attempts   INTEGER NOT NULL,
    sample_hash    VARCHAR NOT NULL,
    created_utc    TIMESTAMP NOT NULL
);
COMMENT ON TABLE trial IS 'One prompt with one sampling and one model, tried on one sample';
COMMENT ON COLUMN trial.trial_id IS 'SHA-256 of everything that decides its texts';
COMMENT ON COLUMN trial.task IS 'translation, background, method or results';
COMMENT ON COLUMN trial.label IS 'what the prompt was called: a version or the path of a draft, with the sampling that was changed';
COMMENT ON COLUMN trial.prompt_version IS 'version that the prompt file calls itself';
COMMENT ON COLUMN trial.prompt_hash IS 'SHA-256 of the prompt file';
COMMENT ON COLUMN trial.prompt_source IS 'the whole prompt file';
COMMENT ON COLUMN trial.model_sha256 IS 'the model';
COMMENT ON COLUMN trial.model_name IS 'its name';
COMMENT ON COLUMN trial.sampling IS 'JSON: how tokens are chosen at the first try';
COMMENT ON COLUMN trial.max_attempts IS 'attempts at a text, as in generate';
COMMENT ON COLUMN trial.sample_hash IS 'the sample';
COMMENT ON COLUMN trial.created_utc IS 'when it was first started';

CREATE TABLE trial_completion (
    request_hash         VARCHAR PRIMARY KEY,
    arxiv_id             VARCHAR NOT NULL,
    version              INTEGER NOT NULL,
    task                 VARCHAR NOT NULL,
    model_sha256         VARCHAR NOT NULL,
    sampling             VARCHAR NOT NULL,
    messages             VARCHAR NOT NULL,
    text                 VARCHAR NOT NULL,
    finish_reason        VARCHAR NOT NULL,
    prompt_tokens        INTEGER NOT NULL,
    prompt_tokens_reused INTEGER NOT NULL,
    completion_tokens    INTEGER NOT NULL,
    seconds              DOUBLE NOT NULL,
    created_utc          TIMESTAMP NOT NULL
);
COMMENT ON TABLE trial_completion IS 'One call of the model for a trial, kept as it finishes: what was answered once is never asked again';
COMMENT ON COLUMN trial_completion.request_hash IS 'SHA-256 of everything that decided the answer, as in completion';
COMMENT ON COLUMN trial_completion.arxiv_id IS 'the paper';
COMMENT ON COLUMN trial_completion.version IS 'its version';
COMMENT ON COLUMN trial_completion.task IS 'the task';
COMMENT ON COLUMN trial_completion.model_sha256 IS 'the model';
COMMENT ON COLUMN trial_completion.sampling IS 'JSON: how tokens were chosen';
COMMENT ON COLUMN trial_completion.messages IS 'JSON: the whole question';
COMMENT ON COLUMN trial_completion.text IS 'the answer';
COMMENT ON COLUMN trial_completion.finish_reason IS 'stop, length, loop or cancelled';
COMMENT ON COLUMN trial_completion.prompt_tokens IS 'tokens of the question';
COMMENT ON COLUMN trial_completion.prompt_tokens_reused IS 'of these, found already computed';
COMMENT ON COLUMN trial_completion.completion_tokens IS 'tokens of the answer';
COMMENT ON COLUMN trial_completion.seconds IS 'from admission to the end, in seconds; calls in one batch overlap';
COMMENT ON COLUMN trial_completion.created_utc IS 'when it was recorded';

CREATE TABLE trial_output (
    output_id            VARCHAR PRIMARY KEY,
    trial_id             VARCHAR NOT NULL,
    case_hash            VARCHAR NOT NULL,
    code_hash            VARCHAR NOT NULL,
    text                 VARCHAR NOT NULL,
    accepted             BOOLEAN NOT NULL,
    category             VARCHAR NOT NULL,
    finish_reason        VARCHAR NOT NULL,
    n_attempts           INTEGER NOT NULL,
    n_requests           INTEGER NOT NULL,
    prompt_tokens        INTEGER NOT NULL,
    prompt_tokens_reused INTEGER NOT NULL,
    completion_tokens    INTEGER NOT NULL,
    seconds              DOUBLE NOT NULL,
    n_hard_failed        INTEGER NOT NULL,
    n_soft_failed        INTEGER NOT NULL,
    n_numbers            INTEGER NOT NULL,
    n_numbers_missing    INTEGER NOT NULL,
    n_numbers_added      INTEGER NOT NULL,
    n_latin_residue      INTEGER NOT NULL,
    looped               BOOLEAN NOT NULL,
    n_chars              INTEGER NOT NULL,
    n_source_words       INTEGER NOT NULL,
    chrf                 DOUBLE,
    created_utc          TIMESTAMP NOT NULL
);
COMMENT ON TABLE trial_output IS 'The text of one case in a trial, with its figures; made anew when the code that makes or checks texts has changed';
COMMENT ON COLUMN trial_output.output_id IS 'SHA-256 of trial, case and code';
COMMENT ON COLUMN trial_output.trial_id IS 'the trial';
COMMENT ON COLUMN trial_output.case_hash IS 'the case';
COMMENT ON COLUMN trial_output.code_hash IS 'SHA-256 of the code that makes and checks texts';
COMMENT ON COLUMN trial_output.text IS 'the text of the last attempt, accepted or not; empty: no attempt could be made';
COMMENT ON COLUMN trial_output.accepted IS 'whether generate would have accepted it';
COMMENT ON COLUMN trial_output.category IS 'why it was not accepted, as in failure; empty when it was';
COMMENT ON COLUMN trial_output.finish_reason IS 'stop, length, loop or cancelled';
COMMENT ON COLUMN trial_output.n_attempts IS 'attempts made';
COMMENT ON COLUMN trial_output.n_requests IS 'calls of the model';
COMMENT ON COLUMN trial_output.prompt_tokens IS 'tokens of all questions';
COMMENT ON COLUMN trial_output.prompt_tokens_reused IS 'of these, found already computed';
COMMENT ON COLUMN trial_output.completion_tokens IS 'tokens of all answers';
COMMENT ON COLUMN trial_output.seconds IS 'seconds of all calls added up; calls in one batch overlap';
COMMENT ON COLUMN trial_output.n_hard_failed IS 'hard checks that the text fails';
COMMENT ON COLUMN trial_output.n_soft_failed IS 'soft checks that the text fails';
COMMENT ON COLUMN trial_output.n_numbers IS 'different numbers that the source writes in digits';
COMMENT ON COLUMN trial_output.n_numbers_missing IS 'of these, not in the text';
COMMENT ON COLUMN trial_output.n_numbers_added IS 'different numbers of the text that the source has not';
COMMENT ON COLUMN trial_output.n_latin_residue IS 'different English words of four or more lower-case letters in the text that are no names of the source';
COMMENT ON COLUMN trial_output.looped IS 'whether the model ran into a loop or the text repeats itself';
COMMENT ON COLUMN trial_output.n_chars IS 'Chinese length: Han characters, and each Latin word or number as one';
COMMENT ON COLUMN trial_output.n_source_words IS 'words of the source';
COMMENT ON COLUMN trial_output.chrf IS 'chrF of this text against its reference, 0 to 100; NULL: no reference';
COMMENT ON COLUMN trial_output.created_utc IS 'when it was recorded';

CREATE TABLE trial_piece (
    output_id    VARCHAR NOT NULL,
    seq          INTEGER NOT NULL,
    role         VARCHAR NOT NULL,
    source_text  VARCHAR NOT NULL,
    section_seq  INTEGER,
    request_hash VARCHAR NOT NULL,
    text         VARCHAR NOT NULL,
    used         BOOLEAN NOT NULL,
    reason       VARCHAR NOT NULL,
    PRIMARY KEY (output_id, seq)
);
COMMENT ON TABLE trial_piece IS 'The calls that the last attempt of a trial''s text is put together from';
COMMENT ON COLUMN trial_piece.output_id IS 'the text';
COMMENT ON COLUMN trial_piece.seq IS 'order in the text, 0 and up';
COMMENT ON COLUMN trial_piece.role IS 'sentence or bullet';
COMMENT ON COLUMN trial_piece.source_text IS 'the source words in English';
COMMENT ON COLUMN trial_piece.section_seq IS 'the section they stand in; NULL: the abstract';
COMMENT ON COLUMN trial_piece.request_hash IS 'the call, in trial_completion or completion';
COMMENT ON COLUMN trial_piece.text IS 'what went into the text, or would have';
COMMENT ON COLUMN trial_piece.used IS 'false: another try of the same source took its place, or it did not fit';
COMMENT ON COLUMN trial_piece.reason IS 'the hard checks it failed, one line; empty: none';

CREATE TABLE trial_check (
    output_id  VARCHAR NOT NULL,
    seq        INTEGER NOT NULL,
    check_name VARCHAR NOT NULL,
    severity   VARCHAR NOT NULL CHECK (severity IN ('hard', 'soft')),
    passed     BOOLEAN NOT NULL,
    reason     VARCHAR NOT NULL,
    PRIMARY KEY (output_id, seq)
);
COMMENT ON TABLE trial_check IS 'The checks of a trial''s text';
COMMENT ON COLUMN trial_check.output_id IS 'the text';
COMMENT ON COLUMN trial_check.seq IS 'order of the checks, 0 and up';
COMMENT ON COLUMN trial_check.check_name IS 'name of the check';
COMMENT ON COLUMN trial_check.severity IS 'hard or soft';
COMMENT ON COLUMN trial_check.passed IS 'whether the text passed';
COMMENT ON COLUMN trial_check.reason IS 'one line; empty when passed';
