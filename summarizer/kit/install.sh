#!/bin/sh
# Install a kit of summarizer where there is no network, no compiler, and no need to be root:
#
#     sh kit/install.sh [--sums SHA256] TARGET
#
# TARGET is a folder that you may write to, for instance /opt/summarizer. --sums: refuse the kit unless this is the SHA-256 of
# its SHA256SUMS, the number that `summarizer kit build` printed. The Python to use is found on the PATH, or is named by the
# variable PYTHON. Run it again to repair what is damaged, or to go on after an interruption: what is right is left alone.
#
# Nothing of the kit is run before every file of it was compared with SHA256SUMS. Exit code 0: installed; 2: called wrongly;
# 8: not installed, and the last line says why; what was installed before still works.
set -eu
umask 022
# what this machine's Python is told to find elsewhere is none of the kit's
unset PYTHONPATH PYTHONHOME PYTHONSTARTUP

fail() {
    printf 'install.sh: error: %s\n' "$*" >&2
    exit 8
}
say() { printf '== %s\n' "$*" >&2; }
usage() {
    printf 'usage: sh install.sh [--sums SHA256] TARGET\n' >&2
    exit 2
}

sums=
while [ $# -gt 0 ]; do
    case $1 in
        --sums) [ $# -ge 2 ] || usage; sums=$2; shift 2 ;;
        -h | --help) sed -n '2,12s/^# \{0,1\}//p' "$0"; exit 0 ;;
        -*) usage ;;
        *) break ;;
    esac
done
if [ $# -ne 1 ] || [ -z "$1" ]; then
    usage
fi
case $1 in
    /*) target=$1 ;;
    *) target=$(pwd)/$1 ;;
esac
kit=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
[ -f "$kit/kit.json" ] || fail "$kit/kit.json is missing: this is no whole kit; copy it again"

# The wheels are made for one version of Python.
wanted=$(sed -n 's/^ *"python": "\([0-9.]*\)".*/\1/p' "$kit/kit.json")
python=
seen=
for candidate in ${PYTHON:+"$PYTHON"} "python$wanted" python3 python; do
    found=$("$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
    if [ "$found" = "$wanted" ]; then
        python=$candidate
        break
    fi
    seen="$seen $candidate is $found;"
done
[ -n "$seen" ] || seen=" no Python was found;"
[ -n "$python" ] || fail "this kit is for Python $wanted, which is not here (${seen# } looked for" \
    "python$wanted, python3, python): install it, name it with PYTHON=/path/to/python$wanted, or have a kit built with --python"

run() { "$python" -I -B - "$@"; }

say "comparing $kit with its SHA256SUMS"
run "$kit" "$target" "$sums" <<'PROGRAM' || exit 8
import hashlib, json, os, platform, shutil, sys
from pathlib import Path

kit, target, told = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3].lower()


def fail(line):
    sys.exit("install.sh: error: " + line)


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


try:
    of_sums = sha256(kit / "SHA256SUMS")
    lines = (kit / "SHA256SUMS").read_text("utf-8").splitlines()
    sums = dict(reversed(line.split("  ", 1)) for line in lines)
except (OSError, ValueError) as error:
    fail(f"{kit}/SHA256SUMS cannot be read: {error}: copy the kit again")
print(f"== SHA256SUMS has SHA-256 {of_sums}", file=sys.stderr)
if told and told != of_sums:
    fail(f"SHA256SUMS has not the SHA-256 that --sums says, {told}: this is another kit, or a changed one")
paths = [path for path in kit.rglob("*") if path.is_symlink() or not path.is_dir()]
there = {path.relative_to(kit).as_posix() for path in paths} - {"SHA256SUMS"}
for name in sorted(sums.keys() - there):
    fail(f"{name} is missing from the kit: copy the kit again")
for name in sorted(there - sums.keys()):
    fail(f"{name} is not in SHA256SUMS: it does not belong to the kit; take it out, or copy the kit again")
for name, wanted in sums.items():
    path = kit / name
    if path.is_symlink() or not path.is_file():
        fail(f"{name} is a link or no file: copy the kit again")
    try:
        found = sha256(path)
    except OSError as error:
        fail(f"{name} cannot be read: {error.strerror}: copy the kit again")
    if found != wanted:
        fail(f"{name} is not as it was when the kit was built: copy the kit again")

about = json.loads((kit / "kit.json").read_text("utf-8"))
if about.get("kit_format") != 1:
    fail(f"kit_format {about.get('kit_format')} is not known to this installer: take the install.sh that came with the kit")
if platform.machine() != about["machine"] or sys.maxsize < 2**32:
    bits = 64 if sys.maxsize > 2**32 else 32
    fail(f"this kit is for {about['machine']}, this Python is for {platform.machine()} with {bits} bits: build another kit")
try:
    libc, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
except (ValueError, AttributeError):
    libc, version = "", ""
if libc != "glibc":
    fail("this system has no glibc (musl?): the kit is for Linux with glibc")
if [int(n) for n in version.split(".")[:2]] < [int(n) for n in about["glibc"].split(".")]:
    fail(f"this system has glibc {version}, the kit needs {about['glibc']} ({about['platform']}): build it on an older system")
try:
    import venv
except ImportError:
    fail(f"{sys.executable} has no module venv: install it (on Debian and Ubuntu the package python3-venv)")

place = target
while not place.exists():
    place = place.parent
if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
    fail(f"{place} cannot be written by this user: choose another TARGET, or make it writable")
there = sum(p.stat().st_size for n in sums if n.startswith("models/") and (p := target / n).is_file())
# compiled Python and half-filled blocks beside the packages: a third more, measured. A second environment stands beside the
# first while it is made, so what is there already does not count
needed = int(1.35 * about["packages_bytes"]) + max(0, about["models_bytes"] - there)
free = shutil.disk_usage(place).free
if free < needed:
    fail(f"{place} has {free / 1e9:.1f} GB free, installing needs {needed / 1e9:.1f} GB: make room, or choose another TARGET")
PROGRAM

mkdir -p "$target/env" "$target/bin" || fail "$target cannot be made"
id=$(run "$kit/SHA256SUMS" <<'PROGRAM'
import hashlib, sys
print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest()[:12])
PROGRAM
)

