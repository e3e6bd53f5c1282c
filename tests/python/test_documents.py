# SPDX-License-Identifier: MIT
"""Documents: JSON and YAML are the same tree, with the same places, the same canonical bytes and the same revision."""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path
from typing import Any

import generate
import pytest
import smplist
from conftest import ROOT


def canonical(document: dict[str, Any]) -> str:
    """The canonical form as Python's own library writes it, from a document with every default."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def test_the_revision_is_the_hash_of_the_canonical_form() -> None:
    """What C++ computes, hashlib computes over the bytes that Python's json writes. [S-82]"""
    rng = random.Random(7)
    policies = [smplist.load(ROOT / "docs/examples/acme/policy.yaml")]
    policies += [smplist.Policy.from_dict(generate.random_policy(rng)) for _ in range(300)]
    for policy in policies:
        text = policy.to_json()
        assert policy.revision == "sha256:" + hashlib.sha256(text.encode()).hexdigest()
        assert canonical(policy.to_dict()) == text
        assert smplist.loads(text).to_json() == text  # a fixed point
        assert smplist.Policy.from_dict(policy.to_dict()) == policy


def test_what_is_written_in_another_way_has_the_same_revision() -> None:
    """Key order, blanks, quotes, upper case, enclosures, defaults and the form of the document play no part. [S-82]"""
    one = smplist.loads("""
schema: smplist/1
sources:
  hq: {host: "(2001:DB8::0:5)", file_reputation: {port: 443}}
internal: {mode: standard, standard: {sources: [hq]}}
location: {gateways: [{address: 10.0.0.1, mac: 00-11-22-AA-BB-CC}]}
""")
    other = smplist.loads("""
{"location": {"criterion": "gateway", "gateways": [{"mac": "0011.22aa.bbcc", "address": "::ffff:10.0.0.1"}]}, "title": "",
 "internal": {"standard": {"sources": ["hq"], "order": "ordered"}, "mode": "standard", "proxy": null},
 "sources": {"hq": {"kind": "standalone", "file_reputation": {"port": 443, "scheme": "https"}, "host": "[2001:db8::5]"}},
 "schema": "smplist/1"}
""")
    assert one == other and one.revision == other.revision and hash(one) == hash(other)
    assert one != smplist.Policy.from_dict({**one.to_dict(), "title": "x"})


def test_yaml_that_is_json_has_the_same_places() -> None:
    """JSON is YAML: read as either, random documents with a fault have the same errors at the same places. [S-80]"""
    rng = random.Random(11)
    faulty = 0
    for _ in range(400):
        document = generate.random_policy(rng)
        fault = rng.choice(["port", "range", "key", "name", "word", "none"])
        source = rng.choice(list(document["sources"].values()))
        if fault == "port":
            source["file_reputation"] = {"port": rng.choice([0, 65536, -1, "443", 1.5, None, 10**30])}
        elif fault == "range":
            document["internal"].setdefault("custom", {}).setdefault("lists", []).append(
                {"name": "ü", "ranges": [rng.choice(["10.0.0.9-10.0.0.1", "10.0.0.1/8", "::/200", "x", 7, None])], "sources": []}
            )
        elif fault == "key":
            source[rng.choice(["hots", "💻", 'a"b', ""])] = rng.choice([1, [], {"a": {}}])
        elif fault == "name":
            document["sources"][rng.choice(["", " x", "a/b", "a;b", "\x01"])] = dict(source)
        elif fault == "word":
            document["internal"]["mode"] = rng.choice(["", "custm", 1, None, "standard "])
        text = json.dumps(document, indent=rng.choice([None, 1, 2]), ensure_ascii=rng.random() < 0.5)
        answers = []
        for form in ("json", "yaml"):
            try:
                answers.append(smplist.loads(text, form).revision)
            except smplist.PolicyError as error:
                answers.append("\n".join(map(repr, error.errors)))
        assert answers[0] == answers[1], text
        faulty += "\n" in answers[0] or "Problem" in answers[0]
    assert faulty > 200


