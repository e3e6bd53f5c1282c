# SPDX-License-Identifier: MIT
"""`smplist test-connection` against servers on loopback: each kind of trouble has its own cause, and no secret comes out."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, quote_plus

import pytest
import smplist
import trustme
from net import servers
from net.servers import Small, closing, echoing, free_port, garbage, gigabyte, lying, lying_with_tls, silent, slow, unhurried
from smplist.net import probe
from smplist.net.connections import STAGES, ask

CANARY = "canary-7f3a/+ü"
WRONG = "canary-wrong-91"
DEADLINE = 25.0
HTTPS = {"scheme": "https"}
NEEDED = [name for name in ("nginx", "squid", "openssl") if shutil.which(name) is None]

WHY_NOT = f"these servers are missing: {', '.join(NEEDED)}" if NEEDED else servers.closed_to_others()

pytestmark = pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))


class Place(NamedTuple):
    """What the policy says of a source, and what must come of asking it."""

    cause: str
    scheme: str
    port: int
    proxy: dict[str, Any] | None = None
    host: str = "127.0.0.1"


def certificate(place: Path, name: str, *, authority: trustme.CA, names: tuple[str, ...], **times: Any) -> str:
    """The lines with which nginx uses a certificate for these names."""
    made = authority.issue_cert(*names, **times)
    made.private_key_and_cert_chain_pem.write_to_path(str(place / f"{name}.pem"))
    return f"ssl_certificate {place}/{name}.pem; ssl_certificate_key {place}/{name}.pem;"


def good_servers(place: Path, stack: ExitStack, authority: trustme.CA) -> dict[str, int]:
    """One nginx with a port for each good server, and for each certificate that is not."""
    other, now = trustme.CA(organization_name="Somebody\x1b[31m else"), datetime.now(UTC)
    (place / "self.pem").write_bytes(other.private_key_pem.bytes() + other.cert_pem.bytes())
    own = ("127.0.0.1", "::1")
    tls = {
        "tls": certificate(place, "good", authority=authority, names=own),
        "expired": certificate(
            place, "old", authority=authority, names=own, not_before=now - timedelta(9), not_after=now - timedelta(2)
        ),
        "early": certificate(
            place, "new", authority=authority, names=own, not_before=now + timedelta(2), not_after=now + timedelta(9)
        ),
        "misnamed": certificate(place, "name", authority=authority, names=("other.example", "10.0.0.1")),
        "untrusted": certificate(place, "other", authority=other, names=own),
        "self-signed": f"ssl_certificate {place}/self.pem; ssl_certificate_key {place}/self.pem;",
    }
    plain = {
        "plain": "return 200 ok;",
        "redirect": "return 302 http://169.254.169.254/latest/meta-data/;",
        "broken": "return 503;",
        "nothing": "return 404;",
    }
    ports = {name: free_port() for name in (*tls, *plain)}
    blocks = [
        f"server {{ listen 127.0.0.1:{ports[n]} ssl; {lines} location / {{ return 200 ok; }} }}" for n, lines in tls.items()
    ]
    blocks += [f"server {{ listen 127.0.0.1:{ports[n]}; location / {{ {lines} }} }}" for n, lines in plain.items()]
    stack.enter_context(servers.running(servers.nginx_words(place, "\n".join(blocks)), ports["plain"]))
    return ports


def squid(stack: ExitStack, lines: str) -> dict[str, Any]:
    """A real proxy, as a policy names it."""
    place, port = stack.enter_context(servers.folder()), free_port()
    words = servers.squid_words(place, f"http_port 127.0.0.1:{port}\n{lines.format(place=place)}")
    made = subprocess.run(
        ["openssl", "passwd", "-5", "-stdin"], input=CANARY, capture_output=True, text=True, check=True, timeout=30
    )
    (place / "users").write_text(f"svc:{made.stdout}", encoding="utf-8")
    stack.enter_context(servers.running(words, port))
    return {"host": "127.0.0.1", "port": port}


def places(stack: ExitStack, folder: Path, authority: trustme.CA) -> dict[str, Place]:
    """A server for each kind of trouble, by name."""
    small = Small()
    stack.callback(small.stop)
    ports = good_servers(folder, stack, authority)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    open_proxy = squid(stack, "http_access allow all")
    closed_proxy = squid(stack, "http_access deny all")
    helper = shutil.which("basic_ncsa_auth") or "/usr/lib/squid/basic_ncsa_auth"
    asking = squid(
        stack, f"auth_param basic program {helper} {{place}}/users\nauth_param basic utf8 on\nacl known proxy_auth REQUIRED\n"
        "http_access allow known\nhttp_access deny all",
    )  # fmt: skip
    (folder / "secret").write_text(f"{WRONG}\n", encoding="utf-8")
    right = {"user": "svc", "password": "env:SMPLIST_TEST_PROXY"}
    wrong = {"user": "guest", "password": f"file:{folder / 'secret'}"}
    liar = {name: {"host": "127.0.0.1", "port": small.start(handler), **right} for name, handler in (
        ("closes", lying(closing)), ("garbage", lying(garbage)), ("own", lying_with_tls(context)), ("echo", echoing),
        ("silent", silent), ("no proxy", garbage))}  # fmt: skip
    http, https = ("http", ports["plain"]), ("https", ports["tls"])
    return {
        "up": Place("answers", *http),
        "up with TLS": Place("answers", *https),
        "not found": Place("answers", "http", ports["nothing"]),
        "unhurried": Place("answers", "http", small.start(unhurried)),
        "gigabyte": Place("long_answer", "http", small.start(gigabyte)),
        "refusing": Place("refused", "http", free_port()),
        "silent": Place("silent", "http", small.start(silent)),
        "silent with TLS": Place("silent", "https", small.start(silent)),
        "slow": Place("slow", "http", small.start(slow)),
        "closing": Place("closed", "http", small.start(closing)),
        "closing with TLS": Place("closed", "https", small.start(closing)),
        "garbage": Place("garbage", "http", small.start(garbage)),
        "no TLS": Place("not_tls", "https", ports["plain"]),
        "expired": Place("certificate_expired", "https", ports["expired"]),
        "early": Place("certificate_not_yet_valid", "https", ports["early"]),
        "self-signed": Place("certificate_self_signed", "https", ports["self-signed"]),
        "untrusted": Place("certificate_untrusted", "https", ports["untrusted"]),
        "wrongly named": Place("certificate_wrong_name", "https", ports["misnamed"]),
        "redirecting": Place("redirects", "http", ports["redirect"]),
        "broken": Place("server_error", "http", ports["broken"]),
        "nobody": Place("name_unknown", "http", 80, host="nobody.invalid"),
        "metadata": Place("not_allowed", "http", 80, host="169.254.169.254"),
        "metadata through a proxy": Place("not_allowed", "http", 80, open_proxy, host="169.254.169.254"),
        "through a proxy": Place("answers", *http, open_proxy),
        "through a proxy with TLS": Place("answers", *https, open_proxy),
        "refusing, through a proxy": Place("proxy_cannot_connect", "http", free_port(), open_proxy),
        "refusing, through a proxy with TLS": Place("proxy_cannot_connect", "https", free_port(), open_proxy),
        "expired, through a proxy": Place("certificate_expired", "https", ports["expired"], open_proxy),
        "proxy refuses": Place("proxy_refuses", *http, closed_proxy),
        "proxy refuses TLS": Place("proxy_refuses", *https, closed_proxy),
        "proxy asks": Place("proxy_wants_password", *http, asking),
        "proxy asks with TLS": Place("proxy_wants_password", *https, asking),
        "right password": Place("answers", *http, asking | right),
        "right password with TLS": Place("answers", *https, asking | right),
        "wrong password": Place("proxy_refuses_password", *http, asking | wrong),
        "wrong password with TLS": Place("proxy_refuses_password", *https, asking | wrong),
        "no password": Place("no_password", *http, asking | {"user": "svc", "password": "env:SMPLIST_TEST_NOT_SET"}),
        "proxy is off": Place("refused", *http, {"host": "127.0.0.1", "port": free_port()}),
        "proxy is silent": Place("silent", *https, liar["silent"]),
        "proxy is no proxy": Place("garbage", *https, liar["no proxy"]),
        "proxy lies and closes": Place("proxy_lies", *https, liar["closes"]),
        "proxy lies with garbage": Place("proxy_lies", *https, liar["garbage"]),
        "proxy lies with a certificate": Place("certificate_untrusted", *https, liar["own"]),
        "proxy repeats the password": Place("redirects", *http, liar["echo"]),
        "proxy repeats the password with TLS": Place("proxy_refuses", *https, liar["echo"]),
    }


def policy_of(found: dict[str, Place]) -> dict[str, Any]:
    """A policy with a list of its own for each place."""
    return {
        "schema": "smplist/1",
        "sources": {
            name: {"host": at.host, "file_reputation": {"scheme": at.scheme, "port": at.port}} for name, at in found.items()
        },
        "internal": {
            "mode": "custom",
            "custom": {
                "lists": [
                    {"name": name, "ranges": [f"10.0.{row}.0/24"], "sources": [name], "proxy": place.proxy}
                    for row, (name, place) in enumerate(found.items())
                ]
            },
        },
    }


class Street(NamedTuple):
    """All places, and what asking them all gave, once."""

    found: dict[str, Place]
    folder: Path
    printed: str
    rows: dict[str, dict[str, Any]]
    code: int
    seconds: float


def command(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command line, where the places are; a password is in the environment."""
    return subprocess.run(
        [sys.executable, "-m", "smplist", "test-connection", "policy.json", "--allow", "127.0.0.0/8", "--ca", "ca.pem",
         "--timeout", "1", *words],
        cwd=folder, capture_output=True, text=True, timeout=DEADLINE * 2,
        env=os.environ | {"SMPLIST_TEST_PROXY": CANARY, "HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"},
    )  # fmt: skip


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    """Every place, asked by one run of the command."""
    with ExitStack() as stack:
        folder, authority = stack.enter_context(servers.folder()), trustme.CA()
        authority.cert_pem.write_to_path(str(folder / "ca.pem"))
        found = places(stack, folder, authority)
        (folder / "policy.json").write_text(json.dumps(policy_of(found)), encoding="utf-8")
        began = time.monotonic()
        ended = command(folder, "--format", "json", "--deadline", str(DEADLINE), "--write-availability", "up.json")
        took = time.monotonic() - began
        assert ended.stderr == ""
        rows = {row["source"]: row for row in json.loads(ended.stdout)["rows"]}
        yield Street(found, folder, ended.stdout, rows, ended.returncode, took)


