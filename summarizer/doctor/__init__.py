"""Whether a run would work on this machine: each thing that it needs is tried, and each says in one line what is wrong.

``examination`` has the list; ``installation`` looks at files and packages, ``machine`` at memory, disk and processor, ``trials``
does a little of everything for real. What may kill the process it runs in (a wrong instruction, no memory) is done by
``child`` and ``program``, in a process of its own.
"""

from summarizer.doctor.examination import examine
from summarizer.doctor.finding import Finding, Place

__all__ = ["Finding", "Place", "examine"]
