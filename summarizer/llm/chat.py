"""Chat prompts under a model's own template, safe against text that looks like the template's special tokens.

The template is rendered with a marker in the place of every message's text, so that what the template wrote and what was
read from a paper stay apart: special tokens are recognised in the template's part only, and ``<|im_end|>`` in a paper is
ten ordinary characters. Plain text of both parts that stands together is tokenized together, as the model was trained.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from summarizer.errors import ModelError
from summarizer.records import Message

#: Either the id of a special token or plain text.
Part = int | str

_MARKER = re.compile("\ue000([0-9]+)\ue001")


class ChatTemplate:
    """A Jinja chat template and the special tokens of its vocabulary.

    Args:
        template: the ``tokenizer.chat_template`` of the model file.
        special: id of every control token, by its text.
        bos, eos: texts of the start and end tokens, "" where there is none.
    """

    def __init__(self, template: str, special: Mapping[str, int], bos: str, eos: str) -> None:
        from jinja2 import TemplateError
        from llama_cpp.llama_chat_format import Jinja2ChatFormatter

        # what a template may raise: its own refusals arrive as ValueError, faults of the template as the others
        self._refusals = (TemplateError, ValueError, TypeError, KeyError)
        try:
            self._formatter: Any = Jinja2ChatFormatter(template, eos_token=eos, bos_token=bos)
        except TemplateError as error:
            raise ModelError(f"the model's chat template cannot be read ({error}): use another GGUF file") from error
        self._special = dict(special)
        names = sorted((re.escape(s) for s in special if s), key=len, reverse=True)
        self._split = re.compile("(" + "|".join(names) + ")") if names else None

    def parts(self, messages: Sequence[Message]) -> list[Part]:
        """The prompt up to where the answer starts, as special tokens and plain texts. Raises ModelError."""
        contents = [m.content for m in messages]
        roles: list[str] = [m.role for m in messages]
        try:
            marked = self._render(roles, [f"\ue000{i}\ue001" for i in range(len(roles))])
        except self._refusals as error:
            if roles[:2] != ["system", "user"]:
                raise ModelError(f"the model's chat template refuses the roles {', '.join(roles)}: {error}") from error
            # templates without a system role: its text opens the first message of the user
            user = Message("user", f"{contents[0]}\n\n{contents[1]}")
            return self.parts([user, *messages[2:]])
        if self._fill(marked, contents) != self._whole(roles, contents):
            stripped = [content.strip() for content in contents]
            if self._fill(marked, stripped) == self._whole(roles, contents):
                contents = stripped  # the template strips messages
        return self._cut(marked, contents)

    def _render(self, roles: Sequence[str], contents: Sequence[str]) -> str:
        rows = [{"role": role, "content": content} for role, content in zip(roles, contents, strict=True)]
        return str(self._formatter(messages=rows).prompt)

    def _whole(self, roles: Sequence[str], contents: Sequence[str]) -> str | None:
        try:
            return self._render(roles, contents)
        except self._refusals:
            return None

    @staticmethod
    def _fill(marked: str, contents: Sequence[str]) -> str:
        return _MARKER.sub(lambda m: contents[int(m[1])], marked)

    def _cut(self, marked: str, contents: Sequence[str]) -> list[Part]:
        parts: list[Part] = []
        for i, piece in enumerate(_MARKER.split(marked)):
            if i % 2:
                _add_text(parts, contents[int(piece)])
                continue
            for text in self._split.split(piece) if self._split else [piece]:
                if text in self._special:
                    parts.append(self._special[text])
                else:
                    _add_text(parts, text)
        return parts


def _add_text(parts: list[Part], text: str) -> None:
    if not text:
        return
    last = parts[-1] if parts else None
    if isinstance(last, str):
        parts[-1] = last + text
    else:
        parts.append(text)
