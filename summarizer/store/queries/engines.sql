-- section: Prompts and models
-- question: What ran the model: which library or server, in which version?
SELECT m.name, u.engine, u.engine_version, u.served_model, sum(c.n) AS answers, min(c.first) AS first, max(c.last) AS last
FROM (
    SELECT run_id, model_sha256, count(*) AS n, min(created_utc) AS first, max(created_utc) AS last
    FROM completion GROUP BY run_id, model_sha256
) AS c
JOIN model_use AS u USING (run_id, model_sha256)
JOIN model AS m USING (model_sha256)
GROUP BY ALL
ORDER BY first DESC, m.name, u.engine, u.engine_version, u.served_model;
