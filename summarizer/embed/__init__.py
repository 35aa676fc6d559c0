"""Papers to vectors, vectors to near neighbours, neighbours to duplicates.

The only importer of sentence-transformers and torch, and only when an encoder is loaded.
"""

from summarizer.embed.duplicates import Earlier, Finding, content_key, find_duplicates
from summarizer.embed.encoder import DIMENSIONS, Encoder, Vectors, embedding_input, load_encoder
from summarizer.embed.fake import FakeEncoder
from summarizer.embed.likeness import Likeness, Profile, body_likeness, likeness
from summarizer.embed.neighbours import Neighbour, NeighbourSearch, find_neighbours

__all__ = [
    "DIMENSIONS",
    "Earlier",
    "Encoder",
    "FakeEncoder",
    "Finding",
    "Likeness",
    "Neighbour",
    "NeighbourSearch",
    "Profile",
    "Vectors",
    "body_likeness",
    "content_key",
    "embedding_input",
    "find_duplicates",
    "find_neighbours",
    "likeness",
    "load_encoder",
]