def test_all_of_it_is_inside_the_deadline(street: Street) -> None:
    """Nobody waits longer than was said, though many places never answer."""
    assert street.seconds < DEADLINE
    assert street.code == 1


NAMES = """
up; up with TLS; not found; unhurried; gigabyte; refusing; silent; silent with TLS; slow; closing; closing with TLS; garbage;
no TLS; expired; early; self-signed; untrusted; wrongly named; redirecting; broken; nobody; metadata; metadata through a proxy;
through a proxy; through a proxy with TLS; refusing, through a proxy; refusing, through a proxy with TLS;
expired, through a proxy; proxy refuses; proxy refuses TLS; proxy asks; proxy asks with TLS; right password;
right password with TLS; wrong password; wrong password with TLS; no password; proxy is off; proxy is silent; proxy is no proxy;
proxy lies and closes; proxy lies with garbage; proxy lies with a certificate; proxy repeats the password;
proxy repeats the password with TLS"""


@pytest.mark.parametrize("name", [" ".join(name.split()) for name in NAMES.split(";")])
def test_every_trouble_has_its_cause(street: Street, name: str) -> None:
    """Inside the deadline, and with something to do about it."""
    row, place = street.rows[name], street.found[name]
    assert row["cause"] == place.cause, row
    assert bool(row["advice"]) == (row["state"] != "up")


