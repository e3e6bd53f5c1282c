# SPDX-License-Identifier: MIT
"""Servers of one's own for the tests of fleets: nginx and mosquitto on free ports of loopback, in folders of the test."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from net.servers import await_port, free_port, stop

_PATHS = f"{os.environ['PATH']}:/usr/sbin:/sbin"  # Debian has servers where users do not look


def missing(*names: str) -> list[str]:
    """Those of these programs that are not here."""
    return [name for name in names if shutil.which(name, path=_PATHS) is None]


def program(name: str) -> str:
    """Where a program is; the test is skipped without it."""
    found = shutil.which(name, path=_PATHS)
    if found is None:
        pytest.skip(f"no {name} here")
    return found


class Server:
    """A server that can be stopped, killed and started again; `words` is its command line."""

    def __init__(self, words: list[str], port: int, log: Path) -> None:
        self.words, self.port, self.log = words, port, log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it accepts connections."""
        assert self._process is None
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self.words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            await_port(self.port, "127.0.0.1", self._process)
        except AssertionError as error:
            self.stop(signal.SIGKILL)
            raise AssertionError(f"{self.words[0]} does not start: {self.log.read_text()[-2000:]}") from error

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop, and wait for the end; nothing if it does not run."""
        process, self._process = self._process, None
        if process is not None:
            stop(process, how)

    @contextlib.contextmanager
    def running(self) -> Iterator[Server]:
        """Started here, and stopped at the end, whatever happens."""
        self.start()
        try:
            yield self
        finally:
            self.stop()


def nginx(folder: Path, root: Path, port: int | None = None, certificate: Path | None = None) -> Server:
    """An nginx that gives out a folder, over TLS if it has a certificate, and `/tmcss` as sources do."""
    port = port or free_port()
    folder.mkdir(parents=True, exist_ok=True)
    user = "user root;" if os.geteuid() == 0 else ""
    tls = f"ssl; ssl_certificate {certificate}; ssl_certificate_key {certificate}" if certificate else ""
    paths = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; master_process off; pid {folder}/pid; error_log stderr warn;\n"
        "worker_rlimit_nofile 8192; events { worker_connections 4096; }\n"
        f"http {{ access_log off; {paths}\n server {{ listen 127.0.0.1:{port} backlog=1024 {tls}; root {root};\n"
        '  location = /tmcss { return 200 "here"; }\n location = /busy { return 503; }\n'
        '  location = /secret { if ($http_proxy_authorization != "Basic YW5uOnB3") { return 407; } return 200; } } }\n'
    )
    return Server([program("nginx"), "-p", str(folder), "-e", "stderr", "-c", str(folder / "nginx.conf")], port, folder / "log")


def mosquitto(folder: Path, more: str = "allow_anonymous true\n", port: int | None = None) -> Server:
    """A mosquitto that keeps what it retains over a restart."""
    port = port or free_port()
    folder.mkdir(parents=True, exist_ok=True)
    user = "user root\n" if os.geteuid() == 0 else ""
    (folder / "mosquitto.conf").write_text(
        f"{user}listener {port} 127.0.0.1\n{more}persistence true\npersistence_location {folder}/\nlog_dest stderr\n"
    )
    return Server([program("mosquitto"), "-c", str(folder / "mosquitto.conf")], port, folder / "log")
