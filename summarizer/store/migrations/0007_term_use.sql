-- How translations say the terms of the glossary.

CREATE TABLE term_use (
    attempt_id VARCHAR NOT NULL,
    term       VARCHAR NOT NULL,
    wanted     VARCHAR NOT NULL,
    used       VARCHAR,
    PRIMARY KEY (attempt_id, term)
);
COMMENT ON TABLE term_use IS 'A term of the glossary that stands in the source of a translation, and how the translation says it';
COMMENT ON COLUMN term_use.attempt_id IS 'the text';
COMMENT ON COLUMN term_use.term IS 'in English, as the glossary has it';
COMMENT ON COLUMN term_use.wanted IS 'the Chinese word of the glossary at that time';
COMMENT ON COLUMN term_use.used IS 'the Chinese that stands in the text: the wanted word or a variant that the glossary knows; NULL: neither';
