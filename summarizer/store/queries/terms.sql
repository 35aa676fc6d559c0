-- section: Quality
-- question: Which terms are said in different ways?
-- note: Terms of the glossary in accepted translations. `by_glossary` counts its own word, `variants` what else it knows, `otherwise` texts with neither; `where_otherwise` names one.
-- param least: translations that have the term; default 2
SELECT
    u.term,
    arg_max(u.wanted, (a.created_utc, a.attempt_id)) AS wanted,
    count(*) AS n_texts,
    count(*) FILTER (u.used = u.wanted) AS by_glossary,
    string_agg(DISTINCT u.used, '、' ORDER BY u.used) FILTER (u.used <> u.wanted) AS variants,
    count(*) FILTER (u.used IS NULL) AS otherwise,
    max(s.arxiv_id || 'v' || s.version) FILTER (u.used IS NULL) AS where_otherwise
FROM term_use AS u
JOIN attempt AS a USING (attempt_id)
JOIN accepted_attempt AS s USING (attempt_id)
GROUP BY u.term
HAVING n_texts >= $least::INTEGER AND by_glossary < n_texts
ORDER BY otherwise DESC, n_texts DESC, u.term;
