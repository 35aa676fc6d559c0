-- section: Daily work
-- question: What arrived, and how much of it is on the page?
-- param days: so many days, the latest first; default 31
SELECT post_date, n_fetched, n_shown, n_duplicate, n_unreadable, n_missing AS texts_missing
FROM post_state
ORDER BY post_date DESC
LIMIT $days::INTEGER;
