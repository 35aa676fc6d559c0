-- section: Reading
-- question: Papers of which several versions arrived
SELECT arxiv_id, list(version ORDER BY version) AS versions, arg_max(title, version) AS title
FROM paper_version
GROUP BY arxiv_id
HAVING count(*) > 1
ORDER BY arxiv_id DESC;
