CREATE OR REPLACE MACRO search(words, all_words := false) AS TABLE
-- A Chinese query is taken apart here, where there is no segmenter: into the longest words that the index knows, and
-- what no known word covers. A piece is found where all its pairs of characters stand in one text, so that a word is
-- found whatever the segmenter made of the sentence around it.
WITH asked AS (
    SELECT unnest(list_distinct(search_words(words))) AS word
),
run AS (
    SELECT unnest(list_distinct(search_runs(words))) AS run
),
span AS (
    SELECT r.run, f.first, f.first + n.n - 1 AS last, substr(r.run, f.first, n.n) AS term
    FROM run AS r, range(1, 1 + length(r.run)) AS f (first), range(1, 13) AS n (n)
    WHERE f.first + n.n - 1 <= length(r.run)
),
hit AS MATERIALIZED (
    SELECT t.term, p.text_seq, p.n, p.is_word
    FROM posting AS p
    JOIN term AS t USING (term_id)
    WHERE t.term IN (SELECT word FROM asked UNION SELECT term FROM span)
),
known AS (
    SELECT s.run, s.first, s.last, s.term
    FROM span AS s
    WHERE s.last > s.first AND s.term IN (SELECT term FROM hit WHERE is_word)
),
longest AS (
    SELECT k.run, k.first, k.last, k.term
    FROM known AS k
    WHERE NOT EXISTS (
        FROM known AS o
        WHERE o.run = k.run AND o.first <= k.first AND o.last >= k.last AND o.last - o.first > k.last - k.first
    )
),
place AS (
    SELECT
        s.run, s.first AS place,
        EXISTS (FROM longest AS l WHERE l.run = s.run AND s.first BETWEEN l.first AND l.last) AS covered,
        s.term IN ('的', '了', '和', '与', '及', '或', '在', '对', '中', '是') AND length(s.run) > 1 AS empty
    FROM span AS s
    WHERE s.first = s.last
),
gap AS (
    SELECT run, min(place) AS first, max(place) AS last
    FROM (
        SELECT run, place, place - row_number() OVER (PARTITION BY run ORDER BY place) AS island
        FROM place WHERE NOT covered AND NOT empty
    )
    GROUP BY run, island
),
piece AS (
    SELECT term AS piece FROM longest
    UNION
    -- one bare character takes whatever stands beside it: characters alone are not in the index
    SELECT substr(
        g.run,
        g.first - (b.run IS NOT NULL)::INTEGER,
        g.last - g.first + 1 + (b.run IS NOT NULL)::INTEGER + (a.run IS NOT NULL)::INTEGER
    )
    FROM gap AS g
    LEFT JOIN place AS b ON b.run = g.run AND b.place = g.first - 1 AND (b.covered OR g.last = g.first)
    LEFT JOIN place AS a ON a.run = g.run AND a.place = g.last + 1 AND (a.covered OR g.last = g.first)
),
needed AS (
    SELECT word AS piece, word AS term FROM asked
    UNION
    SELECT p.piece, CASE WHEN length(p.piece) = 1 THEN p.piece ELSE substr(p.piece, f.first, 2) END
    FROM piece AS p, range(1, greatest(length(p.piece), 2)) AS f (first)
),
part AS (
    SELECT n.piece, n.term, count(*) OVER (PARTITION BY n.piece) AS n_terms FROM needed AS n
),
found AS (
    SELECT p.piece, h.text_seq, min(h.n) AS n
    FROM part AS p
    JOIN hit AS h ON h.term = p.term
    GROUP BY p.piece, h.text_seq, p.n_terms
    HAVING count(*) = p.n_terms
),
field AS (
    SELECT
        field, avg(n_words) AS n_words,
        CASE field WHEN 'title' THEN 3 WHEN 'authors' THEN 2 ELSE 1 END AS weight
    FROM search_text GROUP BY field
),
-- BM25 over fields: a paper is one document, and each field counts by its own length and weight
paper AS (
    SELECT
        s.arxiv_id, s.version, f.piece,
        sum(d.weight * f.n / (0.25 + 0.75 * s.n_words / greatest(d.n_words, 1))) AS n,
        list(s.field ORDER BY s.text_seq) AS fields
    FROM found AS f
    JOIN search_text AS s USING (text_seq)
    JOIN field AS d USING (field)
    WHERE s.attempt_id IS NULL OR s.attempt_id IN (SELECT attempt_id FROM accepted_attempt)
    GROUP BY s.arxiv_id, s.version, f.piece
),
scored AS (
    SELECT
        arxiv_id, version,
        sum(ln(1 + (n_papers - n_with + 0.5) / (n_with + 0.5)) * 2.2 * n / (1.2 + n)) AS score,
        list(piece ORDER BY n_with, piece) AS found,
        list_sort(list_distinct(flatten(list(fields)))) AS fields
    FROM (
        SELECT
            *, count(*) OVER (PARTITION BY piece) AS n_with,
            (SELECT count(*) FROM search_text WHERE field = 'title') AS n_papers
        FROM paper
    )
    GROUP BY arxiv_id, version
)
SELECT
    row_number() OVER (ORDER BY s.score DESC, s.arxiv_id, s.version) AS rank,
    s.arxiv_id, s.version, p.title,
    round(s.score, 4) AS score,
    s.found, s.fields,
    (SELECT count(DISTINCT piece) FROM needed)::INTEGER AS n_words
FROM scored AS s
JOIN paper_version AS p ON p.arxiv_id = s.arxiv_id AND p.version = s.version
WHERE NOT all_words OR len(s.found) = (SELECT count(DISTINCT piece) FROM needed)
ORDER BY rank;

COMMENT ON MACRO TABLE search IS 'Public. Papers with these words in title, authors, abstract or accepted texts, best first (BM25); all_words := true: only papers with every word';
