-- section: Quality
-- question: How long are the sections, in tokens of the model?
SELECT kind, count(*) AS n_sections, round(avg(n_tokens)) AS mean_tokens, max(n_tokens) AS longest
FROM section
WHERE n_tokens IS NOT NULL
GROUP BY kind
ORDER BY mean_tokens DESC, kind;
