"""How much a paper will cost: its real prompts, built by driving its real jobs with answers of the expected length.

Nothing is asked of the model. A stand-in answers every request, so that the questions that repeat earlier answers get their
length too, and tokens are counted with the engine's own tokenizer. What begins like a prompt asked before counts as
computed already: whole messages, and the start of the first one that differs.

Where a paper's sections are not read yet, each answer counts with the most evidence its prompt allows, in sentences of
average length. Where they are, the evidence is chosen by its cues alone: the encoder would cost as much time here as in
the run.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from summarizer.glossary import NO_GLOSSARY, Glossary
from summarizer.llm.engine import Engine
from summarizer.llm.probe import Rates
from summarizer.prompts import PromptVersion
from summarizer.records import TASKS, Completion, Message, Paper, Request, Section, Task
from summarizer.summarize.breakdown import break_down
from summarizer.summarize.jobs import Job
from summarizer.summarize.ladder import first_samplings, sampling_of
from summarizer.summarize.translation import translate_abstract

#: Length of an answer where none are there to judge by: characters of plain Chinese prose that have as many tokens, for each
#: character of the source. Translation: 262 reference abstracts; the others: 76 pieces by the default model.
ANSWER_CHARS: Mapping[Task, float] = {"translation": 0.30, "background": 0.26, "method": 0.34, "results": 0.37}
#: Times that a piece is asked, on average, where no answers are there to judge by (111 calls for 103 pieces).
TRIES = 1.1
#: Characters of a sentence chosen as evidence, where none are there to judge by.
EVIDENCE_CHARS = 160.0
#: Fewer pieces than this say too little about the next.
LEAST_PIECES = 20

_CHINESE = (
    "该研究提出了一种结构简单的方法，在不增加训练数据的情况下改进了模型对长文本的处理能力，并在多个公开数据集上与已有系统进行了比较。"
    "实验结果表明，这种做法能够明显降低错误率，同时保持较低的计算开销；作者还分析了不同设置对性能的影响，讨论了适用范围和局限。"
)
_ENGLISH = (
    "Existing systems estimate the parameters of each component separately, which makes their errors hard to "
    "trace, while the proposed framework trains all components together on recordings of several domains and lowers the "
    "error on LibriSpeech from 12.3% to 9.8% without any additional supervision or a larger model. "
)
#: Earlier texts at the same place of a prompt that the start of a new one is compared with.
_COMPARED = 24


@dataclass(frozen=True, slots=True)
class Habit:
    """How the answers to one task turn out. ``n_pieces``: how many it was judged by; 0: constants of this program."""

    tokens_per_char: float  #: tokens of an answer for each character of its source
    tries: float  #: times that a piece is asked, on average; the candidates of one try count once
    n_pieces: int = 0


@dataclass(frozen=True, slots=True)
class Work:
    """Expected tokens of some texts; fractions, since they are averages."""

    prefill_tokens: float = 0.0
    reused_tokens: float = 0.0
    decode_tokens: float = 0.0
    #: of the decoded tokens the longest row of answers each of which waits for the one before it
    chain_tokens: float = 0.0
    n_texts: int = 0

    def __add__(self, other: Work) -> Work:
        """The work of both side by side."""
        return Work(
            self.prefill_tokens + other.prefill_tokens,
            self.reused_tokens + other.reused_tokens,
            self.decode_tokens + other.decode_tokens,
            max(self.chain_tokens, other.chain_tokens),
            self.n_texts + other.n_texts,
        )

    def seconds(self, rates: Rates) -> float:
        """With all slots of the engine at work."""
        return (
            self.prefill_tokens / rates.prefill_tokens_per_second + self.decode_tokens / rates.decode_tokens_per_second
        )

    def tail_seconds(self, rates: Rates) -> float:
        """What its longest row of answers takes longer when nothing else is left to fill the other slots."""
        alone, together = rates.decode_alone_tokens_per_second, rates.decode_tokens_per_second
        return self.chain_tokens * max(0.0, 1 / alone - 1 / together)


def usual_habits(engine: Engine) -> dict[Task, Habit]:
    """What to expect before there are any answers of this model and these prompts."""
    tokens_per_han = engine.count_tokens(_CHINESE) / len(_CHINESE)
    return {task: Habit(ANSWER_CHARS[task] * tokens_per_han, TRIES) for task in TASKS}


class Forecaster:
    """Forecasts papers in the order in which they will be asked about: what an earlier one computed the later share.

    Args:
        habits: how the answers of each task turn out.
        evidence_chars: characters of a sentence of a paper that is not read yet.
        known: answers that are recorded, by request id; they cost nothing.
        glossary: terms that the questions of a translation name.
    """

    def __init__(
        self,
        engine: Engine,
        prompts: Mapping[Task, PromptVersion],
        habits: Mapping[Task, Habit],
        *,
        evidence_chars: float = EVIDENCE_CHARS,
        known: Mapping[str, Completion] | None = None,
        glossary: Glossary = NO_GLOSSARY,
    ) -> None:
        self._engine = engine
        self._glossary = glossary
        self._prompts = prompts
        self._habits = habits
        self._evidence_chars = max(1, round(evidence_chars))
        self._known = known or {}
        self._tokens_per_han = engine.count_tokens(_CHINESE) / len(_CHINESE)
        self._asked: dict[int, deque[str]] = {}  # by what comes before: the texts that followed
        self._counted: dict[str, int] = {}

    def paper(
        self,
        paper: Paper,
        sections: Sequence[Section] | None,
        tasks: Iterable[Task],
        n_attempts: Mapping[Task, int] | None = None,
    ) -> Work:
        """The work of these texts of a paper. ``sections`` is None while its PDF is not read."""
        work = Work()
        for task in tasks:
            attempt_no = (n_attempts or {}).get(task, 0) + 1
            work += self._text(paper, sections, self._prompts[task], attempt_no)
        self._counted.clear()  # of the next paper only the examples would come up again
        return work

    def _text(self, paper: Paper, sections: Sequence[Section] | None, prompt: PromptVersion, attempt_no: int) -> Work:
        model = self._engine.model
        if prompt.task == "translation":
            translation = translate_abstract(paper, prompt, model, attempt_no, self._glossary)
            return self._drive(translation, paper, prompt, attempt_no)
        if sections is None:
            return self._unread(paper, prompt)
        job = break_down(
            paper,
            sections,
            prompt,
            model,
            attempt_no,
            encode=_no_encoding,
            count_tokens=self._engine.count_tokens,
            glossary=self._glossary,
        )
        return self._drive(job, paper, prompt, attempt_no)

    def _drive(self, job: Job, paper: Paper, prompt: PromptVersion, attempt_no: int) -> Work:
        """Answer a job to its end. Only first tries are counted: how many follow is a matter of experience, not of this."""
        first = first_samplings(prompt) if attempt_no == 1 else (sampling_of(prompt.sampling, attempt_no - 1),)
        n_around = _n_around(prompt, paper)
        rounds: list[list[tuple[int, int, int]]] = []
        completions: list[Completion] | None = None
        while True:
            try:
                requests = next(job) if completions is None else job.send(completions)
            except StopIteration:
                return self._sum(prompt, rounds)
            completions, costs = [], []
            for request in requests:
                answer = self._known.get(request.request_id)
                if answer is None:
                    answer = self._stand_in(request, prompt, n_around)
                    if request.sampling in first:
                        costs.append((*self._reading(request.messages, answer.text), answer.completion_tokens))
                completions.append(answer)
            rounds.append(costs)

    def _unread(self, paper: Paper, prompt: PromptVersion) -> Work:
        n_chars, text = self._evidence_chars, _ENGLISH * 8
        n_tokens = self._answer_tokens(prompt, n_chars)
        if "text" in prompt.inputs:  # asked over its sections at once, as many as may be read
            n_sections = (prompt.limits.section_tokens or 8000) // max(1, self._count(_ENGLISH))
            values = {**_values(prompt, paper, ""), "text": _ENGLISH * n_sections}
            return self._sum(prompt, [[(*self._reading(prompt.render(values)), prompt.sampling.max_tokens)]])
        costs = []
        for i in range(prompt.limits.max_pieces or 6):
            start = 41 * i % len(_ENGLISH)  # each its own sentence, so that none looks like a repeated question
            sentence = text[start : start + n_chars]
            costs.append((*self._reading(prompt.render(_values(prompt, paper, sentence))), n_tokens))
        return self._sum(prompt, [costs])

    def _sum(self, prompt: PromptVersion, rounds: Sequence[Sequence[tuple[int, int, int]]]) -> Work:
        """From (tokens to compute, reused, of the answer) of the questions asked together, round after round."""
        tries = self._habits[prompt.task].tries
        costs = [cost for costs in rounds for cost in costs]
        return Work(
            prefill_tokens=tries * sum(cost[0] for cost in costs),
            reused_tokens=tries * sum(cost[1] for cost in costs),
            decode_tokens=tries * sum(cost[2] for cost in costs),
            chain_tokens=tries * sum(max((cost[2] for cost in costs), default=0) for costs in rounds),
            n_texts=1,
        )

    def _answer_tokens(self, prompt: PromptVersion, n_source_chars: int) -> int:
        expected = round(self._habits[prompt.task].tokens_per_char * n_source_chars)
        return max(1, min(expected, prompt.sampling.max_tokens))

    def _stand_in(self, request: Request, prompt: PromptVersion, n_around: int) -> Completion:
        n_tokens = self._answer_tokens(prompt, max(1, len(request.messages[-1].content) - n_around))
        n_chars = max(1, round(n_tokens / self._tokens_per_han))
        text = (_CHINESE * (n_chars // len(_CHINESE) + 1))[:n_chars]
        return Completion(request.request_id, text, "stop", 0, 0, n_tokens, 0.0)

    def _reading(self, messages: Sequence[Message], answer: str = "") -> tuple[int, int]:
        """Tokens of a prompt to compute, and those shared with prompts asked before, or with their answers."""
        n_tokens = self._engine.count_prompt_tokens(messages)
        counts = [self._count(m.content) for m in messages]
        # what the chat template adds, spread evenly: roles and marks are alike for all messages
        around = max(0.0, (n_tokens - sum(counts)) / len(messages))
        shared, before, same = 0.0, 0, True
        for message, count in zip(messages, counts, strict=True):
            text = f"{message.role}:{message.content}"
            asked = self._asked.setdefault(before, deque(maxlen=_COMPARED))
            if same and text in asked:
                shared += count + around
            elif same:
                same = False
                common = max((_n_common(text, other) for other in asked), default=0)
                start = message.content[: max(0, common - len(message.role) - 1)]
                shared += self._engine.count_tokens(start) if start else 0
            if text not in asked:
                asked.append(text)
            before = hash((before, text))
        if answer:
            self._asked.setdefault(before, deque(maxlen=_COMPARED)).append(f"assistant:{answer}")
        n_reused = min(n_tokens - 1, int(shared))  # one token is always computed
        return n_tokens - n_reused, n_reused

    def _count(self, text: str) -> int:
        if text not in self._counted:
            self._counted[text] = self._engine.count_tokens(text)
        return self._counted[text]


def _n_common(left: str, right: str) -> int:
    """Characters that two texts begin with alike."""
    differing = (i for i, (a, b) in enumerate(zip(left, right, strict=False)) if a != b)
    return next(differing, min(len(left), len(right)))


def _n_around(prompt: PromptVersion, paper: Paper) -> int:
    """Characters of a question that are not of its sentence."""
    return len(prompt.render_last_user(_values(prompt, paper, "")))


def _values(prompt: PromptVersion, paper: Paper, sentence: str) -> dict[str, object]:
    """What a question is rendered with where only its length counts; terms of a glossary do not."""
    return {**dict.fromkeys(prompt.inputs, ""), "title": paper.title, "sentence": sentence}


def _no_encoding(sentences: Sequence[str]) -> NDArray[np.float32]:
    """Vectors that tell nothing apart."""
    return np.zeros((len(sentences), 1), dtype=np.float32)