# The environment that is there stays if it is of this kit and every file of it is as pip left it.
env=
if [ -L "$target/.venv" ]; then
    env=$(readlink "$target/.venv")
    case $env in
        env/"$id"-*) ;;
        *) env= ;;
    esac
fi
if [ -n "$env" ] && ! run "$target/$env" <<'PROGRAM'; then
import base64, csv, hashlib, sys
from pathlib import Path

records = list(Path(sys.argv[1]).glob("lib/python3.*/site-packages/*.dist-info/RECORD"))
for record in records:
    with open(record, encoding="utf-8", newline="") as stream:
        for name, digest, _ in csv.reader(stream):
            if not digest or name.endswith(".pyc"):
                continue
            try:
                data = (record.parent.parent / name).read_bytes()
            except OSError:
                sys.exit(1)
            found = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            if digest != "sha256=" + found:
                sys.exit(1)
sys.exit(not records)
PROGRAM
    say "the environment $target/$env is damaged: making it anew"
    env=
fi
if [ -z "$env" ]; then
    env=env/$id-$$
    say "making $target/$env"
    trap 'rm -rf "$target/$env"' EXIT
    trap 'exit 130' INT TERM HUP
    # pip comes out of the kit: a Python without ensurepip will do
    "$python" -I -m venv --without-pip "$target/$env" || fail "$python cannot make a virtual environment in $target/$env"
    for pip in "$kit"/wheels/pip-*.whl; do :; done
    # --isolated and the empty configuration: nothing that this machine's pip is set to can bring in another file
    PIP_CONFIG_FILE=/dev/null "$target/$env/bin/python" -I "$pip/pip" --isolated --quiet --disable-pip-version-check install \
        --no-index --find-links "$kit/wheels" --no-deps --require-hashes --no-cache-dir -r "$kit/requirements.txt" ||
        fail "the packages could not be installed into $target/$env (see above)"
    PIP_CONFIG_FILE=/dev/null "$target/$env/bin/python" -I "$pip/pip" --isolated --quiet --disable-pip-version-check check >&2 ||
        fail "the packages of the kit do not fit one another (see above): build the kit again"
    "$target/$env/bin/summarizer" --version >/dev/null || fail "the program does not start in $target/$env (see above)"
