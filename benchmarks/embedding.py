"""How fast abstracts are embedded, and what other ways to run the encoder would change.

    python benchmarks/embedding.py --pairs version_pairs.jsonl.gz [--limit N] [--ways float32,int8,...] [--json]

Each way runs the same network on the same texts, sorted by length, in batches: ``float32`` and ``bfloat16`` by torch, ``int8``
by torch with its linear layers quantised when they are called, ``onnx`` and ``onnx-int8`` by onnxruntime (needs the packages
onnx and onnxscript to export the network), ``openvino`` and ``openvino-bf16`` (needs openvino). ``encode`` is what the program
does, ``encode-64`` the same with so many texts a call, which sort by length less well; ``float32@8`` takes batches of 8 in
place of 32. A way whose packages are missing is left out.

Beside the rate stand the mean and the largest distance of a vector from that of ``float32`` (1 - cosine), and precision, recall
and F1 of the near-duplicate rule with these vectors: on N true pairs, and on as many of a paper and the nearest of the others.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from dedup_pairs import read_lines, true_pairs

from summarizer.embed import Earlier, Vectors, embedding_input, find_duplicates, load_encoder
from summarizer.records import ModelInfo

Forward = Callable[[dict[str, Any]], Any]

_BATCH = 32


class Network:
    """The encoder's parts: tokenizer, transformer, mean over the tokens."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoModel, AutoTokenizer

        self.tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
        self.transformer = AutoModel.from_pretrained(str(folder), local_files_only=True).eval()
        self.max_tokens = json.loads((folder / "sentence_bert_config.json").read_text())["max_seq_length"]

    def batch(self, texts: Sequence[str]) -> dict[str, Any]:
        return dict(self.tokenizer(
            list(texts), padding=True, truncation=True, max_length=self.max_tokens, return_tensors="pt"
        ))  # fmt: skip

    def encode(self, texts: Sequence[str], forward: Forward, batch: int) -> Vectors:
        """``forward``: the inputs as torch tensors to the last hidden states, of shape (texts, tokens, 384)."""
        import torch

        order = sorted(range(len(texts)), key=lambda n: -len(texts[n]))
        vectors = np.empty((len(texts), 384), dtype=np.float32)
        with torch.inference_mode():
            for first in range(0, len(order), batch):
                rows = order[first : first + batch]
                inputs = self.batch([texts[n] for n in rows])
                hidden = np.asarray(forward(inputs), dtype=np.float32)
                mask = inputs["attention_mask"].numpy()[:, :, None]
                mean = (hidden * mask).sum(axis=1) / mask.sum(axis=1)
                vectors[rows] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return vectors


def by_torch(network: Network, change: Callable[[Any], Any]) -> Forward:
    changed = change(network.transformer)
    return lambda inputs: changed(**inputs).last_hidden_state.float().numpy()


def bfloat16(network: Network) -> Forward:
    import copy

    import torch

    return by_torch(network, lambda transformer: copy.deepcopy(transformer).to(torch.bfloat16))


def int8(network: Network) -> Forward:
    import torch
    from torch.ao.quantization import quantize_dynamic

    return by_torch(network, lambda transformer: quantize_dynamic(transformer, {torch.nn.Linear}, dtype=torch.qint8))


def exported(network: Network, path: Path) -> None:
    import torch

    names = ["input_ids", "attention_mask", "token_type_ids"]
    inputs = network.batch(["two short texts", "of the same length"])
    shape = {0: torch.export.Dim("texts"), 1: torch.export.Dim("tokens")}
    torch.onnx.export(
        network.transformer, (), str(path), kwargs={name: inputs[name] for name in names}, input_names=names,
        output_names=["hidden", "pooled"], dynamic_shapes=dict.fromkeys(names, shape), dynamo=True, external_data=False,
        verbose=False,
    )  # fmt: skip


def onnx(network: Network, *, quantised: bool = False) -> Forward:
    import onnxruntime

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        exported(network, path)
        if quantised:
            from onnxruntime.quantization import QuantType, quantize_dynamic

            quantize_dynamic(path, path.with_name("int8.onnx"), weight_type=QuantType.QInt8)
            path = path.with_name("int8.onnx")
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    wanted = {entry.name for entry in session.get_inputs()}
    return lambda inputs: session.run(["hidden"], {k: v.numpy() for k, v in inputs.items() if k in wanted})[0]