def test_causes_are_told_in_words(street: Street) -> None:
    """With dates, names and what to do, as somebody needs them who was not there."""
    said = {name: row["text"] for name, row in street.rows.items()}
    ended = (datetime.now(UTC) - timedelta(2)).date()
    assert said["expired"] in (f"the certificate expired on {ended}", f"the certificate expired on {ended - timedelta(1)}")
    assert said["expired, through a proxy"] == said["expired"]
    assert said["wrongly named"] == "the certificate is for 'other.example', '10.0.0.1', not for '127.0.0.1'"
    assert "Somebody?[31m else" in said["untrusted"]
    assert said["redirecting"] == "answers 302 Found and points to http://169.254.169.254, which is not asked"
    assert said["proxy asks"] == said["proxy asks with TLS"] == "the proxy asks for a password"
    assert said["no password"].endswith("the variable 'SMPLIST_TEST_NOT_SET' is not set; export it")
    assert said["refusing, through a proxy"] == "the proxy does not get through to the source: 503 Service Unavailable"
    assert said["silent"] == "the source accepts the connection and says nothing for 1 s"
    assert street.rows["up with TLS"]["expires"] is not None
    assert all(text.isprintable() for text in said.values())


def test_stages_are_timed(street: Street) -> None:
    """Those that were reached, and no others."""

    def timed(name: str) -> list[str]:
        return [stage for stage in STAGES if street.rows[name][f"{stage}_ms"] is not None]

    assert timed("up") == ["resolve", "connect", "http"]
    assert timed("through a proxy with TLS") == ["resolve", "connect", "proxy", "tls", "http"]
    assert timed("expired") == ["resolve", "connect", "tls"]
    assert timed("nobody") == ["resolve"]
    assert 300 <= street.rows["unhurried"]["http_ms"] <= 1000
    assert street.rows["silent"]["http_ms"] >= 1000


