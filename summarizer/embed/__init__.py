"""Papers to vectors, vectors to near neighbours, neighbours to duplicates.

The only importer of sentence-transformers and torch, and only when an encoder is loaded.
"""

from summarizer.embed.duplicates import Earlier, content_key, find_duplicates
from summarizer.embed.encoder import DIMENSIONS, Encoder, Vectors, embedding_input, load_encoder
from summarizer.embed.fake import FakeEncoder
from summarizer.embed.neighbours import Neighbour, find_neighbours

__all__ = [
    "DIMENSIONS",
    "Earlier",
    "Encoder",
    "FakeEncoder",
    "Neighbour",
    "Vectors",
    "content_key",
    "embedding_input",
    "find_duplicates",
    "find_neighbours",
    "load_encoder",
]
