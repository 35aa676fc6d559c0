CREATE OR REPLACE MACRO search_stem(word) AS
    CASE
        WHEN length(word) < 4 OR NOT regexp_full_match(word, '[a-z]+s') OR regexp_matches(word, '(ss|us|is)$') THEN word
        WHEN regexp_matches(word, '[^ae]ies$') THEN word[:-4] || 'y'
        ELSE word[:-2]
    END;

COMMENT ON MACRO search_stem IS 'An English word without the s of its plural: models and model are one word to search';
