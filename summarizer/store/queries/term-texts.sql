-- section: Quality
-- question: In which texts is a term not said as the glossary says it?
-- param term: in English; example speech enhancement
SELECT s.arxiv_id, s.version, u.wanted, u.used, p.source_text, p.text
FROM term_use AS u
JOIN accepted_attempt AS s USING (attempt_id)
JOIN attempt_piece AS p USING (attempt_id)
WHERE u.term = $term AND u.used IS DISTINCT FROM u.wanted AND p.used AND contains(lower(p.source_text), lower(u.term))
ORDER BY s.arxiv_id, s.version, u.attempt_id, p.seq;
