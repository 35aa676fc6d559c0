-- section: Reading
-- question: Which words of titles and abstracts are new or rising?
-- param days: in the last so many days; default 7
WITH paper AS (
    SELECT s.text_seq, a.post_date > (SELECT max(post_date) FROM bundle) - $days::INTEGER AS lately
    FROM search_text AS s
    JOIN paper_arrival AS a USING (arxiv_id, version)
    WHERE s.field IN ('title', 'abstract')
),
word AS (
    SELECT t.term, count(*) FILTER (p.lately) AS lately, count(*) FILTER (NOT p.lately) AS before
    FROM posting
    JOIN paper AS p USING (text_seq)
    JOIN term AS t USING (term_id)
    WHERE length(t.term) > 3
    GROUP BY t.term
    HAVING lately > 1
),
total AS (SELECT count(*) FILTER (lately) AS lately, count(*) FILTER (NOT lately) AS before FROM paper)
SELECT w.term, w.lately, w.before,
       round((w.lately / t.lately) / ((w.before + 1) / (t.before + 1)), 1) AS times_as_frequent
FROM word AS w, total AS t
ORDER BY w.lately * ln(times_as_frequent) DESC, w.term
LIMIT 30;
