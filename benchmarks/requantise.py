"""A copy of a model in other types of weights, made by llama.cpp's own quantizer, to try what a processor computes faster.

    python benchmarks/requantise.py MODEL.gguf COPY.gguf --type Q8_0 [--output-type Q8_0] [--pure]
    python benchmarks/builds.py rates DIR installed --model default --model COPY.gguf

The second command measures the copy beside its original. Weights that are quantised already lose a little more at each
change of type, and gain nothing by a wider one: only the way they are computed changes. ``--output-type`` is that of the
output matrix, which is the table of embeddings, too, where a model ties the two (Qwen2.5 of 1.5 billion weights and fewer).
"""

from __future__ import annotations

import argparse
import ctypes
import os
import sys
import time
from pathlib import Path


def main() -> int:
    import llama_cpp

    #: Whole-file types of llama.cpp (``llama_ftype``), and types of one tensor (``ggml_type``), by their common names.
    file_types = {
        name: getattr(llama_cpp, f"LLAMA_FTYPE_MOSTLY_{name}")
        for name in ("Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K_S", "Q4_K_M", "Q5_K_M", "Q6_K", "IQ4_NL", "BF16")
    }
    tensor_types = {name: getattr(llama_cpp, f"GGML_TYPE_{name}") for name in ("Q4_0", "Q8_0", "Q4_K", "Q5_K", "Q6_K")}
    parser = argparse.ArgumentParser(description="A copy of a model in other types of weights.")
    parser.add_argument("model", type=Path)
    parser.add_argument("copy", type=Path)
    parser.add_argument("--type", choices=file_types, required=True)
    parser.add_argument("--output-type", choices=tensor_types)
    parser.add_argument("--pure", action="store_true", help="every matrix in this type, no mixture")
    args = parser.parse_args()
    if not args.model.is_file():
        print(f"there is no {args.model}", file=sys.stderr)
        return 2
    if args.copy.exists():
        print(f"{args.copy} exists already: give another name, or take it away first", file=sys.stderr)
        return 2
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype = file_types[args.type]
    params.allow_requantize = True
    params.pure = args.pure
    if args.output_type:
        params.output_tensor_type = params.token_embedding_type = tensor_types[args.output_type]
    silent = llama_cpp.llama_log_callback(lambda *_: None)
    llama_cpp.llama_log_set(silent, ctypes.c_void_p(0))
    llama_cpp.llama_backend_init()
    started = time.perf_counter()
    part = args.copy.with_name(args.copy.name + ".part")
    if llama_cpp.llama_model_quantize(os.fsencode(args.model), os.fsencode(part), ctypes.byref(params)) != 0:
        part.unlink(missing_ok=True)
        print(f"llama.cpp cannot make {args.type} of {args.model}", file=sys.stderr)
        return 4
    part.rename(args.copy)
    sizes = args.model.stat().st_size / 1e6, args.copy.stat().st_size / 1e6
    print(f"{sizes[0]:,.0f} MB -> {sizes[1]:,.0f} MB in {time.perf_counter() - started:.0f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
