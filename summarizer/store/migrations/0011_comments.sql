-- What comments of earlier migrations say that is no longer so, or never was. No table changes.
COMMENT ON COLUMN attempt_piece.role IS 'what was asked at once: sentence or abstract (of a translation), bullet (from one sentence of the paper) or answer (the whole text, from whole sections)';
COMMENT ON COLUMN attempt_piece.section_seq IS 'the section they stand in; NULL: the abstract, or of an answer the sections of attempt_section';
COMMENT ON COLUMN trial_piece.role IS 'what was asked at once: sentence or abstract (of a translation), bullet (from one sentence of the paper) or answer (the whole text, from whole sections)';
COMMENT ON COLUMN trial_piece.section_seq IS 'the section they stand in; NULL: the abstract, or of an answer several sections';
COMMENT ON COLUMN attempt.seconds IS 'seconds of all calls added up; calls in one batch overlap; 0 for an imported text';
COMMENT ON COLUMN duplicate_pair.kind IS 'new_version (same arXiv id), exact (the same text under two ids) or near; what counts after the judgements of people is in repeated_pair, and of new versions in version_change';
COMMENT ON COLUMN trial_output.code_hash IS 'SHA-256 of what makes and checks texts: the code, the glossary, and the encoder where it chooses evidence';
COMMENT ON TABLE trial_output IS 'The text of one case in a trial, with its figures; made anew when the code that makes or checks texts, or the glossary, has changed';
