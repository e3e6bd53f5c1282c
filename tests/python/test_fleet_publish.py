# SPDX-License-Identifier: MIT
"""A published folder: signed, immutable, current by one rename, whole whatever happens. [S-83]"""

from __future__ import annotations

import base64
import dataclasses
import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import smplist
from conftest import Run
from fleet_parts import FLEET, INSIDE, SERVICE, Publisher, answer, policy
from smplist.fleet.keys import WrongKey, key_id, new_key, read_private, read_public
from smplist.fleet.manifest import Manifest, Refused, seal, unverified, verify
from smplist.fleet.publish import Folder, locked


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    """Somebody who published one revision."""
    made = Publisher(tmp_path)
    made.publish(1)
    return made


def whole(folder: Folder, keys: dict[str, object]) -> Manifest:
    """The current revision, all of which is there, signed, and the same in both forms."""
    found = folder.pointer("current.json")
    assert found is not None
    manifest = verify(found.envelope, keys, FLEET)  # type: ignore[arg-type]
    compiled = smplist.CompiledPolicy.from_bytes(folder.content(manifest, "policy.smpc"))
    assert compiled.revision == manifest.revision == folder.policy(manifest).revision
    assert answer(compiled.evaluate(INSIDE, SERVICE)) == answer(folder.policy(manifest).evaluate(INSIDE, SERVICE))
    return manifest


def trusted(publisher: Publisher) -> dict[str, object]:
    """The keys that its clients trust."""
    key = read_public(publisher.public)
    return {key_id(key): key}


def test_a_revision_is_signed_numbered_and_never_changed(publisher: Publisher) -> None:
    """Each names the one before; what is current already is published once."""
    before = {path: path.read_bytes() for path in publisher.www.glob("revisions/1/*")}
    assert {path.name for path in before} == {"policy.json", "policy.smpc", "manifest.json"}
    second = publisher.publish(2)
    first = publisher.folder.revision("1")
    assert (first.sequence, first.previous, second.sequence, second.previous) == (1, "", 2, first.revision)
    assert whole(publisher.folder, trusted(publisher)) == second
    with pytest.raises(AssertionError):
        publisher.publish(2)
    assert {path: path.read_bytes() for path in before} == before
    third = publisher.publish(1)  # back to what was: a new number
    assert (third.sequence, third.revision) == (3, first.revision)


def test_every_web_server_may_read_what_is_published(publisher: Publisher) -> None:
    """Folders and files have the usual permissions, the private key its own."""
    mask = os.umask(0)
    os.umask(mask)
    for path in publisher.www.rglob("[!.]*"):
        wanted = (0o777 if path.is_dir() else 0o666) & ~mask
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path
    assert stat.S_IMODE(publisher.key_file.stat().st_mode) == 0o600


def test_a_manifest_is_taken_from_a_trusted_key_only(publisher: Publisher, tmp_path: Path) -> None:
    """Not unsigned, altered, truncated, of a stranger, nor of another fleet; each refusal says which."""
    good = publisher.envelope(1)
    assert verify(good, trusted(publisher), FLEET) == unverified(good)  # type: ignore[arg-type]
    tree = json.loads(good)
    other = base64.b64encode(base64.b64decode(tree["payload"]).replace(b'"sequence":1', b'"sequence":9')).decode()
    flipped = bytearray(base64.b64decode(tree["signatures"][0]["sig"]))
    flipped[3] ^= 1
    stranger = Publisher(tmp_path, "stranger")
    name = next(iter(trusted(publisher)))
    forged = json.loads(seal(unverified(good), stranger.key))
    forged["signatures"][0]["keyid"] = name
    for bad, why in {
        json.dumps(tree | {"signatures": []}): "is not signed",
        json.dumps(tree | {"payload": other}): "signature of key .* is wrong",
        json.dumps(tree | {"signatures": [{"keyid": name, "sig": base64.b64encode(flipped).decode()}]}): "is wrong",
        json.dumps(forged): "signature of key .* is wrong",
        seal(unverified(good), stranger.key).decode(): "nobody signed the manifest whose key is trusted here",
        publisher.envelope(1, fleet="other").decode(): "of the fleet 'other', not of 'acme'",
        good.decode()[:-40]: "cannot be read",
        json.dumps(tree | {"payloadType": "text/html"}): "not a manifest but 'text/html'",
        "[" * 60_000: "cannot be read",
        " " * 70_000: "more than 65,536 bytes",
        publisher.envelope(1, sequence=0).decode(): "contradicts its format",
        publisher.envelope(1, revision="../../x").decode(): "contradicts its format",
    }.items():
        with pytest.raises(Refused, match=why):
            verify(bad.encode(), trusted(publisher), FLEET)  # type: ignore[arg-type]


