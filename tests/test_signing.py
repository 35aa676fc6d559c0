"""Signed bundles: key files, what is trusted, and what a site refuses."""

from __future__ import annotations

import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import tar_blocks
from tar_blocks import entry, join, resealed, split

from summarizer.bundle import Signature, open_bundle
from summarizer.bundle.signatures import read_signatures, write_signatures
from summarizer.cli import main
from summarizer.errors import BundleError, ConfigError
from summarizer.signing import SigningKey, new_key, read_public_keys, read_signing_key, read_trusted_keys


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SUMMARIZER_KEY_PASSPHRASE", raising=False)


@pytest.fixture
def make_key(tmp_path: Path) -> Callable[[str], SigningKey]:
    def make(name: str) -> SigningKey:
        new_key(tmp_path / f"{name}.pem", name)
        return read_signing_key(tmp_path / f"{name}.pem")

    return make


def public(tmp_path: Path, *names: str) -> Path:
    """A file of trusted keys; a name with a minus before it is revoked."""
    path = tmp_path / f"{'+'.join(names)}.keys"
    lines = [("@revoked " if n[0] == "-" else "") + (tmp_path / f"{n.lstrip('-')}.pem.pub").read_text() for n in names]
    path.write_text("# the keys of this site\n\n" + "".join(lines), encoding="utf-8")
    return path


def refusal(path: Path, *keys: Path, required: bool = True) -> str:
    with (
        pytest.raises(BundleError) as caught,
        open_bundle(path, trust=read_trusted_keys(keys, require_signature=required)),
    ):
        pass
    assert "\n" not in str(caught.value)
    return str(caught.value)


def signed_by(path: Path, *keys: Path, required: bool = True) -> list[str]:
    with open_bundle(path, trust=read_trusted_keys(keys, require_signature=required)) as bundle:
        return [key.name for key in bundle.signed_by]


# --- key files ----------------------------------------------------------------------------------------------------


def test_a_new_key_is_private_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "collector.pem"
    made = new_key(path, "collector 2026")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().startswith("-----BEGIN PRIVATE KEY-----\n")
    assert (tmp_path / "collector.pem.pub").read_text() == f"{made.line} collector 2026\n"
    assert read_signing_key(path).public.line == made.line
    (listed,) = read_public_keys(tmp_path / "collector.pem.pub")
    assert (listed.key, listed.revoked) == (made, False)
    before = path.read_bytes()
    for victim in (path, tmp_path / "collector.pem.pub"):
        with pytest.raises(ConfigError, match="exists already"):
            new_key(path, "other")
        victim.unlink()
    path.write_bytes(before)
    with pytest.raises(ConfigError, match="exists already"):
        new_key(path, "other")
    assert not (tmp_path / "collector.pem.pub").exists()
    with pytest.raises(ConfigError, match="cannot be written"):
        new_key(tmp_path / "nowhere" / "x.pem", "x")
    for name in ("", " ", "two\nlines", "x" * 101):
        with pytest.raises(ConfigError, match="no name for a key"):
            new_key(tmp_path / "y.pem", name)


