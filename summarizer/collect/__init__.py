"""The connected side: what arXiv announced, day by day, put into bundles. The only importer of ``arxiv``.

Nothing here is imported on the offline side, and nothing of the offline half (duckdb, torch, pymupdf, llama_cpp) is needed
here: ``pip install .[collect]`` is enough.
"""
