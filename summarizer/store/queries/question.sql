-- section: Provenance
-- question: The whole question that was put to the model for a sentence
-- param words: a part of the sentence; example 词错误率从 12.3% 降到 9.8%
SELECT c.messages, c.copy_terms, c.text AS answer
FROM provenance AS p
JOIN completion AS c USING (request_hash)
WHERE contains(p.text, $words)
ORDER BY p.arxiv_id DESC, p.version DESC, p.task, p.created_utc DESC, p.attempt_id, p.piece_seq;
