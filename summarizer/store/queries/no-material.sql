-- section: Quality
-- question: Which papers have hardly any text for the questions about method or results, and how were they read?
SELECT d.arxiv_id, d.version, d.extractor, d.n_pages,
       coalesce(sum(s.n_chars) FILTER (s.kind = 'method'), 0) AS method_chars,
       coalesce(sum(s.n_chars) FILTER (s.kind IN ('results', 'experiments')), 0) AS results_chars
FROM document AS d
LEFT JOIN section AS s USING (arxiv_id, version)
GROUP BY ALL
HAVING method_chars < 300 OR results_chars < 300
ORDER BY d.arxiv_id, d.version;
