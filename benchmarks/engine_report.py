"""Figures of the engine benchmark: what the runs say together, as one object for ``--json`` and as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from engine_limit import least_seconds, least_seconds_at_depth

Result = Mapping[str, Any]
#: Contender -> figures, of one round.
Round = Mapping[str, Result]

#: Answers of different lengths make seconds hard to compare.
_ALIKE = 0.05


def merge_servers(results: Round) -> dict[str, Result]:
    """A round with the better of the servers under the name "server" as well."""
    servers = [result for name, result in results.items() if name.startswith("server-")]
    best = {"server": min(servers, key=lambda r: r["seconds"])} if servers else {}
    return {**results, **best}


def ratios(rounds: Sequence[Round], contender: str, key: str = "seconds") -> list[float]:
    """Theirs over ours, round by round, where both were measured. By ``key``: seconds, or seconds a completion token."""
    return [
        _value(results[contender], key) / _value(results["ours"], key)
        for results in map(merge_servers, rounds)
        if contender in results and "ours" in results
    ]


def _value(result: Result, key: str) -> float:
    if key == "seconds_per_completion_token":
        return float(result["seconds"]) / max(1, result["completion_tokens"])
    return float(result[key])


def limit_fractions(
    rounds: Sequence[Round], distinct_by_depth: Sequence[int], *, at_depth: bool = False
) -> list[float]:
    """The least time over ours, round by round: 1 would be the limit itself."""
    found = []
    for results in rounds:
        if "limit" in results and "ours" in results:
            found.append(_least(results, distinct_by_depth, at_depth) / results["ours"]["seconds"])
    return found


def _least(results: Round, distinct_by_depth: Sequence[int], at_depth: bool) -> float:
    decoded = results["ours"]["decoded_tokens"]
    if at_depth:
        return least_seconds_at_depth(results["limit"], distinct_by_depth, decoded)
    return least_seconds(results["limit"], sum(distinct_by_depth), decoded)


def summary(shape: str, work: Mapping[str, Any], rounds: Sequence[Round]) -> dict[str, Any]:
    """All figures of one shape. What was not measured is None."""
    merged = [merge_servers(results) for results in rounds]
    names = list(dict.fromkeys(name for results in merged for name in results if name != "limit"))
    distinct = work["distinct_by_depth"]
    contenders = {name: _together([r[name] for r in merged if name in r]) for name in names}
    fractions = limit_fractions(rounds, distinct)
    with_both = [r for r in rounds if "limit" in r and "ours" in r]
    ours: dict[str, Any] = contenders.get("ours", {})
    result: dict[str, Any] = {
        "shape": shape,
        **{f"ratio_{name}": _median(ratios(rounds, name)) for name in ("naive", "sequential", "server")},
        "limit_fraction": _median(fractions),
        "limit_fraction_at_depth": _median(limit_fractions(rounds, distinct, at_depth=True)),
        "papers_per_hour": 3600 * work["n_papers"] / ours["seconds"] if ours else None,
        "seconds_per_paper": ours["seconds"] / work["n_papers"] if ours else None,
        "tokens_computed": ours.get("tokens_computed"),
        "tokens_reused": ours.get("tokens_reused"),
        "peak_memory_bytes": ours.get("peak_memory_bytes"),
        "ratios_per_round": {name: ratios(rounds, name) for name in ("naive", "sequential", "server")},
        "ratios_per_completion_token": {
            name: _median(ratios(rounds, name, "seconds_per_completion_token"))
            for name in ("naive", "sequential", "server")
        },
        "limit_fraction_per_round": fractions,
        "limit_seconds": _median([_least(r, distinct, at_depth=False) for r in with_both]),
        "limit_seconds_at_depth": _median([_least(r, distinct, at_depth=True) for r in with_both]),
        "contenders": contenders,
        "limit": [r["limit"] for r in rounds if "limit" in r],
        **{key: work[key] for key in ("n_papers", "n_requests", "max_tokens", "model", "n_threads", "prompt_tokens")},
        "distinct_tokens": sum(distinct),
        "prefix_tokens": work["prefix_tokens"],
        "rounds": len(rounds),
    }
    result["warnings"] = warnings(result)
    return result


def _together(results: Sequence[Result]) -> dict[str, Any]:
    seconds = [r["seconds"] for r in results]
    return {
        "seconds": median(seconds),
        "seconds_per_round": seconds,
        "prompt_tokens": results[0]["prompt_tokens"],
        "tokens_computed": int(median(r["tokens_computed"] for r in results)),
        "tokens_reused": int(median(r["tokens_reused"] for r in results)),
        "completion_tokens": int(median(r["completion_tokens"] for r in results)),
        "decoded_tokens": int(median(r["decoded_tokens"] for r in results)),
        "peak_memory_bytes": max(r["peak_memory_bytes"] for r in results),
        "finish_reasons": _reasons(results[-1]),
        "cpu_features": results[-1].get("cpu_features"),
    }


def _reasons(result: Result) -> dict[str, int]:
    reasons = [answer["finish_reason"] for answer in result["answers"].values()]
    return {reason: reasons.count(reason) for reason in sorted(set(reasons))}


def warnings(result: Mapping[str, Any]) -> list[str]:
    ours = result["contenders"].get("ours")
    if ours is None:
        return []
    server = result["contenders"].get("server", {}).get("cpu_features")
    lacking = sorted(set(ours["cpu_features"] or []) - set(server or []))
    built = f"the server was built without {', '.join(lacking)}, which ours uses: part of its ratio is the build's"
    return ([built] if server and lacking else []) + [
        f"{name} wrote {other['completion_tokens']} completion tokens, ours {ours['completion_tokens']}: more than "
        f"{_ALIKE:.0%} apart, so compare seconds with care"
        for name, other in result["contenders"].items()
        if name != "server"
        and abs(other["completion_tokens"] - ours["completion_tokens"]) > _ALIKE * max(1, ours["completion_tokens"])
    ]


def _median(values: Sequence[float]) -> float | None:
    return median(values) if values else None


def table(result: Mapping[str, Any]) -> str:
    n = result["n_papers"]
    lines = [
        f"{result['shape']}: {n} papers, {result['n_requests']} requests, {result['prompt_tokens']} prompt tokens "
        f"({result['distinct_tokens']} distinct), at most {result['max_tokens']} an answer; {result['model']}, "
        f"{result['n_threads']} threads, {result['rounds']} rounds",
    ]
    if result["shape"] == "pieces":
        lines.append(f"shared prefix of instructions and examples: {result['prefix_tokens']} tokens")
    lines.append(
        f"{'contender':<12} {'seconds (least - most)':>26} {'s/paper':>8} {'papers/h':>8} {'computed':>9} {'reused':>8} "
        f"{'answered':>8} {'peak GB':>7}"
    )
    for name, c in result["contenders"].items():
        if name == "server":
            continue
        span = f"{c['seconds']:.1f} ({min(c['seconds_per_round']):.1f} - {max(c['seconds_per_round']):.1f})"
        lines.append(
            f"{name:<12} {span:>26} {c['seconds'] / n:>8.1f} {3600 * n / c['seconds']:>8.1f} {c['tokens_computed']:>9} "
            f"{c['tokens_reused']:>8} {c['completion_tokens']:>8} {c['peak_memory_bytes'] / 1e9:>7.2f}"
        )
    for key, label in (("limit_seconds", "limit"), ("limit_seconds_at_depth", "at depth")):
        if result[key] is not None:
            lines.append(
                f"{label:<12} {result[key]:>26.1f} {result[key] / n:>8.1f} {3600 * n / result[key]:>8.1f} "
                f"{result['distinct_tokens']:>9}"
            )
    for name, values in result["ratios_per_round"].items():
        if values:
            each = result["ratios_per_completion_token"][name]
            lines.append(
                f"{name} / ours: {median(values):.2f} ({min(values):.2f} - {max(values):.2f}); "
                f"for a completion token {each:.2f}"
            )
    if result["limit_fraction"] is not None:
        values = result["limit_fraction_per_round"]
        lines.append(
            f"limit / ours: {result['limit_fraction']:.1%} ({min(values):.1%} - {max(values):.1%}); "
            f"with attention at depth {result['limit_fraction_at_depth']:.1%}"
        )
    for limit in result["limit"]:
        for layout, rates in limit["layouts"].items():
            sizes = ", ".join(f"{size}: {rate:.1f}" for size, rate in rates["decode_rates"].items())
            lines.append(
                f"raw rates, tokens/s, weights {layout}: prefill {rates['prefill_rate']:.1f}; decode by sequences {sizes}; "
                f"at depth: prefill {' '.join(f'{rate:.0f}' for rate in rates['prefill_rates_by_depth'])}, "
                f"decode of {rates['best_size_at_depth']} {rates['decode_rate_at_depth']:.1f}"
            )
    lines += [f"warning: {warning}" for warning in result["warnings"]]
    return "\n".join(lines)
