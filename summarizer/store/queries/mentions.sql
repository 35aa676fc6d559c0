-- section: Reading
-- question: Where do the full texts mention something?
-- note: Capital and small letters count: names of data sets and models are written one way. `place` is what stands around the first mention.
-- param words: as it is written in the papers; example VoiceBank
-- what stands around a mention is cut out of the hundred that are shown, not of all
WITH found AS (
    SELECT arxiv_id, version, seq, heading, page_first, kind, text
    FROM section
    WHERE contains(text, $words) AND kind NOT IN ('references', 'acknowledgement')
    ORDER BY arxiv_id DESC, version, seq
    LIMIT 100
)
SELECT f.arxiv_id, f.version, p.title, f.heading, f.page_first, f.kind,
       translate(
           substr(f.text, greatest(position($words IN f.text) - 80, 1), length($words) + 160), chr(10), ' '
       ) AS place
FROM found AS f
JOIN paper_version AS p USING (arxiv_id, version)
ORDER BY f.arxiv_id DESC, f.version, f.seq;
