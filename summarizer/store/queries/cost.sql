-- section: Cost
-- question: What did each paper cost?
SELECT arxiv_id, version, n_pages, n_completions, n_accepted, prompt_tokens, completion_tokens, round(seconds, 1) AS seconds
FROM generation_cost
ORDER BY seconds DESC, arxiv_id, version
LIMIT 20;
