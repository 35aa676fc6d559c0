ALTER TABLE section ADD COLUMN n_tokens INTEGER;
COMMENT ON COLUMN section.n_tokens IS 'tokens of the text by the vocabulary of document.tokenizer_sha256; NULL: not counted';
ALTER TABLE document ADD COLUMN tokenizer_sha256 VARCHAR;
COMMENT ON COLUMN document.tokenizer_sha256 IS 'the language model whose vocabulary counted section.n_tokens; NULL: its file was not there';