def test_the_signature_is_what_openssl_says_it_is(publisher: Publisher, tmp_path: Path) -> None:
    """Another program verifies the same bytes with the same key (RFC 8032, DSSE 1.0)."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here")
    tree = json.loads(publisher.envelope(1))
    payload = base64.b64decode(tree["payload"])
    kind = tree["payloadType"].encode()
    (tmp_path / "signed").write_bytes(b" ".join([b"DSSEv1", b"%d" % len(kind), kind, b"%d" % len(payload), payload]))
    (tmp_path / "signature").write_bytes(base64.b64decode(tree["signatures"][0]["sig"]))
    words = [
        "openssl",
        "pkeyutl",
        "-verify",
        "-rawin",
        "-pubin",
        "-inkey",
        f"{publisher.key_file}.pub",
        "-in",
        "signed",
        "-sigfile",
    ]
    said = subprocess.run([*words, "signature"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert said.returncode == 0 and "Successfully" in said.stdout


def test_what_is_altered_on_the_disk_is_noticed(publisher: Publisher) -> None:
    """By everybody who reads the folder."""
    path = publisher.www / "revisions/1/policy.json"
    path.write_bytes(path.read_bytes().replace(b"10001", b"10002"))
    manifest = publisher.folder.revision("current")
    with pytest.raises(Refused, match=r"policy\.json of revision 1 is not what was signed"):
        publisher.folder.policy(manifest)
    with pytest.raises(Refused, match="has 3 bytes"):
        manifest.check("policy.smpc", b"abc")


def test_revisions_are_found_by_number_and_digest(publisher: Publisher) -> None:
    """The last one of a digest; what is not there is told with what is."""
    publisher.publish(2)
    publisher.publish(1)
    find = publisher.folder.revision
    digest = find("1").revision
    assert [find(one).sequence for one in ("current", "2", digest, digest[:15], digest[7:15])] == [3, 2, 3, 3, 3]
    for wanted in ("4", "sha256:", "abc", "deployed", "../1"):
        with pytest.raises(LookupError):
            find(wanted)


def test_only_one_publishes_at_a_time(run: Run, publisher: Publisher, tmp_path: Path) -> None:
    """The other is told, and nothing has changed."""
    (tmp_path / "p.json").write_text(policy(2).to_json())
    with locked(publisher.www):
        ended = run("publish", "p.json", publisher.www, "--key", f"file:{publisher.key_file}")
    assert ended.returncode == 2 and "somebody else is publishing" in ended.stderr
    assert publisher.folder.revision("current").sequence == 1


KEYS = {
    "none": ("env:NO_SUCH_VARIABLE", "the variable 'NO_SUCH_VARIABLE' is not set"),
    "no file": ("file:none.key", "cannot read 'none.key': No such file or directory"),
    "no reference": ("canary7f3a", "not a reference to a secret; write env:NAME, file:PATH or keyring:SERVICE/USER"),
    "no key": ("env:CANARY", "not a private key in PEM"),
    "a public key": ("file:publisher.key.pub", "not a private key in PEM"),
}


@pytest.mark.parametrize(("reference", "said"), KEYS.values(), ids=KEYS)
def test_a_key_that_cannot_sign_is_refused(run: Run, publisher: Publisher, tmp_path: Path, reference: str, said: str) -> None:
    """Before anything is written, and without its text."""
    (tmp_path / "p.json").write_text(policy(2).to_json())
    ended = run("publish", "p.json", publisher.www, "--key", reference, environment={"CANARY": "canary7f3a"})
    assert ended.returncode == 2 and said in ended.stderr and "canary7f3a" not in ended.stderr.replace("canary7f3a;", "")
    assert publisher.folder.numbers() == [1]


def test_keys_of_other_kinds_and_with_passphrases_are_refused() -> None:
    """Each with what to do."""
    from cryptography.hazmat.primitives import serialization as said
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    def pem(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey, how: said.KeySerializationEncryption) -> str:
        return key.private_bytes(said.Encoding.PEM, said.PrivateFormat.PKCS8, how).decode()

    with pytest.raises(WrongKey, match="not ed25519"):
        read_private(pem(ec.generate_private_key(ec.SECP256R1()), said.NoEncryption()))
    with pytest.raises(WrongKey, match="has a passphrase"):
        read_private(pem(ed25519.Ed25519PrivateKey.generate(), said.BestAvailableEncryption(b"x")))


def test_a_new_key_never_replaces_one(run: Run, tmp_path: Path) -> None:
    """Neither the private nor the public half, and nothing is left of a pair that could not be made."""
    first = run("publish", "--new-key", "a.key")
    assert first.returncode == 0 and re.match(r"a\.key: private key [0-9a-f]{16}; a\.key\.pub: public key", first.stderr)
    kept = (tmp_path / "a.key").read_bytes()
    again = run("publish", "--new-key", "a.key")
    assert again.returncode == 2 and "is there already" in again.stderr and (tmp_path / "a.key").read_bytes() == kept
    (tmp_path / "a.key.pub").unlink()
    assert run("publish", "--new-key", "a.key").returncode == 2 and (tmp_path / "a.key").read_bytes() == kept
    (tmp_path / "b.key.pub").write_text("x")
    with pytest.raises(FileExistsError):
        new_key(tmp_path / "b.key")
    assert not (tmp_path / "b.key").exists()


def test_the_fleet_is_named_once_and_never_changed(run: Run, tmp_path: Path) -> None:
    """The first revision needs a name, another name is another folder."""
    run("publish", "--new-key", "k")
    (tmp_path / "p.json").write_text(policy(1).to_json())
    words = ["publish", "p.json", "www", "--key", "file:k"]
    for more, said in (([], "nothing says whose it is; name the fleet"), (["--fleet", "a/b"], "'a/b' is no name of a fleet")):
        ended = run(*words, *more)
        assert ended.returncode == 2 and said in ended.stderr
    assert run(*words, "--fleet", "acme").returncode == 0
    ended = run(*words, "--fleet", "other")
    assert ended.returncode == 2 and "is of the fleet 'acme', not of 'other'" in ended.stderr


# ---- killed, and out of space, at every system call

FULL = os.environ.get("SMPLIST_EVERY_CALL") == "1"  # some minutes; a sample without it
SAMPLE = 14
WRITING = ("openat", "mkdir", "write", "fsync", "rename", "unlink", "fchmod", "chmod", "flock", "close", "getdents64", "rmdir")
SPACE = ("openat", "mkdir", "write", "fsync", "rename")


class Call(NamedTuple):
    """The so-manieth call of a kind, in the whole life of the process."""

    name: str
    number: int


def publish_under(strace: list[str], folder: Path, log: Path | None = None) -> subprocess.CompletedProcess[str]:
    """`smplist publish` of the second policy, watched."""
    words = [sys.executable, "-m", "smplist", "publish", str(folder / "p2.json"), str(folder / "publisher-www")]
    words += ["--key", f"file:{folder / 'publisher.key'}"]
    out = ["-o", str(log)] if log else ["-o", "/dev/null"]
    fixed = os.environ | {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(["strace", *out, *strace, *words], capture_output=True, text=True, timeout=120, env=fixed)


def calls(folder: Path) -> Iterator[Call]:
    """The calls of a publication from the first one that touches the published folder."""
    log = folder / "calls"
    assert publish_under(["-e", f"trace={'all' if FULL else ','.join(WRITING)}"], folder, log).returncode == 0
    seen: Counter[str] = Counter()
    began = False
    for line in log.read_text(errors="replace").splitlines():
        if found := re.match(r"(\w+)\(", line):
            seen[found[1]] += 1
            began = began or "publisher-www" in line
            if began:
                yield Call(found[1], seen[found[1]])


@pytest.fixture
def scene(tmp_path: Path) -> Publisher:
    """A folder with one revision, and a second policy to publish."""
    if shutil.which("strace") is None:
        pytest.skip("no strace here")
    if subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, timeout=60).returncode != 0:
        pytest.skip("strace may not trace here")
    made = Publisher(tmp_path)
    made.publish(1)
    (tmp_path / "p2.json").write_text(policy(2).to_json())
    return made


def sampled(found: list[Call]) -> list[Call]:
    """All of them, or some in even distances and the last ones."""
    return found if FULL else [*found[:: max(1, len(found) // SAMPLE)], *found[-4:]]


def after(publisher: Publisher, call: Call, www: Path) -> int:
    """What is current after something went wrong: the old or the new revision, whole; and the next publication heals it."""
    current = whole(publisher.folder, trusted(publisher)).sequence
    assert current in (1, 2), call
    made = publisher.publish(3)
    assert whole(publisher.folder, trusted(publisher)) == made and made.sequence > current
    assert not list(www.rglob(".*.tmp")), call
    return current


def test_a_publication_that_is_killed_leaves_a_whole_revision(scene: Publisher, tmp_path: Path) -> None:
    """At every system call from the first that touches the folder: the old revision or the new one is current. [S-83]"""
    saved = tmp_path / "saved"
    shutil.copytree(scene.www, saved)
    found = list(calls(tmp_path))
    assert len(found) > 50
    outcomes: Counter[int] = Counter()
    for call in sampled(found):
        shutil.rmtree(scene.www)
        shutil.copytree(saved, scene.www)
        ended = publish_under(["-e", f"inject={call.name}:signal=KILL:when={call.number}"], tmp_path)
        assert ended.returncode in (-9, 137) or (FULL and ended.returncode == 0), (call, ended)  # counts of reads vary a little
        outcomes[after(scene, call, scene.www)] += 1
    print(f"killed at {sum(outcomes.values())} of {len(found)} calls: {dict(outcomes)}")
    assert set(outcomes) == {1, 2}


def test_a_full_disk_leaves_a_whole_revision(scene: Publisher, tmp_path: Path) -> None:
    """No space at any call that needs some: one line says so, and the old or the new revision is current. [S-83]"""
    saved = tmp_path / "saved"
    shutil.copytree(scene.www, saved)
    found = [call for call in calls(tmp_path) if call.name in SPACE]
    outcomes: Counter[tuple[int, int]] = Counter()
    for call in sampled(found):
        shutil.rmtree(scene.www)
        shutil.copytree(saved, scene.www)
        ended = publish_under(["-e", f"inject={call.name}:error=ENOSPC:when={call.number}"], tmp_path)
        assert "Traceback" not in ended.stderr, (call, ended.stderr)
        current = after(scene, call, scene.www)
        outcomes[ended.returncode, current] += 1
        if ended.returncode == 0:
            assert current == 2, call
    print(f"no space at {sum(outcomes.values())} of {len(found)} calls: {dict(outcomes)} (exit code, current)")
    assert outcomes[2, 1]


def test_a_manifest_reads_as_it_was_written(publisher: Publisher) -> None:
    """Also with names that are not ASCII elsewhere; its bytes are the same every time."""
    manifest = publisher.folder.revision("1")
    assert unverified(seal(manifest, publisher.key)) == manifest
    assert seal(manifest, publisher.key) == seal(dataclasses.replace(manifest), publisher.key)
