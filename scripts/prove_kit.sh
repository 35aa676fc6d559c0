#!/usr/bin/env bash
# scripts/prove_kit.sh [--kit KIT] [--work DIR] [--models NAMES] [RUN-OPTION...]: show that a kit installs and works with no
# network, no compiler and, where this system allows it, without being root. It builds a kit (or takes KIT), installs it, runs
# `summarizer doctor` and makes the daily post of the sample papers, all in a network namespace without an interface; where
# namespaces are not allowed, with the proxy and index variables pointing nowhere, and it says which. Sizes and times go to
# stdout, the rest to stderr and to DIR/log.txt. RUN-OPTIONs go to `summarizer run`, such as --max-papers 1. PYTHON=FILE names
# the Python to install with; for a proof without root it must lie where every user can run it, not in a home folder.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

kit='' work='' models=default,embedder
while (($#)); do
    case $1 in
        --kit) kit=$(realpath "$2"); shift 2 ;;
        --work) work=$2; shift 2 ;;
        --models) models=$2; shift 2 ;;
        *) break ;;
    esac
done
if [[ -z "$work" ]]; then
    work=$(mktemp -d)
fi
mkdir -p "$work"
work=$(realpath "$work")
chmod a+rx "$work"
log="$work/log.txt"
: >"$log"

figure() { printf '%-34s %s\n' "$1" "$2"; }
megabytes() { du -sL --block-size=1 "$@" | awk '{sum += $1} END {printf "%.0f MB", sum / 1e6}'; }
# timed NAME COMMAND...: its seconds as a figure; what it prints goes to the log
timed() {
    local name=$1 started=$SECONDS code=0
    shift
    say "$name"
    "$@" >>"$log" 2>&1 || code=$?
    if ((code != 0)); then
        tail -n 15 "$log" >&2
        fail "$name ended with exit code $code: see $log"
    fi
    figure "$name" "$((SECONDS - started)) s"
}

if [[ -z "$kit" ]]; then
    set_up
    kit="$work/kit"
    timed "kit build" "$VENV/bin/summarizer" --models "$ROOT/models" kit build --out "$kit" --models "$models" \
        --prompts "$ROOT/prompts"
fi
figure "kit" "$(megabytes "$kit"), $(find "$kit" -type f | wc -l) files"
figure "  of these wheels" "$(megabytes "$kit/wheels"), $(find "$kit/wheels" -type f | wc -l) files"
figure "  of these models" "$(megabytes "$kit/models")"
figure "  the largest wheels" "$(cd "$kit/wheels" && ls -S | head -n 3 | xargs du -hL | awk '{printf "%s %s; ", $2, $1}')"

# A PATH with what the installer uses, and nothing that compiles.
wanted=$(sed -n 's/^ *"python": "\([0-9.]*\)".*/\1/p' "$kit/kit.json")
python=$("${PYTHON:-python$wanted}" -c 'import os, sys; print(os.path.realpath(sys.executable))')
bin="$work/bin"
rm -rf "$bin" "$work/inside"
mkdir -p "$bin" "$work/inside" "$work/home"
for tool in sh sed cat dirname mkdir mv rm ls readlink env uname; do
    ln -s "$(command -v "$tool")" "$bin/$tool"
done
ln -s "$python" "$bin/python$wanted"
for tool in gcc g++ cc c++ clang make cmake; do
    if PATH="$bin" command -v "$tool" >/dev/null; then
        fail "$tool is on the PATH that should have no compiler"
    fi
done

# Away from the network, and from root where the Python can be read by others.
isolated=()
as="uid $(id -u)"
if ((EUID == 0)) && command -v setpriv >/dev/null; then
    drop=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    if "${drop[@]}" "$python" -c '' 2>/dev/null && "${drop[@]}" ls "$kit/kit.json" "$work/inside" >/dev/null 2>&1; then
        chown -R 65534:65534 "$work/inside" "$work/home"
        isolated=("${drop[@]}")
        as="uid 65534"
    else
        as="root (others cannot read $python, $kit or $work)"
    fi
fi
without="variables that point nowhere: no namespace is allowed here"
for words in "unshare --net" "unshare --map-root-user --net"; do
    # shellcheck disable=SC2086 # two words of a command
    if "${isolated[@]}" $words true 2>/dev/null; then
        # shellcheck disable=SC2206
        isolated+=($words)
        without="a namespace without an interface ($words)"
        break
    fi
done
figure "without a network by" "$without"
figure "installed as" "$as"
inside() {
    "${isolated[@]}" env -i PATH="$bin" HOME="$work/home" LANG=C.UTF-8 PYTHON="$python" \
        PIP_INDEX_URL=http://127.0.0.1:9/simple http_proxy=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9 \
        sh -c 'cd "$0" && exec "$@"' "$work/inside" "$@"
}
reach='import socket; socket.create_connection(("192.0.2.1", 80), 3)'
if inside "$python" -c "$reach" >>"$log" 2>&1; then
    fail "the network can be reached in there"
fi
figure "a connection from in there" "$(tail -n 1 "$log")"

target="$work/inside/summarizer"
timed "install.sh" inside sh "$kit/install.sh" "$target"
figure "installed" "$(megabytes "$target")"
timed "install.sh, a second time" inside sh "$kit/install.sh" "$target"
say "doctor"
started=$SECONDS
inside "$target/bin/summarizer" doctor 2>>"$log" | tee -a "$log"
figure "doctor" "$((SECONDS - started)) s, all is well"
timed "sample run" inside sh "$target/sample.sh" "$work/inside/sample" "$@"
post=$(find "$work/inside/sample/site" -name '*-arxiv.md' | head -n 1)
[[ -n "$post" ]] || fail "the sample run left no post"
figure "post" "$post, $(wc -c <"$post") bytes, $(grep -c '^## ' "$post") papers"
tail -n 3 "$log" | grep 'papers shown' || true
