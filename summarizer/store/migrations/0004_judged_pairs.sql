-- Near-duplicates by a rule over several signals: the signals of each pair that was found or is borderline, what people
-- said about pairs, and what new versions changed.

CREATE TABLE scored_pair (
    arxiv_id       VARCHAR NOT NULL,
    version        INTEGER NOT NULL,
    other_arxiv_id VARCHAR NOT NULL,
    other_version  INTEGER NOT NULL,
    model_sha256   VARCHAR NOT NULL,
    score          DOUBLE NOT NULL,
    cosine         DOUBLE NOT NULL,
    title          DOUBLE NOT NULL,
    authors        DOUBLE,
    words          DOUBLE,
    shingles       DOUBLE,
    body           DOUBLE,
    reason         VARCHAR NOT NULL,
    run_id         VARCHAR NOT NULL,
    created_utc    TIMESTAMP NOT NULL,
    PRIMARY KEY (arxiv_id, version, other_arxiv_id, other_version, model_sha256)
);
COMMENT ON TABLE scored_pair IS 'Two papers alike enough to keep what the rule saw: near-duplicates, and borderline pairs that it did not take';
COMMENT ON COLUMN scored_pair.arxiv_id IS 'the later paper';
COMMENT ON COLUMN scored_pair.version IS 'its version';
COMMENT ON COLUMN scored_pair.other_arxiv_id IS 'the earlier paper';
COMMENT ON COLUMN scored_pair.other_version IS 'its version';
COMMENT ON COLUMN scored_pair.model_sha256 IS 'the embedding model';
COMMENT ON COLUMN scored_pair.score IS 'score of the rule, 0 to 1: how sure it is that both are one work';
COMMENT ON COLUMN scored_pair.cosine IS 'cosine of the two embeddings';
COMMENT ON COLUMN scored_pair.title IS 'share of the titles'' words that both have';
COMMENT ON COLUMN scored_pair.authors IS 'share of the authors that both have; NULL: no authors known';
COMMENT ON COLUMN scored_pair.words IS 'share of the abstracts'' words that both have; NULL: no abstract';
COMMENT ON COLUMN scored_pair.shingles IS 'share of the shorter abstract''s runs of three words that stand in the other one; NULL: no abstract';
COMMENT ON COLUMN scored_pair.body IS 'share of the shorter text''s runs of five words that stand in the other one; NULL: not compared';
COMMENT ON COLUMN scored_pair.reason IS 'what decided it, one line';
COMMENT ON COLUMN scored_pair.run_id IS 'the run';
COMMENT ON COLUMN scored_pair.created_utc IS 'when the row was written';

CREATE TABLE pair_judgement (
    judgement_id   VARCHAR PRIMARY KEY,
    arxiv_id       VARCHAR NOT NULL,
    other_arxiv_id VARCHAR NOT NULL,
    verdict        VARCHAR NOT NULL CHECK (verdict IN ('confirmed', 'refused')),
    run_id         VARCHAR NOT NULL,
    created_utc    TIMESTAMP NOT NULL
);
COMMENT ON TABLE pair_judgement IS 'What a person said about two papers, whichever their versions; the latest row of a pair counts, see judged_pair';
COMMENT ON COLUMN pair_judgement.judgement_id IS 'SHA-256 of the row';
COMMENT ON COLUMN pair_judgement.arxiv_id IS 'one paper: of the two ids the one that sorts first';
COMMENT ON COLUMN pair_judgement.other_arxiv_id IS 'the other paper';
COMMENT ON COLUMN pair_judgement.verdict IS 'confirmed: both are one work; refused: they are two';
COMMENT ON COLUMN pair_judgement.run_id IS 'the run';
COMMENT ON COLUMN pair_judgement.created_utc IS 'when it was said';

CREATE TABLE version_change (
    arxiv_id         VARCHAR NOT NULL,
    version          INTEGER NOT NULL,
    other_version    INTEGER NOT NULL,
    abstract_changed DOUBLE NOT NULL,
    numbers_changed  BOOLEAN NOT NULL,
    body_changed     DOUBLE,
    title_changed    BOOLEAN NOT NULL,
    material         BOOLEAN NOT NULL,
    reason           VARCHAR NOT NULL,
    run_id           VARCHAR NOT NULL,
    created_utc      TIMESTAMP NOT NULL,
    PRIMARY KEY (arxiv_id, version)
);
COMMENT ON TABLE version_change IS 'What a paper version changed against the version that came before it; one that changed nothing material is not summarised again';
COMMENT ON COLUMN version_change.arxiv_id IS 'the paper';
COMMENT ON COLUMN version_change.version IS 'the version that came later';
COMMENT ON COLUMN version_change.other_version IS 'the version it was compared with: of those that came before, the one that came last';
COMMENT ON COLUMN version_change.abstract_changed IS 'share of the longer abstract''s words that were changed, 0 to 1';
COMMENT ON COLUMN version_change.numbers_changed IS 'whether the abstracts state other numbers';
COMMENT ON COLUMN version_change.body_changed IS 'share of the new text''s runs of five words that the old one lacks; NULL: not both texts were read';
COMMENT ON COLUMN version_change.title_changed IS 'whether the title has other words';
COMMENT ON COLUMN version_change.material IS 'whether it is summarised again';
COMMENT ON COLUMN version_change.reason IS 'the figures on one line';
COMMENT ON COLUMN version_change.run_id IS 'the run';
COMMENT ON COLUMN version_change.created_utc IS 'when the row was written';

COMMENT ON COLUMN duplicate_pair.score IS 'score of the rule, 0 to 1: how sure it is that both are one work; 1 for exact; for new_version the cosine of the two embeddings';
COMMENT ON COLUMN duplicate_pair.kind IS 'new_version (same arXiv id), exact (the same text under two ids) or near; a paper of kind exact or near is not summarised';
