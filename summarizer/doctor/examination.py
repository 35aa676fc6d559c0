"""The list of what is looked at, in the order in which one thing needs another."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from summarizer.doctor import child, installation, machine, trials
from summarizer.doctor.finding import Finding, Place, Unfit
from summarizer.errors import SummarizerError

CHECKS: tuple[tuple[str, Callable[[Place], str]], ...] = (
    ("kit", installation.check_kit),
    ("python", installation.check_python),
    ("packages", installation.check_packages),
    ("prompts", installation.check_prompts),
    ("models", installation.check_models),
    ("processor", machine.check_processor),
    ("memory", machine.check_memory),
    ("disk", machine.check_disk),
    ("store", trials.try_store),
    ("pdf", trials.try_pdf),
    ("embedding", trials.try_embedding),
    ("generation", trials.try_generation),
    ("network", trials.check_network),
)


def examine(place: Place) -> Iterator[Finding]:
    """Each check in turn, whatever became of those before it."""
    child.attempts.clear()
    for name, check in CHECKS:
        started = time.monotonic()
        ok, found, remedy = True, "", ""
        try:
            found = check(place)
        except Unfit as error:
            ok, found, remedy = False, error.found, error.remedy
        except SummarizerError as error:  # its message has both: what is wrong, then what to do
            ok = False
            found, _, remedy = str(error).rpartition(": ")
            found, remedy = (found, remedy) if found else (remedy, "")
        except ModuleNotFoundError as error:
            ok, found, remedy = False, f"{error.name} is not installed", "install the kit again, or '.[offline]'"
        except (ImportError, OSError) as error:
            ok, found, remedy = False, f"{type(error).__name__}: {error}", "install the kit again, or '.[offline]'"
        yield Finding(name, ok, " ".join(found.split()), " ".join(remedy.split()), round(time.monotonic() - started, 2))