def openvino(network: Network, precision: str = "f32") -> Forward:
    import openvino as ov

    inputs = network.batch(["two short texts", "of the same length"])
    model = ov.convert_model(network.transformer, example_input=inputs)
    compiled = ov.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": precision})
    return lambda inputs: compiled({k: v.numpy() for k, v in inputs.items()})[0]


WAYS: dict[str, Callable[[Network], Forward]] = {
    "float32": lambda network: by_torch(network, lambda transformer: transformer),
    "bfloat16": bfloat16,
    "int8": int8,
    "onnx": onnx,
    "onnx-int8": lambda network: onnx(network, quantised=True),
    "openvino": openvino,
    "openvino-bf16": lambda network: openvino(network, "bf16"),
}


def rule_figures(pairs: Sequence[Any], vectors: Vectors) -> dict[str, float]:
    """``vectors`` has two rows for each pair."""
    ones, others = vectors[::2], vectors[1::2]
    cosines = ones @ others.T

    def taken(one: int, other: int) -> bool:
        found = find_duplicates(pairs[other].other, [Earlier(pairs[one].one, float(cosines[one, other]))])
        return bool(found) and found[0].pair is not None

    n_found = sum(taken(n, n) for n in range(len(pairs)))
    np.fill_diagonal(cosines, -1.0)
    nearest = cosines.argmax(axis=1)
    n_wrong = sum(taken(n, int(nearest[n])) for n in range(len(pairs)))
    recall, precision = n_found / len(pairs), n_found / max(n_found + n_wrong, 1)
    return {"precision": precision, "recall": recall, "f1": 2 * precision * recall / max(precision + recall, 1e-9)}


def measure(way: str, network: Network, texts: Sequence[str], folder: Path) -> tuple[float, Vectors]:
    """Texts in a second, and their vectors."""
    name, _, number = way.partition("@")
    if name.startswith("encode"):
        encoder = load_encoder(folder, ModelInfo("embedder", "", folder.name, 0), int(number or _BATCH))
        encode = encoder.encode
        size = int(name.partition("-")[2] or len(texts))
    else:
        forward = WAYS[name](network)
        size = len(texts)

        def encode(texts: Sequence[str]) -> Vectors:
            return network.encode(texts, forward, int(number or _BATCH))

    encode(texts[:_BATCH])
    started = time.perf_counter()
    vectors = np.concatenate([encode(texts[first : first + size]) for first in range(0, len(texts), size)])
    return len(texts) / (time.perf_counter() - started), vectors


def main() -> int:
    parser = argparse.ArgumentParser(description="Rate of the encoder, and what other ways to run it change.")
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=Path("models/all-minilm-l6-v2"))
    parser.add_argument("--limit", type=int, default=256, help="so many pairs, with two texts each")
    parser.add_argument("--ways", default=",".join(["encode", *WAYS]), help="separated by commas")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    os.environ["ORT_DISABLE_TELEMETRY"] = os.environ["HF_HUB_OFFLINE"] = "1"
    warnings.simplefilter("ignore")
    pairs = true_pairs(list(read_lines(args.pairs))[: args.limit], {})
    texts = [embedding_input(p.paper) for pair in pairs for p in (pair.one, pair.other)]
    network = Network(args.model)
    truth: Vectors | None = None
    result: dict[str, Any] = {}
    for way in dict.fromkeys(["float32", *args.ways.split(",")]):
        try:
            rate, vectors = measure(way, network, texts, args.model)
        except ImportError as error:
            print(f"{way}: left out: {error}", file=sys.stderr)
            continue
        truth = vectors if truth is None else truth
        distances = 1.0 - (vectors * truth).sum(axis=1)
        result[way] = {
            "texts_per_second": round(rate, 1),
            "distance_mean": round(float(distances.mean()), 5),
            "distance_max": round(float(distances.max()), 5),
            **rule_figures(pairs, vectors),
        }
        print(f"{way}: {result[way]}", file=sys.stderr)
    if args.json:
        print(json.dumps({"n_texts": len(texts), "ways": result}, indent=1))
        return 0
    print("| way | texts/s | distance, mean | largest | precision | recall | F1 |\n|---|---|---|---|---|---|---|")
    for way, row in result.items():
        print(
            f"| {way} | {row['texts_per_second']} | {row['distance_mean']:.5f} | {row['distance_max']:.5f} "
            f"| {row['precision']:.2%} | {row['recall']:.1%} | {row['f1']:.4f} |"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
