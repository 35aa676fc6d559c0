-- section: Provenance
-- question: Where does a sentence on the page come from?
-- note: Model, prompt, sampling, how many answers it was chosen from (`@answers` shows them), input, tokens, seconds, and the English words with their section and page.
-- param words: a part of the sentence; example 词错误率从 12.3% 降到 9.8%
SELECT p.arxiv_id, p.version, p.task, p.text, p.source_text, p.section_heading, p.page_first,
       p.model_name, p.model_sha256, p.prompt_version, p.prompt_hash, p.sampling,
       (
           SELECT nullif(count(*), 0) FROM attempt_piece AS x
           WHERE x.attempt_id = p.attempt_id AND x.source_text = p.source_text
       ) AS n_answers,
       p.input_hash, p.prompt_tokens, p.completion_tokens, p.seconds
FROM provenance AS p
WHERE contains(p.text, $words)
ORDER BY p.arxiv_id DESC, p.version DESC, p.task, p.created_utc DESC, p.attempt_id, p.piece_seq;
