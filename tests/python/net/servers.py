# SPDX-License-Identifier: MIT
"""Servers for tests: real ones of Debian, and small ones that do what no good server does. Whoever starts one stops it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

SECONDS = 30  # until a server is there, or gone


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(words: Sequence[str], port: int, host: str = "127.0.0.1", within: Sequence[str] = ()) -> Iterator[None]:
    """A program in the foreground, from when its port answers until the end of the block; `within` stands before its words."""
    with tempfile.TemporaryFile() as said:
        started = subprocess.Popen([*within, *words], stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT)
        try:
            await_port(port, host, started, within)
            yield
        except BaseException:
            said.seek(0)
            print(said.read()[-2000:].decode(errors="replace"))
            raise
        finally:
            stop(started)


def stop(started: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM) -> None:
    """End a program that was started here, gently, unless another signal is said, and then not."""
    started.send_signal(how)
    try:
        started.wait(SECONDS)
    except subprocess.TimeoutExpired:
        started.kill()
        started.wait(SECONDS)


def await_port(port: int, host: str, started: subprocess.Popen[bytes], within: Sequence[str] = ()) -> None:
    """Wait until a port answers; what has ended by then has failed."""
    ends = time.monotonic() + SECONDS
    while time.monotonic() < ends:
        assert started.poll() is None, f"{started.args!r} ended with {started.returncode}"
        if within:
            listed = subprocess.run([*within, "ss", "-Hltn", f"sport = :{port}"], capture_output=True, text=True, timeout=SECONDS)
            if listed.stdout.strip():
                return
        else:
            with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
                return
        time.sleep(0.02)
    raise AssertionError(f"{started.args!r} does not listen on port {port}")


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A folder that programs which give up root's rights can read, too."""
    made = Path(tempfile.mkdtemp(prefix="smplist-"))
    made.chmod(0o755)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def nginx_words(place: Path, blocks: str) -> list[str]:
    """What starts nginx in the foreground with these server blocks, in a folder of its own."""
    for name in ("body", "proxy", "fastcgi", "uwsgi", "scgi"):
        (place / name).mkdir(parents=True, exist_ok=True)
    temporary = "\n".join(
        f"{name}_temp_path {place / folder_name};"
        for name, folder_name in (("client_body", "body"), ("proxy", "proxy"), ("fastcgi", "fastcgi"), ("uwsgi", "uwsgi"),
                                  ("scgi", "scgi"))
    )  # fmt: skip
    (place / "nginx.conf").write_text(
        f"daemon off; worker_processes 1; pid {place / 'nginx.pid'}; error_log stderr;\n"
        f"events {{ worker_connections 1024; }}\nhttp {{ access_log off; {temporary}\n{blocks}\n}}\n",
        encoding="utf-8",
    )
    return ["nginx", "-p", str(place), "-c", str(place / "nginx.conf"), "-e", "stderr"]


def closed_to_others() -> str | None:
    """Why squid cannot run on this machine; None if it can. As root it gives up root's rights, and there is no other way."""
    closed = os.geteuid() == 0 and os.stat("/").st_mode & 0o005 != 0o005
    return "squid gives up root's rights, and / is closed to everybody else" if closed else None


def squid_words(place: Path, lines: str) -> list[str]:
    """What starts squid in the foreground; it keeps nothing and asks this machine for names."""
    (place / "squid.conf").write_text(
        f"{lines}\ncache deny all\naccess_log none\ncache_log {place}/cache.log\npid_filename none\nshutdown_lifetime 0 seconds\n"
        "hosts_file none\ndns_nameservers 127.0.0.1\ndns_timeout 1 second\nvisible_hostname proxy.test\n"
        f"max_filedescriptors 1024\nconnect_retries 0\ncoredump_dir {place}\n",
        encoding="utf-8",
    )
    # its shared memory is called after it: another squid, or what one left behind, is not in the way
    name = f"smplist{uuid.uuid4().hex[:12]}"
    return ["squid", "-N", "-n", name, "-d", "1", "-f", str(place / "squid.conf")]


class Small:
    """Small servers on loopback, in a thread of their own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._servers: list[asyncio.Server] = []

    def start(self, handler: Handler, context: ssl.SSLContext | None = None) -> int:
        """The port of a new server."""
        made = asyncio.run_coroutine_threadsafe(asyncio.start_server(_quietly(handler), "127.0.0.1", 0, ssl=context), self._loop)
        server = made.result(SECONDS)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    def stop(self) -> None:
        """End all of them, and what they are in the middle of."""

        async def end() -> None:
            for server in self._servers:
                server.close()
            rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in rest:
                task.cancel()
            await asyncio.gather(*rest, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(SECONDS)
        self._loop.close()


def _quietly(handler: Handler) -> Handler:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    return handle


async def request(reader: asyncio.StreamReader) -> bytes:
    """The head of a request."""
    return await reader.readuntil(b"\r\n\r\n")


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accepts, and never says anything."""
    await reader.read(-1)


async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Closes at once."""


async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Says what is neither HTTP nor TLS, with colours that no terminal should see."""
    await reader.read(1000)
    writer.write(b"\x1b[31mSSH-2.0-\x00\xff\x07 hello\r\n\r\n")
    await writer.drain()


async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Begins to answer, a byte at a time, and is never done."""
    await request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.1)


async def unhurried(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers after a while."""
    await request(reader)
    await asyncio.sleep(0.3)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    await writer.drain()


async def gigabyte(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers with 1 GB, as fast as it is read."""
    await request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
    part = b"\0" * 1_000_000
    for _ in range(1000):
        writer.write(part)
        await writer.drain()


async def echoing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Says everything back that it was told, where it might be shown: in the reason, in a redirect, in the body."""
    said = await request(reader)
    lines = said.decode("latin-1").split("\r\n")
    secret = next((line.split(" ")[-1] for line in lines if line.lower().startswith("proxy-authorization")), "none")
    writer.write(
        f"HTTP/1.1 302 {secret}\r\nLocation: http://{secret.rstrip('=').lower()}.example/{secret}\r\nX-Squid-Error: {secret}\r\n"
        f"Content-Length: {len(said)}\r\n\r\n".encode("latin-1") + said
    )  # fmt: skip
    await writer.drain()


def lying(then: Handler) -> Handler:
    """A proxy that says it is connected, and does something else."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await writer.drain()
        await then(reader, writer)

    return handle


def lying_with_tls(context: ssl.SSLContext) -> Handler:
    """A proxy that says it is connected, and answers for the source, with a certificate of its own."""

    async def then(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await writer.start_tls(context)
        await reader.read(-1)

    return lying(then)
