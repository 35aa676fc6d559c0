-- section: Provenance
-- question: How was one text of one paper made, piece by piece?
-- param id: arXiv id without version; example 2602.00001
-- param task: translation, background, method or results; example results
SELECT piece_seq, text, source_text, section_heading, page_first, prompt_version, model_name, attempt_no, seconds, in_post
FROM provenance
WHERE arxiv_id = $id AND task = $task
ORDER BY version DESC, created_utc DESC, attempt_id, piece_seq;
