"""Checks that may kill their process, done in one of their own (:mod:`summarizer.doctor.program`)."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

from summarizer.doctor.finding import Place, Unfit

_MOST_SECONDS = 900.0  # a large model on a slow disk

#: Machines that the children of this examination asked for.
attempts: list[str] = []


def in_child(task: str, place: Place) -> str:
    """Do ``task`` in a process of its own; what was found. Raises Unfit, also when the process dies."""
    given = {
        "config": str(place.config_path.absolute()) if place.config_path is not None else None,
        "models": str(place.models.absolute()),
    }
    # -P: not what happens to be called summarizer in the working folder
    command = [sys.executable, "-P", "-m", "summarizer.doctor.program", task]
    try:
        done = subprocess.run(
            command, input=json.dumps(given), capture_output=True, text=True, timeout=_MOST_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise Unfit(f"nothing after {_MOST_SECONDS:.0f} s", "look at the load of the machine, and try again") from None
    if done.returncode < 0:
        raise _killed(-done.returncode)
    try:
        answer = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        last = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise Unfit(last[0], "install the kit again, or the packages of the checkout") from None
    attempts.extend(answer["connections"])
    if not answer["ok"]:
        raise Unfit(answer["found"], answer["remedy"])
    return str(answer["found"])


def _killed(number: int) -> Unfit:
    name = signal.Signals(number).name
    if number == signal.SIGILL:
        return Unfit(
            "died of an illegal instruction: llama.cpp or torch was compiled for another processor",
            "install from a kit, whose kernels are chosen on the machine",
        )
    if number == signal.SIGKILL:
        return Unfit("was killed (SIGKILL), probably for memory", "end other programs, or choose a smaller model")
    return Unfit(f"died of {name}", "run it again; if it stays, report it with the output of doctor --json")
