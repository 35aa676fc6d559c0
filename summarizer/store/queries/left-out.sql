-- section: Provenance
-- question: What of the papers did the token budget leave out?
SELECT a.arxiv_id, a.version, a.task, s.heading, s.n_chars
FROM accepted_attempt AS x
JOIN attempt AS a USING (attempt_id)
JOIN attempt_section AS r USING (attempt_id)
JOIN section AS s ON s.arxiv_id = a.arxiv_id AND s.version = a.version AND s.seq = r.section_seq
WHERE NOT r.included
ORDER BY a.created_utc DESC, a.arxiv_id, a.version, a.task, s.seq
LIMIT 200;
