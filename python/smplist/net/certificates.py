# SPDX-License-Identifier: MIT
"""What to trust, and what is wrong with a certificate that nobody trusts, in words."""

from __future__ import annotations

import ssl
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

from smplist._extras import need
from smplist.net.causes import Verdict, verdict

# of OpenSSL's X509_V_ERR_ codes
_NOT_YET_VALID, _EXPIRED, _SELF_SIGNED, _SELF_SIGNED_IN_CHAIN, _NO_ISSUER, _NO_FIRST = 9, 10, 18, 19, 20, 21
_WRONG_NAME, _WRONG_ADDRESS = 62, 64


def verifying(authorities: str | None) -> ssl.SSLContext:
    """A context that trusts what this machine trusts, and the authorities of a file.

    Raises
    ------
    ValueError
        If the file cannot be read, or has no certificate.
    """
    if sys.platform in ("win32", "darwin"):  # the trust is in no file
        context: ssl.SSLContext = need("truststore", "testing connections", "probe").SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    else:
        context = ssl.create_default_context()
    if authorities is not None:
        try:
            context.load_verify_locations(cafile=authorities)
        except ssl.SSLError:
            raise ValueError(f"{authorities} is no file of certificates; it begins with -----BEGIN CERTIFICATE-----") from None
        except OSError as error:
            raise ValueError(f"cannot read {authorities}: {error.strerror}") from None
    return context


def peeking() -> ssl.SSLContext:
    """A context that trusts anybody; it is only for looking at a certificate, and nothing is ever sent over it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def expiry(der: bytes) -> datetime:
    """When a certificate expires."""
    found: datetime = _read(der).not_valid_after_utc
    return found


def what_is_wrong(error: ssl.SSLCertVerificationError, host: str, der: bytes | None, repeat: Callable[[str], str]) -> Verdict:
    """Why a certificate was refused; with it at hand, in full. `repeat` makes its words fit to be shown."""
    code = error.verify_code
    cert = _read(der) if der else None
    if code == _EXPIRED:
        return verdict("certificate_expired", expires=cert.not_valid_after_utc.date() if cert else "a day in the past")
    if code == _NOT_YET_VALID:
        return verdict("certificate_not_yet_valid", begins=cert.not_valid_before_utc.date() if cert else "a day to come")
    if code in (_WRONG_NAME, _WRONG_ADDRESS):
        return verdict("certificate_wrong_name", names=repeat(_names(cert)) if cert else "another name", host=host)
    if code == _SELF_SIGNED:
        return verdict("certificate_self_signed")
    if code in (_SELF_SIGNED_IN_CHAIN, _NO_ISSUER, _NO_FIRST):
        return verdict("certificate_untrusted", issuer=repeat(cert.issuer.rfc4514_string()) if cert else "which is unknown")
    return verdict("certificate_refused", why=clean(error.verify_message))


def clean(text: str, most: int = 120) -> str:
    """A text of somebody else: printable ASCII, and not too long."""
    shown = "".join(sign if " " <= sign <= "~" else "?" for sign in text[: most + 1])
    return shown if len(shown) <= most else f"{shown[:most]}..."


def _read(der: bytes) -> Any:
    return need("cryptography.x509", "testing connections", "probe").load_der_x509_certificate(der)


def _names(cert: Any) -> str:
    """The names and addresses of a certificate, the first few."""
    from cryptography import x509

    try:
        found = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = [str(name.value) for name in found if isinstance(name, x509.DNSName | x509.IPAddress)]
    except (x509.ExtensionNotFound, ValueError):
        names = []
    if not names:
        return "no name at all"
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(f"'{name}'" for name in names[:3]) + more
