CREATE OR REPLACE MACRO search_words(text) AS
    list_transform(
        regexp_extract_all(regexp_replace(search_fold(text), '\p{Han}+', ' ', 'g'), '[\p{L}\p{N}]+'),
        lambda word: search_stem(word)
    );

COMMENT ON MACRO search_words IS 'The words of a text that are not Chinese, folded, in order, repeats kept';
