-- section: Provenance
-- question: What did the near-duplicate rule see of each pair?
SELECT arxiv_id, other_arxiv_id, score, cosine, title, authors, words, shingles, body, reason
FROM scored_pair
ORDER BY score DESC, arxiv_id, version, other_arxiv_id, other_version, model_sha256;
