-- section: Reading
-- question: Where do the full texts mention something?
-- note: Capital and small letters count: names of data sets and models are written one way. `place` is what stands around the first mention.
-- param words: as it is written in the papers; example VoiceBank
SELECT s.arxiv_id, s.version, p.title, s.heading, s.page_first, s.kind,
       translate(
           substr(s.text, greatest(position($words IN s.text) - 80, 1), length($words) + 160), chr(10), ' '
       ) AS place
FROM section AS s
JOIN paper_version AS p USING (arxiv_id, version)
WHERE contains(s.text, $words) AND s.kind NOT IN ('references', 'acknowledgement')
ORDER BY s.arxiv_id DESC, s.version, s.seq
LIMIT 100;