else
    say "the environment $target/$env is as it should be"
fi

say "models, prompts and documents"
run "$kit" "$target" "$env" <<'PROGRAM' || exit 8
import hashlib, os, shutil, sys
from pathlib import Path

kit, target, env = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
sums = dict(reversed(line.split("  ", 1)) for line in (kit / "SHA256SUMS").read_text("utf-8").splitlines())


def fail(line):
    sys.exit("install.sh: error: " + line)


def sha256(path):
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def place(name):
    """Copy one file of the kit, unless it is there already; it has its name only once it is whole and right."""
    path = target / name
    if path.is_file() and not path.is_symlink() and sha256(path) == sums[name]:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name("." + path.name + ".part")
    shutil.copyfile(kit / name, part)
    if sha256(part) != sums[name]:
        part.unlink()
        fail(f"{path} was not written as it was read: is the disk in order?")
    if name.startswith("scripts/"):
        part.chmod(0o755)
    part.replace(path)


def released(path):
    try:
        lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError:
        return {}
    return {tuple(f[:2]): f[2] for line in lines if len(f := line.split()) == 3 and not line.startswith("#")}


def merge_lock():
    """Versions that were released here stay released, and are never overwritten by one of the same name."""
    ours, theirs = released(target / "prompts/LOCK"), released(kit / "prompts/LOCK")
    for key, digest in theirs.items():
        if ours.get(key, digest) != digest:
            fail(f"prompts/{key[0]}/{key[1]}.md was released here with another text than the kit has: give yours another name")
    kept = {key: digest for key, digest in ours.items() if key not in theirs}
    if not kept:
        return None
    text = (kit / "prompts/LOCK").read_text("utf-8")
    return text + "".join(f"{task} {version} {digest}\n" for (task, version), digest in sorted(kept.items()))


try:
    lock = merge_lock()
    folders = ("models/", "prompts/", "samples/", "scripts/", "docs/")
    files = ("README.md", "CHANGELOG.md", "LICENSE", "config.example.toml", "sample.sh", "sbom.cdx.json")
    for name in sums:
        if name in files or (name.startswith(folders) and name != "prompts/LOCK"):
            place(name)
    if lock is None:
        place("prompts/LOCK")
    else:
        part = target / "prompts/.LOCK.part"
        part.write_text(lock, "utf-8")
        part.replace(target / "prompts/LOCK")
    if "config.toml" in sums and not (target / "config.toml").exists():
        place("config.toml")
    shutil.copyfile(kit / "SHA256SUMS", target / "SHA256SUMS")
    place("kit.json")
    # the one moment in which the program becomes the new one
    link = target / ".venv.new"
    link.unlink(missing_ok=True)
    link.symlink_to(env)
    os.replace(link, target / ".venv")
    link = target / "bin" / ".summarizer.new"
    link.unlink(missing_ok=True)
    link.symlink_to("../.venv/bin/summarizer")
    os.replace(link, target / "bin" / "summarizer")
except OSError as error:
    fail(f"{error.filename or target}: {error.strerror}: make room or correct the rights, then run this again")
PROGRAM
trap - EXIT
for old in "$target"/env/*; do
    [ "$old" = "$target/$env" ] || rm -rf "$old"
done

say "installed. Next: $target/bin/summarizer doctor"
printf '%s\n' "$target/bin/summarizer"
