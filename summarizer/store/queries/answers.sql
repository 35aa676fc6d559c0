-- section: Provenance
-- question: Which answers was a sentence chosen from?
-- note: Tries and drawn candidates in the order they were asked for; `reason` names the hard checks that one failed.
-- param words: a part of the sentence; example 词错误率从 12.3% 降到 9.8%
SELECT x.seq, x.used, x.text, x.reason, c.sampling
FROM provenance AS p
JOIN attempt_piece AS x
    ON x.attempt_id = p.attempt_id AND x.source_text = p.source_text
JOIN completion AS c ON c.request_hash = x.request_hash
WHERE contains(p.text, $words)
ORDER BY p.created_utc DESC, p.attempt_id, x.seq;
