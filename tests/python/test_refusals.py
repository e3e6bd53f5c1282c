# SPDX-License-Identifier: MIT
"""Bad input, each with its message: where, what, and what to do. [S-80] [S-81]"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import smplist
from conftest import Run

POLICY = """\
schema: smplist/1
sources:
  hq: {host: hq.example, file_reputation: {port: 443}, web_reputation: {port: 80}}
  osce: {kind: integrated, host: 10.1.0.5, file_reputation: {scheme: http, port: 8082}}
internal:
  mode: custom
  standard: {sources: [hq, osce]}
  custom:
    lists:
      - name: manila
        ranges: [10.20.0.0/16]
        sources: [hq]
        proxy: {host: proxy.example, port: 3128, user: svc, password: "env:PW"}
location:
  gateways: [{address: 10.1.0.1, mac: "00:11:22:33:44:55"}]
"""

# what is written instead of what, and what check says behind the name of the file
CHANGES = {
    "wrong schema version": (
        "smplist/1",
        "smplist/2",
        "1:9: error: unknown schema 'smplist/2'; write smplist/1, or use a version of smplist that knows this schema "
        "(/schema) [wrong_schema]",
    ),
    "misspelt key": (
        "        ranges:",
        "        rnages:",
        "11:9: error: unknown key 'rnages'; did you mean 'ranges'? (/internal/custom/lists/0/rnages) [unknown_key]",
    ),
    "misspelt word": (
        "mode: custom",
        "mode: custm",
        "6:9: error: unknown word 'custm'; did you mean 'custom'? (/internal/mode) [unknown_word]",
    ),
    "a source nobody declared": (
        "        sources: [hq]",
        "        sources: [hq, hk]",
        "12:23: error: nobody declared the source 'hk'; declare it under 'sources' (/internal/custom/lists/0/sources/1) "
        "[unknown_source]",
    ),
    "inverted range": (
        "10.20.0.0/16",
        "10.20.255.255-10.20.0.0",
        "11:18: error: the range is reversed: '10.20.255.255-10.20.0.0'; write the lower end first "
        "(/internal/custom/lists/0/ranges/0) [range_reversed]",
    ),
    "host bits set": (
        "10.20.0.0/16",
        "10.20.0.1/16",
        "11:18: error: host bits are set behind the prefix: '10.20.0.1/16'; write 10.20.0.1 for this address alone, or "
        "10.20.0.0/16 for the whole network (/internal/custom/lists/0/ranges/0) [host_bits_set]",
    ),
    "mixed families": (
        "10.20.0.0/16",
        '"10.20.0.0-2001:db8::1"',
        "11:19: error: the ends are of two families: '10.20.0.0-2001:db8::1'; write one range for IPv4 and one for IPv6 "
        "(/internal/custom/lists/0/ranges/0) [mixed_families]",
    ),
    "an octet with a leading zero": (
        "10.1.0.5",
        "010.0.0.1",
        "4:34: error: an octet has a leading zero: '010.0.0.1'; write it without the zero: some programs read it as octal "
        "(/sources/osce/host) [octet_leading_zero]",
    ),
    "a host with a zone": (
        "10.1.0.5",
        '"fe80::1%eth0"',
        "4:42: error: a zone is not allowed here: 'fe80::1%eth0'; remove the '%' and what follows it (/sources/osce/host) "
        "[zone_not_allowed]",
    ),
    "a range with a zone": (
        "[10.20.0.0/16]",
        '["fe80::1%eth0"]',
        "11:26: error: a zone is not allowed here: 'fe80::1%eth0'; remove the '%' and what follows it "
        "(/internal/custom/lists/0/ranges/0) [zone_not_allowed]",
    ),
    "unbalanced enclosure": (
        "10.1.0.5",
        '"[2001:db8::5)"',
        "4:35: error: the enclosure does not close as it opened: '[2001:db8::5)'; write the address bare, in [ ] or in ( ) "
        "(/sources/osce/host) [unbalanced_enclosure]",
    ),
    "web reputation over HTTPS": (
        "web_reputation: {port: 80}",
        "web_reputation: {scheme: https, port: 80}",
        "3:81: error: clients send web reputation queries over HTTP; write http, or set allow_web_reputation_https: true "
        "(/sources/hq/web_reputation/scheme) [https_web_reputation]",
    ),
    "port 0": (
        "port: 443",
        "port: 0",
        "3:50: error: port 0 is out of range; ports are 1 to 65535 (/sources/hq/file_reputation/port) [port_out_of_range]",
    ),
    "port 65536": (
        "port: 443",
        "port: 65536",
        "3:50: error: port 65536 is out of range; ports are 1 to 65535 (/sources/hq/file_reputation/port) [port_out_of_range]",
    ),
    "duplicate source in a list": (
        "        sources: [hq]",
        "        sources: [hq, hq]",
        "12:23: error: 'hq' stands twice in this list; keep one of them (/internal/custom/lists/0/sources/1) [duplicate_source]",
    ),
    "duplicate key": (
        "  mode: custom",
        "  mode: custom\n  mode: standard",
        "7:3: error: the key 'mode' stands twice; keep one of them (/internal/mode) [duplicate_key]",
    ),
    "plaintext password": (
        "env:PW",
        "hunter2-canary",
        "13:72: error: not a reference to a password; write env:NAME, file:PATH or keyring:SERVICE/USER "
        "(/internal/custom/lists/0/proxy/password) [plaintext_password]",
    ),
    "CR and LF in a host": (
        "host: hq.example",
        'host: "hq.example\\r\\nX-Evil: 1"',
        "3:14: error: unexpected character: 'hq.example\\x0d\\x0aX-Evil: 1'; remove it (/sources/hq/host) [unexpected_character]",
    ),
    "a MAC that YAML reads as a number": (
        '"00:11:22:33:44:55"',
        "001122334455",
        "15:39: error: expected text, found a whole number; put it in quotes (/location/gateways/0/mac) [wrong_type]",
    ),
    "a NUL byte": (
        "hq.example",
        "hq\0.example",
        "3:16: error: a NUL byte; this is not a text file; give a policy document [control_character]",
    ),
}

# a whole file
FILES: dict[str, tuple[str, str | bytes, str]] = {
    "empty file": (
        "p.json",
        "",
        "1:1: error: the document is empty; write a policy; `smplist schema` says what it holds [syntax]",
    ),
    "empty YAML": (
        "p.yaml",
        "# nothing\n",
        "1:1: error: the document is empty; write a policy; `smplist schema` says what it holds [syntax]",
    ),
    "not JSON": ("p.json", "hello", "1:1: error: not JSON: unexpected 'h'; mend the document at this place [syntax]"),
    "nothing at all": (
        "p.json",
        "{}",
        "1:1: error: the key 'schema' is missing; write it [missing_key]\n"
        "1:1: error: the key 'sources' is missing; write it [missing_key]\n"
        "1:1: error: the key 'internal' is missing; write it [missing_key]",
    ),
    "half a JSON": (
        "p.json",
        '{"schema":\n',
        "2:1: error: not JSON: the document ends too early; mend the document at this place [syntax]",
    ),
    "not YAML": (
        "p.yaml",
        "a: [1, 2\nb: 3\n",
        "2:2: error: not YAML: expected ',' or ']', but got ':'; mend the document at this place [syntax]",
    ),
    "duplicate JSON key": (
        "p.json",
        '{"schema": "smplist/1", "sources": {}, "sources": {}, "internal": {"mode": "standard"}}',
        "1:40: error: the key 'sources' stands twice; keep one of them (/sources) [duplicate_key]",
    ),
    "a NUL byte behind JSON": (
        "p.json",
        '{"schema": "smplist/1"}\0',
        "1:24: error: not JSON: a control character; mend the document at this place [syntax]",
    ),
    "100,000 nested brackets": (
        "p.json",
        "[" * 100_000,
        "1:65: error: nested more than 64 deep; no policy needs this; remove the nesting [too_deep]",
    ),
    "100,000 nested brackets in YAML": (
        "p.yaml",
        "[" * 100_000,
        "1:65: error: nested more than 64 deep; no policy needs this; remove the nesting [too_deep]",
    ),
    "a line of 100 MB": (
        "p.json",
        f'{{"schema": "{"a" * 100_000_000}"}}',
        f"1:12: error: unknown schema '{'a' * 60}...'; write smplist/1, or use a version of smplist that knows this schema "
        "(/schema) [wrong_schema]",
    ),
    "a line of 100 MB in YAML": (
        "p.yaml",
        f"schema: {'a' * 100_000_000}",
        "1:1: error: the line has 100,000,008 characters, and YAML is read up to 1,000,000 in a line; break it, or write the "
        "policy as JSON [too_many]",
    ),
    "not UTF-8": ("p.json", b'{"schema": "\xff"}', "1:13: error: a byte is not UTF-8; save the file as UTF-8 [not_utf8]"),
    "a list": ("p.json", "[]", "1:1: error: expected a mapping, found a list; write a mapping [wrong_type]"),
}

ALL: dict[str, tuple[str, str | bytes, str]] = {
    name: ("p.yaml", POLICY.replace(was, written), says) for name, (was, written, says) in CHANGES.items()
} | FILES


def test_the_policy_is_one_that_is_accepted(run: Run, tmp_path: Path) -> None:
    """So that each refusal is about its change alone, which is in the policy once."""
    (tmp_path / "p.yaml").write_text(POLICY, encoding="utf-8")
    assert run("check", "p.yaml", "--fail-level", "error").returncode == 0
    assert {name for name, (was, _, _) in CHANGES.items() if POLICY.count(was) != 1} == set()


@pytest.mark.parametrize(("file", "content", "says"), ALL.values(), ids=ALL.keys())
def test_check_says_where_what_and_what_to_do(run: Run, tmp_path: Path, file: str, content: str | bytes, says: str) -> None:
    """The message, word for word, on standard error; exit code 2."""
    (tmp_path / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    ended = run("check", file)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.splitlines() == [f"{file}:{line}" for line in says.splitlines()]


@pytest.mark.parametrize("name", [name for name in ALL if "100 MB" not in name])
def test_no_command_uses_a_refused_policy(run: Run, tmp_path: Path, name: str) -> None:
    """Nothing is written, no traceback is shown, and Python names the same place."""
    file, content, says = ALL[name]
    data = content if isinstance(content, bytes) else content.encode()
    (tmp_path / file).write_bytes(data)
    (tmp_path / "clients.csv").write_text("addresses\n10.20.3.4\n", encoding="utf-8")
    place = says.split(": error: ")[0]
    for words in (
        ("explain", file, "--address", "10.20.3.4"),
        ("evaluate", file, "clients.csv", "-o", "out.csv", "--rejects", "rejects.csv"),
        ("fmt", file, "--write"),
        ("convert", file, "out.json"),
    ):
        ended = run(*words)
        assert (ended.returncode, ended.stdout) == (2, ""), words
        assert ended.stderr.startswith(f"{file}:{place}: "), words
        assert "Traceback" not in ended.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["clients.csv", file]
    assert (tmp_path / file).read_bytes() == data

    with pytest.raises(smplist.PolicyError) as refused:
        smplist.load(tmp_path / file)
    first = refused.value.errors[0]
    assert (f"{first.line}:{first.column}", refused.value.file) == (place, str(tmp_path / file))
    assert says.split("[")[-1] == f"{first.code}]"


def test_every_error_is_reported(run: Run, tmp_path: Path) -> None:
    """All changes that leave the rest readable, in one file: as many errors, in the order of the document."""
    text = POLICY
    apart = ("a NUL byte", "wrong schema version")  # nothing else is read
    in_place_of_another = ("inverted range", "mixed families", "a range with a zone", "a host with a zone",
                           "unbalanced enclosure", "port 65536", "duplicate source in a list", "misspelt word")  # fmt: skip
    together = [name for name in CHANGES if name not in apart + in_place_of_another]
    for name in together:
        was, written, _ = CHANGES[name]
        assert was in text, name
        text = text.replace(was, written)
    (tmp_path / "p.yaml").write_text(text, encoding="utf-8")
    lines = run("check", "p.yaml").stderr.splitlines()
    codes = [line.rsplit("[", 1)[1] for line in lines]
    missing = [name for name in together if CHANGES[name][2].rsplit("[", 1)[1] not in codes]
    # a list whose ranges are under a misspelt key has none, and its ranges are not looked at
    assert missing == ["host bits set"]
    places = [tuple(map(int, line.split(":")[1:3])) for line in lines]
    assert places == sorted(places)


def test_a_directory_is_no_policy(run: Run, tmp_path: Path) -> None:
    """`check` goes on with the other files; the others end."""
    (tmp_path / "folder.yaml").mkdir()
    ended = run("check", "folder.yaml")
    assert ended.returncode == 2
    assert ended.stderr == "folder.yaml: error: cannot be read: Is a directory; give the path of a policy file [unreadable]\n"
    ended = run("explain", "folder.yaml", "--address", "10.0.0.1")
    assert (ended.returncode, ended.stderr) == (2, "smplist: cannot read folder.yaml: Is a directory\n")


def test_a_file_that_is_not_there(run: Run) -> None:
    """The name and what the system says."""
    ended = run("explain", "none.yaml", "--address", "10.0.0.1")
    assert (ended.returncode, ended.stderr) == (2, "smplist: cannot read none.yaml: No such file or directory\n")


CAPABILITIES = "-dac_override,-dac_read_search"  # with which root may read and write everything


def test_no_permission(run: Run, tmp_path: Path) -> None:
    """A file that must not be read, and a folder that must not be written to."""
    (tmp_path / "p.yaml").write_text(POLICY, encoding="utf-8")
    (tmp_path / "p.yaml").chmod(0)
    bound = ["setpriv", f"--bounding-set={CAPABILITIES}", f"--inh-caps={CAPABILITIES}"] if os.geteuid() == 0 else []
    ended = run("explain", "p.yaml", "--address", "10.0.0.1", before=bound)
    assert (ended.returncode, ended.stderr) == (2, "smplist: cannot read p.yaml: Permission denied\n")
    (tmp_path / "p.yaml").chmod(0o644)
    tmp_path.chmod(0o555)
    ended = run("convert", "p.yaml", "out.json", before=bound)
    tmp_path.chmod(0o755)
    assert (ended.returncode, ended.stderr) == (2, "smplist: cannot write out.json: Permission denied\n")


CLIENTS = {
    ("--address", "10.0.0.300"): "the client's addresses 0: an octet is above 255: '10.0.0.300'; octets are 0 to 255",
    ("--address", "10.0.0.1%eth0"): "the client's addresses 0: unexpected character: '10.0.0.1%eth0'; remove it",
    ("--gateway", "10.0.0.1,zz"): "the client's gateways 0: not a MAC address: 'zz'; write it as 00:11:22:33:44:55, in quotes",
    ("--reached", "hq.example"): (
        "the client's reached 0: the port is missing: 'hq.example'; write host:port, an IPv6 address as [address]:port"
    ),
    ("--down", "nobody"): "--down nobody: the policy declares no source 'nobody'; it has hq, osce",
    ("--down", "hq/mail"): "--down hq/mail: no service is called 'mail'; write file_reputation or web_reputation",
}


@pytest.mark.parametrize(("words", "says"), CLIENTS.items(), ids=map(" ".join, CLIENTS))
def test_explain_refuses_a_client_that_is_none(run: Run, tmp_path: Path, words: tuple[str, str], says: str) -> None:
    """Word for word."""
    (tmp_path / "p.yaml").write_text(POLICY, encoding="utf-8")
    ended = run("explain", "p.yaml", *words)
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", f"smplist: {says}\n")