def test_an_encrypted_key_needs_its_passphrase(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    made = new_key(path, "k", "correct horse")
    assert "ENCRYPTED" in path.read_text()
    with pytest.raises(ConfigError, match="is encrypted: its passphrase is needed"):
        read_signing_key(path)
    with pytest.raises(ConfigError, match="wrong passphrase"):
        read_signing_key(path, lambda asked: "battery staple")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_signing_key(path, lambda asked: "")
    assert read_signing_key(path, lambda asked: "correct horse").key_id == made.key_id


def test_a_private_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    new_key(path, "k")
    path.chmod(0o640)
    with pytest.raises(ConfigError, match=r"can be read by others \(mode 640\): chmod 600"):
        read_signing_key(path)


def test_what_is_no_signing_key(tmp_path: Path) -> None:
    new_key(tmp_path / "key.pem", "k")
    path = tmp_path / "other.pem"
    for content, told in (
        (b"", "no private key"),
        ((tmp_path / "key.pem.pub").read_bytes(), "no private key"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "cannot be read"),
        (b"x" * (2 << 20), "no key file"),
    ):
        path.write_bytes(content)
        path.chmod(0o600)
        with pytest.raises(ConfigError, match=told):
            read_signing_key(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_signing_key(tmp_path / "none.pem")
    openssl = shutil.which("openssl")
    if openssl:
        subprocess.run([openssl, "genpkey", "-algorithm", "X25519", "-out", path], check=True, capture_output=True)
        path.chmod(0o600)
        with pytest.raises(ConfigError, match="no Ed25519 key"):
            read_signing_key(path)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("ssh-rsa AAAA name", "line 2 is not"),
        ("@revokedssh-ed25519 {blob} name", "line 2 is not"),
        ("@cert-authority ssh-ed25519 {blob}", "line 2 is not"),
        ('from="host" ssh-ed25519 {blob}', "line 2 is not"),
        ("@revoked", "line 2 is not"),
        ("{blob}", "line 2 is not"),
        ("ssh-ed25519", "line 2 holds no Ed25519 key"),
        ("ssh-ed25519 AAAA", "line 2 holds no Ed25519 key"),
        ("ssh-ed25519 {blob}AAAA", "line 2 holds no Ed25519 key"),
        ("ssh-ed25519 {blob}!", "line 2 holds no Ed25519 key"),
    ],
)
def test_a_line_that_is_no_key_is_named(tmp_path: Path, line: str, told: str) -> None:
    made = new_key(tmp_path / "key.pem", "k")
    path = tmp_path / "trusted"
    path.write_text(f"{made.line} good\n{line.format(blob=made.line.split()[1])}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=told):
        read_public_keys(path)


def test_what_is_no_file_of_public_keys(tmp_path: Path) -> None:
    new_key(tmp_path / "key.pem", "k")
    path = tmp_path / "trusted"
    for content, told in ((b"", "holds no key"), (b"# nothing\n", "holds no key"), (b"\xff\xfe", "no file of public")):
        path.write_bytes(content)
        with pytest.raises(ConfigError, match=told):
            read_public_keys(path)
    with pytest.raises(ConfigError, match="is a private key"):
        read_public_keys(tmp_path / "key.pem")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_public_keys(tmp_path)


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no ssh-keygen here to compare with")
def test_fingerprints_are_those_of_ssh_keygen(tmp_path: Path) -> None:
    made = new_key(tmp_path / "key.pem", "a name")
    command = ["ssh-keygen", "-l", "-f", str(tmp_path / "key.pem.pub")]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert told.split()[:2] == ["256", made.key_id]
    assert "a name (ED25519)" in told


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here to compare with")
def test_openssl_checks_a_signature_without_us(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As docs/air-gap.md says it can be done."""
    new_key(tmp_path / "key.pem", "k")
    path = tar_blocks.small_bundle(tmp_path, (read_signing_key(tmp_path / "key.pem"),))
    manifest, signatures = split(path.read_bytes())[:2]
    (signature,) = read_signatures(signatures.body)
    assert main(["keys", "show", "key.pem.pub", "--pem"]) == 0
    (tmp_path / "public.pem").write_text(capsys.readouterr().out)
    (tmp_path / "manifest.json").write_bytes(manifest.body)
    (tmp_path / "signature").write_bytes(signature.value)
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "public.pem", "-rawin"]
    command += ["-in", "manifest.json", "-sigfile", "signature"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "rawin" in done.stderr:
        pytest.skip("this openssl is older than 3.0")
    assert done.returncode == 0, done.stderr
    (tmp_path / "manifest.json").write_bytes(manifest.body + b" ")
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0


# --- the file of signatures ---------------------------------------------------------------------------------------


def test_signatures_are_read_as_written() -> None:
    made = [Signature("SHA256:" + letter * 43, bytes([n]) * 64) for n, letter in enumerate("ba")]
    assert read_signatures(write_signatures(made)) == (made[1], made[0])
    with pytest.raises(BundleError, match="two signatures are by the same key"):
        write_signatures([made[0], made[0]])
    with pytest.raises(BundleError, match="at most 16"):
        write_signatures([Signature(f"SHA256:{n:043}", bytes(64)) for n in range(17)])


@pytest.mark.parametrize(
    "change",
    [
        lambda line: b"",
        lambda line: line.rstrip(b"\n"),
        lambda line: line + b"\n",
        lambda line: line + line,
        lambda line: line.replace(b"ed25519", b"ed448"),
        lambda line: line.replace(b"SHA256:", b"MD5:"),
        lambda line: line.replace(b" ", b"  "),
        lambda line: line.replace(b"==", b"= "),
        lambda line: line.replace(b"A==", b"B=="),  # other bits where none count
        lambda line: line + b"\xff\n",
        lambda line: b"".join(line.replace(b"aaaa", b"%04d" % n) for n in range(17)),
    ],
)
def test_signatures_in_another_form_are_refused(change: Callable[[bytes], bytes]) -> None:
    line = write_signatures([Signature("SHA256:" + "a" * 43, bytes(64))])
    with pytest.raises(BundleError, match=r"manifest\.json\.sig"):
        read_signatures(change(line))


# --- what is let in -----------------------------------------------------------------------------------------------


def test_only_bundles_signed_by_a_trusted_key(tmp_path: Path, make_key: Callable[[str], SigningKey]) -> None:
    old, new = make_key("old"), make_key("new")
    by_old = tar_blocks.small_bundle(tmp_path / "1", (old,))
    by_both = tar_blocks.small_bundle(tmp_path / "2", (old, new))
    unsigned = tar_blocks.small_bundle(tmp_path / "3")
    assert signed_by(by_old, public(tmp_path, "old")) == ["old"]
    assert signed_by(by_old, public(tmp_path, "old", "new")) == ["old"]
    assert sorted(signed_by(by_both, public(tmp_path, "old", "new"))) == ["new", "old"]
    assert signed_by(by_both, public(tmp_path, "new")) == ["new"]  # the other one says nothing here
    assert f"signed by {old.key_id}, which is not among the keys of" in refusal(by_old, public(tmp_path, "new"))
    assert "is not among" in refusal(by_old, public(tmp_path, "new"), required=False)
    assert "it is not signed, and only bundles signed by" in refusal(unsigned, public(tmp_path, "old"))
    assert signed_by(unsigned, public(tmp_path, "old"), required=False) == []
    with open_bundle(by_old) as bundle:  # nobody asked
        assert (len(bundle.signatures), bundle.signed_by) == (1, ())


def test_a_revoked_key_counts_for_nothing(tmp_path: Path, make_key: Callable[[str], SigningKey]) -> None:
    old, new = make_key("old"), make_key("new")
    by_old = tar_blocks.small_bundle(tmp_path / "1", (old,))
    by_both = tar_blocks.small_bundle(tmp_path / "2", (old, new))
    keys = public(tmp_path, "-old", "new")
    for required in (True, False):
        assert f"signed by 'old' ({old.key_id}), which is revoked in" in refusal(by_old, keys, required=required)
        assert signed_by(by_both, keys, required=required) == ["new"]
    # it stays revoked, in whichever file and order it is named
    assert "revoked" in refusal(by_old, public(tmp_path, "old", "new"), public(tmp_path, "-old"))
    assert "revoked" in refusal(by_old, public(tmp_path, "-old"), public(tmp_path, "old"))


def test_a_signature_covers_every_byte_of_the_manifest(tmp_path: Path, make_key: Callable[[str], SigningKey]) -> None:
    key = make_key("key")
    path = tar_blocks.small_bundle(tmp_path / "1", (key,))
    keys = public(tmp_path, "key")
    entries = split(path.read_bytes())
    for body in (entries[0].body + b" ", entries[0].body.replace(b'"n_fetched":3', b'"n_fetched":4')):
        path.write_bytes(join([entries[0].with_body(body), *entries[1:]]))
        assert "the signature by 'key'" in refusal(path, keys)
        assert "does not fit its manifest" in refusal(path, keys, required=False)
    changed = entries[2].with_body(entries[2].body.replace(b"We measure", b"We believe"))
    path.write_bytes(join([*entries[:2], changed, *entries[3:]]))
    assert "has the SHA-256" in refusal(path, keys)
    path.write_bytes(join(resealed([*entries[:2], changed, *entries[3:]])))
    assert "does not fit its manifest" in refusal(path, keys)
    # taken from another bundle, or not at its place
    other = split(tar_blocks.small_bundle(tmp_path / "2", (make_key("other"),)).read_bytes())
    path.write_bytes(join([entries[0], other[1], *entries[2:]]))
    assert "is not among the keys" in refusal(path, keys)
    path.write_bytes(join([entries[0], *entries[2:], entries[1]]))
    assert "it is not signed" in refusal(path, keys)
    path.write_bytes(join([entries[0], entries[1], *entries[1:]]))
    assert "'manifest.json.sig' is there twice" in refusal(path, keys)


def test_a_wrong_signature_beside_a_right_one_is_refused(tmp_path: Path, make_key: Callable[[str], SigningKey]) -> None:
    one, two = make_key("one"), make_key("two")
    path = tar_blocks.small_bundle(tmp_path / "1", (one, two))
    entries = split(path.read_bytes())
    right = read_signatures(entries[1].body)
    wrong = [Signature(s.key_id, bytes(64) if s.key_id == two.key_id else s.value) for s in right]
    path.write_bytes(join([entries[0], entry("manifest.json.sig", write_signatures(wrong)), *entries[2:]]))
    assert "the signature by 'two'" in refusal(path, public(tmp_path, "one", "two"))
    assert signed_by(path, public(tmp_path, "one")) == ["one"]


def test_a_bundle_is_signed_afterwards_and_once_more(
    tmp_path: Path, make_key: Callable[[str], SigningKey], capsys: pytest.CaptureFixture[str]
) -> None:
    one = make_key("one")
    make_key("two")
    path = tar_blocks.small_bundle(tmp_path / "1")
    before, found = path.read_bytes(), tar_blocks.content(path, tmp_path)
    assert main(["bundle", "sign", str(path), "--key", "none.pem"]) == 2
    capsys.readouterr()
    assert main(["bundle", "sign", str(path), "--key", "one.pem"]) == 0
    assert capsys.readouterr().out == f"{path}: signed by {one.key_id}\n"
    at_once = tar_blocks.small_bundle(tmp_path / "2", (one,))
    assert path.read_bytes().rstrip(b"\0") == at_once.read_bytes().rstrip(b"\0")
    assert main(["bundle", "sign", str(path), "--key", "two.pem", "--key", "one.pem"]) == 0
    assert sorted(signed_by(path, public(tmp_path, "one", "two"))) == ["one", "two"]
    assert tar_blocks.content(path, tmp_path) == found
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    path.write_bytes(before.replace(b"We measure", b"We believe"))
    assert main(["bundle", "sign", str(path), "--key", "one.pem"]) == 3
    assert path.read_bytes() == before.replace(b"We measure", b"We believe")
