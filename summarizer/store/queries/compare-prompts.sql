-- section: Prompts and models
-- question: Two prompt versions on the same papers: whose texts passed, how long are they, what do they say?
-- param task: the task; example method
-- param first: one version; example v001
-- param second: the other; example v002
WITH made AS (
    SELECT a.arxiv_id, a.version, p.prompt_version, a.text, a.seconds, a.attempt_id NOT IN (
        SELECT attempt_id FROM check_result WHERE severity = 'hard' AND NOT passed
    ) AND a.finish_reason = 'stop' AS passed
    FROM attempt AS a
    JOIN prompt AS p USING (prompt_hash)
    WHERE a.task = $task AND p.prompt_version IN ($first, $second)
    QUALIFY row_number() OVER (PARTITION BY a.arxiv_id, a.version, p.prompt_version ORDER BY a.attempt_no DESC, a.created_utc DESC, a.attempt_id) = 1
)
SELECT arxiv_id, version, one.passed AS first_passed, two.passed AS second_passed,
       length(one.text) AS first_length, length(two.text) AS second_length,
       round(one.seconds, 1) AS first_seconds, round(two.seconds, 1) AS second_seconds,
       one.text AS first_text, two.text AS second_text
FROM (FROM made WHERE prompt_version = $first) AS one
JOIN (FROM made WHERE prompt_version = $second) AS two USING (arxiv_id, version)
ORDER BY arxiv_id DESC, version;
