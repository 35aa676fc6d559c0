-- section: Reading
-- question: Which numbers do the results claim, on one data set or measure?
-- param name: data set or measure, in either language; example VoiceBank
SELECT p.arxiv_id, p.version, p.title,
       regexp_extract_all(x.text, '[0-9]+(?:\.[0-9]+)?\s*(?:%|dB|ms|[a-zA-Z]{1,4}\b)?') AS numbers, x.text, x.source_text
FROM accepted_attempt AS a
JOIN attempt_piece AS x USING (attempt_id)
JOIN paper_version AS p USING (arxiv_id, version)
WHERE a.task = 'results' AND x.used AND regexp_matches(x.text, '[0-9]')
  AND (contains(lower(x.text), lower($name)) OR contains(lower(x.source_text), lower($name)))
ORDER BY p.arxiv_id DESC, p.version DESC, x.seq
LIMIT 100;
