CREATE TABLE model_use (
    run_id         VARCHAR NOT NULL,
    model_sha256   VARCHAR NOT NULL,
    engine         VARCHAR NOT NULL,
    engine_version VARCHAR NOT NULL,
    served_model   VARCHAR NOT NULL,
    created_utc    TIMESTAMP NOT NULL,
    PRIMARY KEY (run_id, model_sha256)
);
COMMENT ON TABLE model_use IS 'What ran the language model in a run; the answers of the run have the same run_id and model_sha256';
COMMENT ON COLUMN model_use.run_id IS 'the run';
COMMENT ON COLUMN model_use.model_sha256 IS 'the model';
COMMENT ON COLUMN model_use.engine IS 'llama, server or fake';
COMMENT ON COLUMN model_use.engine_version IS 'the library or the server, with its version, e.g. llama-cpp-python 0.3.36';
COMMENT ON COLUMN model_use.served_model IS 'of a server: the file, path or digest that it said it serves; empty: it said none, or no server';
COMMENT ON COLUMN model_use.created_utc IS 'when the row was written';

COMMENT ON TABLE model IS 'A model that made embeddings or texts';
COMMENT ON COLUMN model.model_sha256 IS 'SHA-256 of the model file; for a model of a server, of its name: see model_use';
COMMENT ON COLUMN model.name IS 'name in the registry, or the stem of the file, or the name that the server has for it';
COMMENT ON COLUMN model.file_name IS 'name of the file; for a model of a server, its address at first use';
COMMENT ON COLUMN model.n_bytes IS 'size in bytes; 0 for a model of a server';
COMMENT ON COLUMN model.description IS 'what the model is; for a model of a server, what served it at first use';
