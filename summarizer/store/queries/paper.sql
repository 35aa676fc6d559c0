-- section: Reading
-- question: The Chinese texts of one paper
-- param id: arXiv id without version; example 2602.00001
SELECT p.arxiv_id, p.version, p.title, s.task, s.text
FROM accepted_summary AS s
JOIN paper_version AS p USING (arxiv_id, version)
JOIN task AS t USING (task)
WHERE s.arxiv_id = $id
ORDER BY p.version DESC, t.seq;
