-- section: Provenance
-- question: Where does a sentence on the page come from?
-- note: Model, prompt, sampling, input, tokens, seconds, and the English words with their section and page.
-- param words: a part of the sentence; example 词错误率从 12.3% 降到 9.8%
SELECT arxiv_id, version, task, text, source_text, section_heading, page_first, model_name, model_sha256,
       prompt_version, prompt_hash, sampling, n_answers, input_hash, prompt_tokens, completion_tokens, seconds
FROM provenance
WHERE contains(text, $words)
ORDER BY arxiv_id DESC, version DESC, task, created_utc DESC, attempt_id, piece_seq;
