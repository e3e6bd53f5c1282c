# SPDX-License-Identifier: MIT
"""Brokers for the command line: what can go wrong with one, in one line."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from smplist.cli import fail


def broker_of(url: str, password: str | None, ca: str | None) -> Any:
    """The broker that options name; an unusable one ends the program."""
    from smplist.fleet.broker import Broker

    try:
        return Broker.parse(url, password=password, ca=ca)
    except ValueError as error:
        fail(f"smplist: --broker: {error}")


def asking(broker: Any, ask: Callable[[], Any], otherwise: str) -> Any:
    """What a broker answers; one that does not ends the program, and `otherwise` says what has not happened."""
    from smplist._extras import need

    wrong = need("aiomqtt", "a broker", "fleet").MqttError
    try:
        return ask()
    except TimeoutError:
        fail(f"smplist: {broker} does not answer in time, {otherwise}; is it a broker, and is it up?")
    except (wrong, OSError) as error:
        said = (getattr(error, "strerror", None) or str(error) or type(error).__name__).splitlines()[0]
        said = re.sub(r"^\[Errno -?\d+\] ", "", said)
        fail(f"smplist: {broker}: {said}; {otherwise}")
