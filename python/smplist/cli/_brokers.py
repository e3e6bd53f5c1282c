# SPDX-License-Identifier: MIT
"""Brokers for the command line: what can go wrong with one, in one line."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from typing import Any

from smplist.cli import fail

_NOT_LET_IN = (4, 5, 134, 135)  # bad user or password, not authorised: MQTT 3.1.1, 3.2.2.3, and MQTT 5, 3.2.2.2


def broker_of(url: str, password: str | None, ca: str | None) -> Any:
    """The broker that options name; an unusable one ends the program."""
    from smplist._secrets import SecretError
    from smplist.fleet.broker import Broker

    try:
        found = Broker.parse(url, password=password, ca=ca)
        if ca:
            ssl.create_default_context(cafile=ca)
    except SecretError as error:
        fail(f"smplist: --password: {error}")
    except ValueError as error:
        fail(f"smplist: --broker: {error}")
    except ssl.SSLError:
        fail(f"smplist: --ca {ca}: no certificates are in it; name a file of certificates in PEM")
    except OSError as error:
        fail(f"smplist: --ca {ca}: {error.strerror or error}; name a file of certificates in PEM")
    return found


def asking(broker: Any, ask: Callable[[], Any], otherwise: str, password: str | None = None) -> Any:
    """What a broker answers; one that does not ends the program, and `otherwise` says what has not happened.

    `password` is the reference to it: its text is never repeated.
    """
    from smplist._extras import need

    wrong = need("aiomqtt", "a broker", "fleet").MqttError
    try:
        return ask()
    except TimeoutError:
        fail(f"smplist: {broker} does not answer in time, {otherwise}; is it a broker, and is it up?")
    except (wrong, OSError) as error:
        said, advice = _why(error, broker, password)
        fail(f"smplist: {broker}: {said}; {otherwise}{f'; {advice}' if advice else ''}")


def _why(error: Exception, broker: Any, password: str | None) -> tuple[str, str]:
    """What is wrong, and what to do."""
    text = str(error)
    code = getattr(error, "rc", None)
    code = getattr(code, "value", code)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return _of_certificate(text, broker)
    if code in _NOT_LET_IN and type(error).__name__ == "MqttConnectError":
        if not broker.user:
            return "the broker wants a user", "write USER@ before the host, and --password"
        how = f"with the password from {password}" if password else "without a password"
        return (
            f"the broker does not let {broker.user!r} in {how}",
            "look whether both are right" if password else "add --password",
        )
    if isinstance(code, int) and type(error).__name__ == "MqttCodeError":
        who = repr(broker.user) if broker.user else "somebody without a user"
        return f"the broker ended the connection; {who} may not do this there", "name a user who may"
    said = (getattr(error, "strerror", None) or text or type(error).__name__).splitlines()[0]
    return re.sub(r"^\[Errno -?\d+\] ", "", said), ""


def _of_certificate(text: str, broker: Any) -> tuple[str, str]:
    """Why a certificate is not accepted; the library leaves nothing but its sentence."""
    why = re.sub(r"^.*?certificate verify failed: | \(_ssl\.c:\d+\)\.?$", "", text)
    if re.search(r"mismatch|not valid for", why):
        return f"its certificate is of another host ({why})", "write the name that it is of"
    if "expired" in why or "not yet valid" in why:
        return f"its certificate is not valid today ({why})", "renew it, or look at the clock"
    where = f"--ca {broker.ca} has not who signed it" if broker.ca else "name who signed it with --ca FILE"
    return f"its certificate is not trusted ({why})", where
