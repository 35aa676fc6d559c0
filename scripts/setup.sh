# Set-up shared by scripts/run and scripts/test; they source it. It makes .venv in the checkout and installs into it.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
VENV="$ROOT/.venv"
export SUMMARIZER_CACHE="${SUMMARIZER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/summarizer}"
export PIP_DISABLE_PIP_VERSION_CHECK=1

say() { printf '== %s\n' "$*" >&2; }
fail() {
    printf '%s: error: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# A Python of version 3.11 or later; $PYTHON wins over what is found on the path.
find_python() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} python3.11 python3.12 python3.13 python3; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            "$candidate" -c 'import sys; print(sys.executable)'
            return
        fi
    done
    fail "no Python of version 3.11 or later found: install one, or name it with PYTHON=/path/to/python"
}

# llama-cpp-python is built from source: cmake and ninja come with its build requirements, the compiler does not.
check_compiler() {
    local c="${CC:-gcc}" cxx="${CXX:-g++}"
    if ! command -v "$c" >/dev/null || ! command -v "$cxx" >/dev/null; then
        fail "no C and C++ compiler ($c, $cxx): llama.cpp is compiled here; install gcc and g++, or set CC and CXX"
    fi
}

# gcc 12 takes processors that it does not know for older ones and keeps to half of their vectors' width: llama.cpp's prompts are
# then a tenth slower, and a quarter 2,000 tokens deep (docs/decisions.md). Older ones with AVX-512, but without BF16, lower
# their clock for it and are left alone; CMAKE_ARGS of the caller's own wins.
widen_vectors() {
    if [[ -z "${CMAKE_ARGS:-}" && "$(uname -m)" == x86_64 ]] && grep -qw avx512_bf16 /proc/cpuinfo 2>/dev/null; then
        local flags='-mtune=sapphirerapids -mprefer-vector-width=512'
        # shellcheck disable=SC2086
        "${CC:-gcc}" $flags -fsyntax-only -x c /dev/null 2>/dev/null || return 0 # too old to know them
        export CMAKE_ARGS="-DCMAKE_C_FLAGS='$flags' -DCMAKE_CXX_FLAGS='$flags'"
    fi
}

# set_up [EXTRA]: the virtual environment with this project, installed again only when what decides it has changed.
# Without a name the offline half; "dev" has both halves and what the tests need.
set_up() {
    local extra="${1:-offline}" python hash stamp
    if [[ -x "$VENV/bin/python" ]]; then
        python="$VENV/bin/python"
    else
        python=$(find_python)
        "$python" -c 'import ensurepip, venv' 2>/dev/null ||
            fail "$python has no venv module: install it (on Debian and Ubuntu the package python3-venv)"
        say "making $VENV with $python"
        "$python" -m venv "$VENV"
    fi
    hash=$({
        printf '%s\n' "$ROOT"
        "$VENV/bin/python" --version
        cat "$ROOT/pyproject.toml" "$ROOT/constraints.txt"
    } | sha256sum | cut -d ' ' -f 1)
    for stamp in "$VENV/.installed-$extra" "$VENV/.installed-dev"; do
        if [[ -f "$stamp" && "$(<"$stamp")" == "$hash" ]]; then
            return
        fi
    done
    stamp="$VENV/.installed-$extra"
    "$VENV/bin/python" -c 'import llama_cpp' 2>/dev/null || check_compiler
    widen_vectors
    say "installing the dependencies (the first time llama.cpp is compiled, which takes minutes)"
    # the same pip everywhere first; the kit carries it, too
    "$VENV/bin/python" -m pip install --quiet --constraint "$ROOT/constraints.txt" pip &&
        "$VENV/bin/python" -m pip install --quiet --constraint "$ROOT/constraints.txt" \
            --editable "$ROOT[$extra]" ||
        fail "the dependencies could not be installed (see above): check that pip can reach a package index"
    printf '%s\n' "$hash" >"$stamp"
}

# The checkout's own configuration, where there is one.
CONFIG=()
if [[ -f "$ROOT/config.toml" ]]; then
    CONFIG=(--config "$ROOT/config.toml")
fi

# fetch_models [NAME...]: into models/ of the checkout, by way of the cache; without a name, those of the configuration.
fetch_models() {
    say "models: ${*:-those of the configuration}"
    "$VENV/bin/summarizer" models fetch "$@" --models "$ROOT/models" "${CONFIG[@]}" >/dev/null
}
