-- section: Tuning prompts
-- question: What does a text cost with each prompt?
SELECT task, label, model_name, n_texts, round(n_requests / n_texts, 1) AS calls,
       round((prompt_tokens - prompt_tokens_reused) / n_texts) AS prompt_tokens_computed,
       round(prompt_tokens_reused / n_texts) AS prompt_tokens_reused, round(completion_tokens / n_texts) AS completion_tokens
FROM prompt_scores
ORDER BY task, prompt_tokens_computed + completion_tokens, label, model_name, trial_id;
