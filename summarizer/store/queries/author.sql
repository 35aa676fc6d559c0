-- section: Reading
-- question: The papers of one author
-- param name: the name or a part of it; example ada author
SELECT p.arxiv_id, p.version, p.title, p.authors, a.post_date
FROM paper_version AS p
LEFT JOIN paper_arrival AS a USING (arxiv_id, version)
WHERE len(list_filter(p.authors, lambda author: contains(lower(author), lower($name)))) > 0
ORDER BY a.post_date DESC, p.arxiv_id, p.version;
