-- section: Provenance
-- question: How did the posts change between their revisions?
SELECT post_date, revision, n_shown, n_incomplete, count(t.task) AS texts, sha256, created_utc
FROM post
LEFT JOIN post_text AS t USING (post_id)
GROUP BY ALL
ORDER BY post_date DESC, revision;
