-- section: Reading
-- question: The sections of one paper as they were read
-- param id: arXiv id without version; example 2602.00001
SELECT version, seq, repeat('  ', level - 1) || heading AS heading, kind, page_first, n_chars
FROM section
WHERE arxiv_id = $id
ORDER BY version DESC, seq;
