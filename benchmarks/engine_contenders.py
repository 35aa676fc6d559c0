"""The contenders of the engine benchmark, each run in a child process of its own: a task in, figures out, as JSON files."""

from __future__ import annotations

import inspect
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine_limit import measure_limit
from engine_server import cpu_features, peak_memory, run_server
from engine_work import SHAPES, Item, long_items, piece_items, shared_prefix, usable_papers

from summarizer.errors import ModelError, SummarizerError
from summarizer.llm.llama import LlamaEngine, open_llama
from summarizer.records import Message, ModelInfo, Request, Sampling

Task = dict[str, Any]
Result = dict[str, Any]

#: Something to answer before the clock starts, so that nobody pays for the first touch of pages and threads.
_WARM_UP = (Message("user", "你好"),)


def default_slots() -> int:
    default = inspect.signature(open_llama).parameters["n_slots"].default
    return default if isinstance(default, int) else 16


def run_worker(task_path: Path, result_path: Path) -> None:
    """Do one task; errors that a person can act on become a result too."""
    task: Task = json.loads(task_path.read_text(encoding="utf-8"))
    try:
        result = _WORKERS[task["contender"].partition("-")[0]](task)
        result["peak_memory_bytes"] = result.get("peak_memory_bytes") or peak_memory()
    except SummarizerError as error:
        result = {"error": str(error), "exit_code": error.exit_code}
    result_path.write_text(json.dumps(result, ensure_ascii=False), encoding="utf-8")


# Preparing


def prepare(task: Task) -> Result:
    """Read the papers and tokenize the requests of all shapes with the model's own tokenizer and template."""
    engine = open_llama(Path(task["model"]), ModelInfo(**task["model_info"]), n_ctx=512, n_slots=1, n_batch=32)

    def build(index: int, name: str, sections: Any) -> list[Item]:
        long = long_items(index, name, sections, engine.count_tokens)
        return [*long, *piece_items(name, sections, engine.count_tokens, task["n_pieces"])]

    papers = usable_papers(Path(task["pdf"]), task["limit"], build)
    n_long = 4
    rows: dict[str, list[dict[str, Any]]] = {shape: [] for shape in SHAPES}
    for items in papers:
        for number, item in enumerate(items):
            rows["long" if number < n_long else "pieces"].append(_as_row(item, engine))
    result = {"n_papers": len(papers), "prefix_tokens": engine.count_prompt_tokens(shared_prefix()), "shapes": rows}
    engine.close()
    _compare_with_the_high_level_class(task["model"], [row for shape in SHAPES for row in rows[shape]])
    return result


def _as_row(item: Item, engine: LlamaEngine) -> dict[str, Any]:
    row: dict[str, Any] = {"id": item.request_id, "messages": [[m.role, m.content] for m in item.messages]}
    row["tokens"] = engine._backend.prompt_tokens(item.messages)
    row["naive_tokens"] = engine._backend.prompt_tokens(item.naive_messages)
    return row


def _compare_with_the_high_level_class(model: str, rows: list[dict[str, Any]]) -> None:
    """The prompts must be those that llama-cpp-python's own chat formatting gives, but for a start token."""
    from llama_cpp import Llama
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter

    llama = Llama(model, vocab_only=True, verbose=False)
    names = {name: llama._model.token_get_text(getattr(llama, f"token_{name}")()) for name in ("bos", "eos")}
    template = llama.metadata["tokenizer.chat_template"]
    render = Jinja2ChatFormatter(template, eos_token=names["eos"], bos_token=names["bos"])
    for row in rows:
        messages: Any = [{"role": role, "content": content} for role, content in row["messages"]]
        if any("<|" in m["content"] for m in messages):
            continue  # there the class reads special tokens out of a paper's text
        prompt = render(messages=messages).prompt
        n_tokens = len(llama.tokenize(prompt.encode(), add_bos=False, special=True))
        if abs(n_tokens - len(row["tokens"])) > 1:
            raise ModelError(f"prompt {row['id']} has {len(row['tokens'])} tokens, by its own template {n_tokens}")
    llama.close()


# Contenders


def run_naive(task: Task) -> Result:
    """The high-level class, one request after another, the question first, and nothing kept from one to the next."""
    return _run_llama(task, "naive_tokens", forget=True)


def run_sequential(task: Task) -> Result:
    """The high-level class, one request after another; the common prefix with the last prompt is not computed again."""
    return _run_llama(task, "tokens", forget=False)


