-- section: Daily work
-- question: Which papers belong together: repeats of repeats, and all their versions?
WITH RECURSIVE pair AS (
    SELECT arxiv_id AS a, other_arxiv_id AS b FROM repeated_pair WHERE arxiv_id <> other_arxiv_id
    UNION SELECT other_arxiv_id, arxiv_id FROM repeated_pair WHERE arxiv_id <> other_arxiv_id
),
reach AS (
    SELECT a, a AS b FROM pair
    UNION SELECT r.a, p.b FROM reach AS r JOIN pair AS p ON p.a = r.b
),
member AS (SELECT a AS arxiv_id, min(b) AS family FROM reach GROUP BY a)
SELECT m.family, count(DISTINCT p.arxiv_id) AS papers, count(*) AS versions,
       list(p.arxiv_id || 'v' || p.version ORDER BY p.arxiv_id, p.version) AS members,
       arg_min(p.title, (p.created_utc, p.arxiv_id, p.version)) AS first_title
FROM member AS m
JOIN paper_version AS p USING (arxiv_id)
GROUP BY m.family
ORDER BY papers DESC, m.family;
