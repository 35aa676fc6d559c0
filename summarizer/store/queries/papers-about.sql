-- section: Reading
-- question: Which papers are about something? In either language
-- note: Words apart are looked for apart; `found` says which of them a paper has. `search($term, all_words := true)` asks for all.
-- param term: what to look for; example 语音增强 VoiceBank
-- param most: so many papers; default 20
SELECT s.rank, s.arxiv_id, s.version, a.post_date, s.title, s.score, s.found, s.fields
FROM search($term) AS s
LEFT JOIN paper_arrival AS a USING (arxiv_id, version)
ORDER BY s.rank
LIMIT $most::INTEGER;