def hidden() -> list[str]:
    """The passwords, in every form in which something might repeat them."""
    forms = []
    for user, password in (("svc", CANARY), ("guest", WRONG)):
        encoded = base64.b64encode(f"{user}:{password}".encode()).decode()
        forms += [password, quote(password), quote_plus(password), encoded, encoded.rstrip("="), encoded.lower().rstrip("=")]
        forms += [password[:12]]
    return forms


@pytest.mark.parametrize("form", ["text", "ndjson", "csv", "markdown", "html"])
def test_no_password_comes_out(street: Street, form: str) -> None:
    """Not even if a proxy says it back, wherever it can. [S-24]"""
    names = [name for name in street.found if "password" in name or "lies" in name]
    ended = command(street.folder, *names, "--format", form)
    assert ended.returncode == 1 and len(ended.stdout) > 500
    written = (street.folder / "up.json").read_text(encoding="utf-8")
    assert [word for word in hidden() if word in ended.stdout + ended.stderr + street.printed + written] == []


def test_nobody_follows_a_redirect_or_asks_a_metadata_address(street: Street, tmp_path: Path) -> None:
    """Every connection goes to an address that was allowed: seen from the system calls of a run."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("no strace here")
    log = tmp_path / "calls"
    subprocess.run(
        [strace, "-f", "-e", "trace=connect", "-o", str(log), sys.executable, "-m", "smplist", "test-connection", "policy.json",
         "redirecting", "metadata", "up", "proxy repeats the password", "--allow", "127.0.0.0/8"],
        cwd=street.folder, capture_output=True, timeout=120, env=os.environ | {"SMPLIST_TEST_PROXY": CANARY},
    )  # fmt: skip
    asked = set(re.findall(r'inet_addr\("([0-9.]+)"\)', log.read_text(encoding="utf-8")))
    assert asked == {"127.0.0.1"}


def test_memory_is_bounded(street: Street) -> None:
    """A hundred sources that each send 1 GB: never more of each than 64 KiB."""
    policy = json.loads((street.folder / "policy.json").read_text(encoding="utf-8"))
    source = policy["sources"]["gigabyte"]
    policy["sources"] = {f"s{n}": source for n in range(100)}
    policy["internal"] = {"mode": "standard", "standard": {"sources": ["s0"]}}
    (street.folder / "many.json").write_text(json.dumps(policy), encoding="utf-8")
    script = (
        "import resource, smplist; from smplist.net.connections import ask\n"
        "policy = smplist.load('many.json'); ask(policy, ['s0'], allow=['127.0.0.0/8'])\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "rows = ask(policy, allow=['127.0.0.0/8']).rows()\n"
        "print({row['cause'] for row in rows}, len(rows), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    ended = subprocess.run([sys.executable, "-c", script], cwd=street.folder, capture_output=True, text=True, timeout=120)
    causes, _, rest = ended.stdout.partition("} ")
    count, more = map(int, rest.split())
    assert (causes, count) == ("{'long_answer'", 100), ended.stderr
    assert more < 30_000  # KiB; 32 at once with 64 KiB each, and what goes with them


def test_three_hundred_sources_answer_inside_ten_seconds(street: Street) -> None:
    """Both services of each; what is not done by the deadline would say so."""
    plain, tls = street.found["up"], street.found["up with TLS"]
    services = {"file_reputation": {"scheme": "https", "port": tls.port}, "web_reputation": {"port": plain.port}}
    policy = smplist.Policy.from_dict(
        {
            "schema": "smplist/1",
            "sources": {f"s{n}": {"host": "127.0.0.1", **services} for n in range(300)},
            "internal": {"mode": "standard", "standard": {"sources": ["s0"]}},
        }
    )
    rows = ask(policy, allow=["127.0.0.0/8"], authorities=str(street.folder / "ca.pem"), deadline=10).rows()
    assert len(rows) == 600 and {row["cause"] for row in rows} == {"answers"}


def test_a_deadline_ends_everything(street: Street) -> None:
    """What is not done by then is unknown, and the others are told as ever."""
    began = time.monotonic()
    ended = command(street.folder, "up", "silent", "slow", "--timeout", "20", "--deadline", "1", "--format", "json")
    assert time.monotonic() - began < 10  # starting and ending included; without the deadline it would be 20
    causes = {row["source"]: row["cause"] for row in json.loads(ended.stdout)["rows"]}
    assert causes == {"up": "answers", "silent": "deadline", "slow": "deadline"}
    assert ended.returncode == 1


def test_what_answers_is_nothing_to_report(street: Street) -> None:
    """Exit code 0; names can be given addresses, and then certificates are checked against the name."""
    ended = command(street.folder, "up", "up with TLS", "right password", "gigabyte")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("3 endpoints: 3 up\n")  # two of the four are one endpoint, over two ways


def test_what_nobody_foresaw_is_a_defect_and_says_no_more_than_its_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """One endpoint is unknown then, and all others are asked; what the exception says is not repeated."""
    asked = probe._Exchange._ask

    async def fail(self: Any, wire: Any, context: Any) -> Any:
        if str(self._address) == "127.0.0.2":
            raise LookupError(CANARY)
        return await asked(self, wire, context)

    monkeypatch.setattr(probe._Exchange, "_ask", fail)
    sources = {name: {"host": host, "file_reputation": {"scheme": "http", "port": 1}} for name, host in
               {"a": "127.0.0.1", "b": "127.0.0.2"}.items()}  # fmt: skip
    policy = smplist.Policy.from_dict(
        {"schema": "smplist/1", "sources": sources, "internal": {"mode": "standard", "standard": {"sources": ["a", "b"]}}}
    )
    found = ask(policy, allow=["127.0.0.0/8"])
    assert {row["source"]: (row["state"], row["cause"]) for row in found.to_dict()["rows"]} == {
        "a": ("down", "refused"), "b": ("unknown", "defect"),
    }  # fmt: skip
    assert CANARY not in str(found) and "LookupError" in str(found)


def test_loopback_needs_to_be_allowed(street: Street) -> None:
    """A policy cannot make this machine ask itself, or others on its link."""
    ended = subprocess.run(
        [sys.executable, "-m", "smplist", "test-connection", "policy.json", "up", "refusing", "--format", "json"],
        cwd=street.folder, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert {row["cause"] for row in json.loads(ended.stdout)["rows"]} == {"not_allowed"}
    assert ended.returncode == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["upp"], "smplist: the policy declares no source 'upp'; did you mean 'up'?"),
        (["proxy:127.0.0.1:1"], "smplist: "),
        (["--ca", "none.pem"], "smplist: cannot read none.pem: no such file"),
        (["--ca", "policy.json"], "smplist: policy.json is no file of certificates"),
        (["--allow", "10.0.0.0/33"], "smplist: --allow 10.0.0.0/33: "),
        (["--resolve", "a.example"], "smplist: --resolve 'a.example': write NAME=ADDRESS"),
        (["--resolve", "10.0.0.1=10.0.0.2"], "smplist: --resolve '10.0.0.1=10.0.0.2': write NAME=ADDRESS"),
        (["--timeout", "nan"], "Error: Invalid value for '--timeout'"),
        (["--deadline", "0"], "Error: Invalid value for '--deadline'"),
    ],
)
def test_bad_input_is_refused(street: Street, words: list[str], said: str) -> None:
    """With one line that says what is wrong."""
    ended = command(street.folder, *words)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said.lower() in ended.stderr.lower()
