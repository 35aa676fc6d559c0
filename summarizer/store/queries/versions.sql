-- section: Reading
-- question: Papers of which several versions arrived, and what each changed
-- note: A version that changed nothing material is not summarised again.
SELECT p.arxiv_id, p.version, p.title, c.other_version AS compared_with, c.reason, c.material
FROM paper_version AS p
LEFT JOIN version_change AS c USING (arxiv_id, version)
WHERE p.arxiv_id IN (SELECT arxiv_id FROM paper_version GROUP BY arxiv_id HAVING count(*) > 1)
ORDER BY p.arxiv_id DESC, p.version;