def _run_llama(task: Task, prompts: str, *, forget: bool) -> Result:
    from llama_cpp import Llama

    started = time.perf_counter()
    llama = Llama(
        task["model"],
        n_ctx=_context(task),
        n_batch=512,
        n_threads=task["n_threads"],
        n_threads_batch=task["n_threads"],
        flash_attn=True,  # what llama.cpp chooses when it is not told; the class would switch it off
        logits_all=False,
        verbose=False,
    )
    llama.create_completion(_tokens_of(llama, "你好"), max_tokens=2, temperature=0.0)
    llama.reset()
    loaded = time.perf_counter()
    answers: dict[str, Any] = {}
    n_reused = 0
    for row in task["rows"]:
        prompt = row[prompts]
        if forget:
            llama.reset()
        n_reused += min(Llama.longest_token_prefix(llama.input_ids[: llama.n_tokens].tolist(), prompt), len(prompt) - 1)
        done: Any = llama.create_completion(
            list(prompt), max_tokens=task["max_tokens"], temperature=0.0, repeat_penalty=1.0
        )
        choice, usage = done["choices"][0], done["usage"]
        answers[row["id"]] = {
            "prompt_tokens": usage["prompt_tokens"],
            "completion_tokens": usage["completion_tokens"],
            "finish_reason": choice["finish_reason"],
            "text": choice["text"],
        }
    seconds = time.perf_counter() - loaded
    return _figures(answers, n_reused, seconds, loaded - started)


def _tokens_of(llama: Any, text: str) -> list[int]:
    tokens: list[int] = llama.tokenize(text.encode(), add_bos=True)
    return tokens


def run_ours(task: Task) -> Result:
    """The engine of this program with its defaults, everything submitted at once, paper by paper."""
    options = dict(task["ours_options"])
    if task["threads_given"]:
        options["n_threads"] = task["n_threads"]
    started = time.perf_counter()
    engine = open_llama(Path(task["model"]), ModelInfo(**task["model_info"]), **options)
    sampling = Sampling(max_tokens=task["max_tokens"])
    _answer_all(engine, [Request("warm-up", _WARM_UP, Sampling(max_tokens=2))])
    requests = [
        Request(row["id"], tuple(Message(role, content) for role, content in row["messages"]), sampling)
        for row in task["rows"]
    ]
    loaded = time.perf_counter()
    completions = _answer_all(engine, requests)
    seconds = time.perf_counter() - loaded
    answers = {
        c.request_id: {
            "prompt_tokens": c.prompt_tokens,
            "completion_tokens": c.completion_tokens,
            "finish_reason": c.finish_reason,
            "text": c.text,
        }
        for c in completions
    }
    result = _figures(answers, sum(c.prompt_tokens_reused for c in completions), seconds, loaded - started)
    engine.close()
    import llama_cpp

    result["cpu_features"] = cpu_features(llama_cpp.llama_print_system_info().decode())
    return result


def _answer_all(engine: LlamaEngine, requests: list[Request]) -> list[Any]:
    for request in requests:
        engine.submit(request)
    done: list[Any] = []
    while engine.n_waiting:
        done += engine.poll(1.0)
    return done


def run_the_server(task: Task) -> Result:
    """llama.cpp's own server with as many clients as slots; see engine_server."""
    n_slots = int(task["contender"].partition("-")[2])
    answers, n_reused, seconds, load_seconds, memory = run_server(task, n_slots, _context(task))
    result = _figures(answers, n_reused, seconds, load_seconds)
    if memory is not None:
        result["peak_memory_bytes"] = memory
    else:
        import xllamacpp

        result["cpu_features"] = cpu_features(xllamacpp.get_system_info())
    return result


def run_limit(task: Task) -> Result:
    """The raw rates; the seconds that follow from them are worked out where the tokens of the others are known."""
    prompts = [row["tokens"] for row in task["rows"]]
    return measure_limit(task["model"], prompts, task["n_threads"], task["max_tokens"])


def _context(task: Task) -> int:
    """Tokens that the longest request needs, answer included."""
    longest = max(len(tokens) for row in task["rows"] for tokens in (row["tokens"], row["naive_tokens"]))
    return -(-(longest + task["max_tokens"] + 8) // 256) * 256


def _figures(answers: dict[str, Any], n_reused: int, seconds: float, load_seconds: float) -> Result:
    n_prompt = sum(a["prompt_tokens"] for a in answers.values())
    return {
        "seconds": seconds,
        "load_seconds": load_seconds,
        "prompt_tokens": n_prompt,
        "tokens_computed": n_prompt - n_reused,
        "tokens_reused": n_reused,
        "completion_tokens": sum(a["completion_tokens"] for a in answers.values()),
        # the first token of an answer comes with the prompt, and what ended by itself gave one more step
        "decoded_tokens": sum(a["completion_tokens"] - (a["finish_reason"] != "stop") for a in answers.values()),
        "answers": answers,
        "gomp_spincount": os.environ.get("GOMP_SPINCOUNT", ""),
    }


_WORKERS: dict[str, Callable[[Task], Result]] = {
    "prepare": prepare,
    "naive": run_naive,
    "sequential": run_sequential,
    "server": run_the_server,
    "ours": run_ours,
    "limit": run_limit,
}
