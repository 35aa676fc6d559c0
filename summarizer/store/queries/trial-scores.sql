-- section: Tuning prompts
-- question: How did each prompt do on each sample?
-- note: Compare rows of one sample with the same `n_texts`; for a difference you can trust, `scripts/compare_prompts.py` pairs the cases.
SELECT task, label, model_name, sample_name, n_texts, n_accepted, round(mean_chrf, 1) AS chrf,
       round(numbers_kept, 4) AS numbers_kept, numbers_added, texts_with_latin_residue, loops, checks_failed,
       prompt_tokens - prompt_tokens_reused AS computed, completion_tokens
FROM prompt_scores
ORDER BY task, sample_name, mean_chrf DESC, label, trial_id;
