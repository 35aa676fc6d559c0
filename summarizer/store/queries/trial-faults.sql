-- section: Tuning prompts
-- question: Which numbers, words and loops: the texts with a fault, one by one
SELECT label, case_id, n_numbers_missing AS missing, n_numbers_added AS added, n_latin_residue AS english, looped, category, text
FROM trial_text
WHERE n_numbers_missing + n_numbers_added + n_latin_residue > 0 OR looped OR NOT accepted
ORDER BY label, case_id, trial_id;