@pytest.mark.parametrize(
    "text", ["yes", "no", "on", "off", "y", "n", "12:30:45", "0o17", "1_000", "0b1", "012", "=", "<<", "2026-01-01"]
)
def test_yaml_is_version_1_2(text: str) -> None:
    """No yes and no, no sexagesimal numbers, no dates: plain words stay words."""
    document = f"schema: smplist/1\ntitle: {text}\nsources: {{}}\ninternal: {{mode: standard}}"
    if text in ("0o17", "012"):
        with pytest.raises(smplist.PolicyError, match="expected text, found a whole number"):
            smplist.loads(document)
    else:
        assert smplist.loads(document).title == text


YAML_REFUSALS = {
    "a second document": ("a: 1\n---\nb: 2\n", "2:1: a second document begins; keep one policy per file"),
    "a tag": ("schema: !!python/object:os.system x\n", "1:9: "),
    "a tab": ("schema:\n\t- x\n", "2:1: not YAML: "),
    "a control character": (
        "schema: smplist/1\ntitle: 'a\x7f'\n",
        "2:10: a character that YAML does not allow: U+007F; write it",
    ),
    "an alias to nothing": ("schema: *nowhere\n", "1:9: "),
    "an anchor in itself": ("sources: &a {x: *a}\n", "1:17: "),
    "a merge key": ("sources: &a {x: 1}\ninternal: {<<: *a}\n", ""),
}


@pytest.mark.parametrize(("text", "says"), YAML_REFUSALS.values(), ids=YAML_REFUSALS.keys())
def test_yaml_refuses_what_is_no_plain_tree(text: str, says: str) -> None:
    """Tags, second documents, tabs, cycles: refused with their place."""
    with pytest.raises(smplist.PolicyError) as refused:
        smplist.loads(text, "yaml")
    assert str(refused.value).startswith(says)
    assert all(problem.line > 0 for problem in refused.value.errors)


def test_aliases_do_not_explode() -> None:
    """A thousand million nodes from a few lines end with an error, soon."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 30)]
    with pytest.raises(smplist.PolicyError):
        smplist.loads("\n".join(lines), "yaml")


def test_load_takes_paths_and_files(tmp_path: Path) -> None:
    """Paths as text or objects, files of text or bytes; a byte order mark is no part of the text."""
    policy = smplist.load(ROOT / "docs/examples/acme/policy.yaml")
    for name in ("a.json", "a.conf"):
        path = tmp_path / name
        path.write_bytes(b"\xef\xbb\xbf" + policy.to_json().encode())
        with path.open("rb") as data, path.open(encoding="utf-8-sig") as text:
            assert smplist.load(path) == smplist.load(str(path)) == smplist.load(data) == smplist.load(text) == policy
    with pytest.raises(FileNotFoundError):
        smplist.load(tmp_path / "none.json")
    with pytest.raises(IsADirectoryError):
        smplist.load(tmp_path)


def test_from_dict_takes_plain_python_only() -> None:
    """Tuples are lists; anything else is a `TypeError` with its name; a cycle ends at the depth limit."""
    document = smplist.load(ROOT / "docs/examples/acme/policy.yaml").to_dict()
    document["internal"]["standard"]["sources"] = tuple(document["internal"]["standard"]["sources"])
    assert smplist.Policy.from_dict(document)
    with pytest.raises(TypeError, match="got set"):
        smplist.Policy.from_dict({"sources": {1, 2}})
    with pytest.raises(TypeError, match="a key is not text: 1"):
        smplist.Policy.from_dict({1: 2})  # type: ignore[dict-item]
    cycle: dict[str, Any] = {}
    cycle["a"] = cycle
    with pytest.raises(smplist.PolicyError, match="nested more than 64 deep"):
        smplist.Policy.from_dict(cycle)
