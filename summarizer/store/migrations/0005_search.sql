-- The search index: derived from texts that lie elsewhere in the store, so it can always be made again.

CREATE TABLE search_text (
    text_seq    INTEGER PRIMARY KEY,
    arxiv_id    VARCHAR NOT NULL,
    version     INTEGER NOT NULL,
    field       VARCHAR NOT NULL,
    attempt_id  VARCHAR,
    n_words     INTEGER NOT NULL,
    created_utc TIMESTAMP NOT NULL
);
COMMENT ON TABLE search_text IS 'A text whose words are in the search index (posting); pending_search shows those still missing';
COMMENT ON COLUMN search_text.text_seq IS 'number of the text, 1 and up';
COMMENT ON COLUMN search_text.arxiv_id IS 'the paper';
COMMENT ON COLUMN search_text.version IS 'its version';
COMMENT ON COLUMN search_text.field IS 'title, authors or abstract; for a text of the model its task';
COMMENT ON COLUMN search_text.attempt_id IS 'the attempt whose text it is; NULL: title, authors or abstract';
COMMENT ON COLUMN search_text.n_words IS 'its length in words, repeats counted';
COMMENT ON COLUMN search_text.created_utc IS 'when the row was written';

CREATE TABLE term (
    term_id INTEGER NOT NULL,
    term    VARCHAR NOT NULL
);
COMMENT ON TABLE term IS 'The words of the search index, and every pair of neighbouring Chinese characters; each once';
COMMENT ON COLUMN term.term_id IS 'number of the term, 1 and up';
COMMENT ON COLUMN term.term IS 'a word as search_words() folds it, a Chinese word, or two Chinese characters that stand together';

CREATE TABLE posting (
    term_id  INTEGER NOT NULL,
    text_seq INTEGER NOT NULL,
    n        INTEGER NOT NULL,
    is_word  BOOLEAN NOT NULL
);
COMMENT ON TABLE posting IS 'Which term stands in which text; search() reads it';
COMMENT ON COLUMN posting.term_id IS 'the term';
COMMENT ON COLUMN posting.text_seq IS 'the text, see search_text';
COMMENT ON COLUMN posting.n IS 'how often it stands there';
COMMENT ON COLUMN posting.is_word IS 'false: only a pair of characters, which the segmenter did not take for a word here';
