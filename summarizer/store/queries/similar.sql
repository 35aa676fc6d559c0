-- section: Reading
-- question: The papers most like one paper
-- param id: arXiv id without version; example 2602.00001
SELECT o.arxiv_id, o.version, p.title, round(array_cosine_similarity(e.vector, o.vector), 3) AS cosine
FROM embedding AS e
JOIN embedding AS o USING (model_sha256)
JOIN paper_version AS p ON p.arxiv_id = o.arxiv_id AND p.version = o.version
WHERE e.arxiv_id = $id AND e.version = (SELECT max(version) FROM embedding WHERE arxiv_id = $id) AND o.arxiv_id <> e.arxiv_id
ORDER BY cosine DESC, o.arxiv_id, o.version
LIMIT 10;
