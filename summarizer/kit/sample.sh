#!/bin/sh
# Make the daily post of the sample papers with an installed kit: sh TARGET/sample.sh [FOLDER] [OPTION...]
#
# Papers, bundle, store and site go into FOLDER (by default sample-run below the working folder); options go to
# `summarizer run`. Prints the path of the post.
set -eu
home=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
out=sample-run
case ${1:-} in
    '' | -*) ;;
    *) out=$1; shift ;;
esac
mkdir -p "$out"
if ! [ -f "$out/bundle" ]; then
    PYTHONDONTWRITEBYTECODE=1 "$home/.venv/bin/python" "$home/samples/make_samples.py" --out "$out/papers" >&2
    "$home/bin/summarizer" bundle pack "$out/papers" --date 2026-02-12 --out "$out" >"$out/bundle.part"
    mv "$out/bundle.part" "$out/bundle"
fi
exec "$home/bin/summarizer" run "$(cat "$out/bundle")" --store "$out/store.duckdb" --out "$out/site" "$@"
