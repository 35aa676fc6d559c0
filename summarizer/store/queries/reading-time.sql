-- section: Cost
-- question: How long does reading the PDFs take, by page?
SELECT extractor, extractor_version, count(*) AS papers, sum(n_pages) AS pages,
       round(sum(seconds) / sum(n_pages), 3) AS seconds_per_page
FROM document
GROUP BY extractor, extractor_version
ORDER BY papers DESC, extractor, extractor_version;
