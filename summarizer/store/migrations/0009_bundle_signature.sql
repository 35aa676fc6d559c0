CREATE TABLE bundle_signature (
    bundle_id   VARCHAR NOT NULL,
    key_id      VARCHAR NOT NULL,
    key_name    VARCHAR NOT NULL,
    public_key  VARCHAR NOT NULL,
    created_utc TIMESTAMP NOT NULL,
    PRIMARY KEY (bundle_id, key_id)
);
COMMENT ON TABLE bundle_signature IS 'A key that was trusted when the bundle was ingested and whose signature was found right; no row: it was not signed, or no keys were there to check with';
COMMENT ON COLUMN bundle_signature.bundle_id IS 'the bundle';
COMMENT ON COLUMN bundle_signature.key_id IS 'fingerprint of the key as ssh-keygen prints it: SHA256: and 43 characters of base64';
COMMENT ON COLUMN bundle_signature.key_name IS 'name of the key in the file of trusted keys; empty: it had none';
COMMENT ON COLUMN bundle_signature.public_key IS 'the public key, ssh-ed25519 and its base64';
COMMENT ON COLUMN bundle_signature.created_utc IS 'when the signature was checked';
