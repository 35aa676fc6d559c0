-- section: Reading
-- question: What else is here by the authors of one paper?
-- param id: arXiv id without version; example 2602.00001
WITH author AS (
    SELECT DISTINCT unnest(authors) AS author FROM paper_version WHERE arxiv_id = $id
)
SELECT o.arxiv_id, max(o.version) AS version, arg_max(o.title, o.version) AS title,
       list(DISTINCT author.author ORDER BY author.author) AS common_authors
FROM (SELECT arxiv_id, version, title, unnest(authors) AS author FROM paper_version WHERE arxiv_id <> $id) AS o
JOIN author USING (author)
GROUP BY o.arxiv_id
ORDER BY len(common_authors) DESC, o.arxiv_id DESC
LIMIT 50;
