"""Prompt trials: the same texts as the batch run makes, of a frozen sample, with figures to compare prompts by.

Writes only the trial tables of the store, and prompt files when a draft is promoted.
"""
