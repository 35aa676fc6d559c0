CREATE OR REPLACE MACRO search_runs(text) AS regexp_extract_all(search_fold(text), '\p{Han}+');

COMMENT ON MACRO search_runs IS 'The stretches of Chinese characters in a text, in order, repeats kept';
