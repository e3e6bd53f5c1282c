# SPDX-License-Identifier: MIT
"""The value protocol: every class compares, hashes, copies, pickles, prints, and cannot be changed or made by stealth."""

from __future__ import annotations

import copy
import enum
import ipaddress
import json
import pickle
from pathlib import Path
from typing import Any

import pytest
import smplist

ACME = smplist.load(Path(__file__).parents[2] / "docs/examples/acme/policy.yaml")
INSIDE = smplist.Client(["10.20.3.4", "fe80::1%eth0"], id="pc-7", gateways=["10.20.0.1,00-00-5E-00-53-20"])
PLAN = ACME.evaluate(INSIDE, "file_reputation")
OTHER = ACME.evaluate(smplist.Client(["10.36.0.1"], location="internal"), "web_reputation")

# two of each class that differ
VALUES: list[tuple[Any, Any]] = [
    (smplist.Address("10.0.0.1"), smplist.Address("2001:db8::1")),
    (smplist.AddressRange("10.0.0.0/8"), smplist.AddressRange("10.0.0.1-10.0.0.9")),
    (smplist.RangeSet(["10.0.0.0/8", "2001:db8::/32"]), smplist.RangeSet()),
    (smplist.Host("sps.example"), smplist.Host("[2001:db8::5]")),
    (smplist.HostPort("sps.example:443"), smplist.HostPort("[2001:db8::5]:80")),
    (smplist.MacAddress("0011.2233.4455"), smplist.MacAddress("00:11:22:33:44:56")),
    (INSIDE, smplist.Client()),
    (ACME, smplist.Policy.from_dict({**ACME.to_dict(), "title": "Other"})),
    (PLAN, OTHER),
    (PLAN.attempts[0], PLAN.attempts[1]),
    (PLAN.ignored[0], OTHER.ignored[0]),
    (PLAN.stages[0], PLAN.stages[1]),
    (PLAN.trace[0], PLAN.trace[1]),
    (PLAN.scope, OTHER.scope),
    (PLAN.decided_by, OTHER.decided_by),
    (ACME.sources["osce"], ACME.sources["sps-hq"]),
    (ACME.lists[0], ACME.lists[1]),
    (next(x.proxy for x in ACME.lists if x.proxy), next(x.proxy for x in reversed(ACME.lists) if x.proxy)),
    (smplist.Failover(), smplist.Failover(retries=1)),
]
pairs = pytest.mark.parametrize(("one", "other"), VALUES, ids=[type(one).__name__ for one, _ in VALUES])


@pairs
def test_values_compare_hash_copy_and_pickle(one: Any, other: Any) -> None:
    """Equal means equal in every way; nothing else is equal."""
    assert one == copy.copy(one) and not one != copy.copy(one)  # noqa: SIM202  both operators
    assert one != other and not one == other  # noqa: SIM201
    assert one not in (None, 0, "", object(), b"")
    assert hash(one) == hash(copy.deepcopy(one))
    assert len({one, other, copy.copy(one)}) == 2
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(one, protocol))
        assert type(again) is type(one)
        assert again == one and hash(again) == hash(one) and repr(again) == repr(one)
    assert str(one) and repr(one).startswith(type(one).__name__)


@pairs
def test_values_cannot_be_changed(one: Any, other: Any) -> None:
    """No attribute is set, none is added, none is deleted."""
    names = [name for name in dir(one) if not name.startswith("_")]
    for name in [*names, "brand_new"]:
        with pytest.raises((AttributeError, TypeError)):
            setattr(one, name, 1)
        with pytest.raises((AttributeError, TypeError)):
            delattr(one, name)


@pairs
def test_a_value_made_by_stealth_is_refused(one: Any, other: Any) -> None:
    """`T.__new__(T)`, foreign state and half a pickle end in an exception, never in a crash."""
    cls: Any = type(one)
    hollow = cls.__new__(cls)
    for use in (str, repr, hash, bool, lambda x: x == one, lambda x: one == x, copy.copy, pickle.dumps, lambda x: x.to_json()):
        with pytest.raises((TypeError, ValueError, AttributeError, pickle.PicklingError)):
            if use(hollow) in (True, False):  # equal to nothing, and true like every object
                raise TypeError
    with pytest.raises(TypeError, match="never made"):
        hollow.to_dict()
    for state in (None, (), (1, 2, 3), "text", {"a": 1}, ("a",) * 9, b"\xff"):
        with pytest.raises((TypeError, ValueError, AttributeError)):
            cls.__new__(cls).__setstate__(state)
    data = pickle.dumps(one)
    for cut in range(0, len(data) - 1, max(1, len(data) // 40)):
        with pytest.raises((pickle.UnpicklingError, EOFError, ValueError, TypeError, AttributeError, IndexError, ImportError)):
            pickle.loads(data[:cut])


@pairs
def test_documents_of_values(one: Any, other: Any) -> None:
    """`to_json` is JSON, and `to_dict` is what it says."""
    assert json.loads(one.to_json()) == one.to_dict()
    if hasattr(type(one), "from_dict"):
        assert type(one).from_dict(one.to_dict()) == one
    if hasattr(type(one), "from_json"):
        assert type(one).from_json(one.to_json()) == one


@pytest.mark.parametrize("cls", [smplist.Address, smplist.AddressRange, smplist.Host, smplist.HostPort, smplist.MacAddress])
def test_try_parse_returns_the_error(cls: Any) -> None:
    """A value or a `ParseError`, which is raised by the constructor."""
    wrong = cls.try_parse("what is this?")
    assert isinstance(wrong, smplist.ParseError)
    with pytest.raises(smplist.ParseError) as raised:
        cls("what is this?")
    assert (raised.value.code, raised.value.offset) == (wrong.code, wrong.offset)
    assert pickle.loads(pickle.dumps(wrong)).code == wrong.code
    for one, _ in VALUES:
        if type(one) is cls:
            assert cls.try_parse(str(one)) == one


def test_parse_error_draws_the_place() -> None:
    """The message, the text, and a mark under the bytes that are to blame."""
    with pytest.raises(smplist.ParseError) as raised:
        smplist.AddressRange("10.0.0.1-10.0.0.300")
    assert str(raised.value) == "an octet is above 255; octets are 0 to 255\n  10.0.0.1-10.0.0.300\n                  ^^^"
    assert (raised.value.offset, raised.value.length) == (16, 3)
    hostile = smplist.Host.try_parse("a\x1b[31m\n\u202eb")
    assert str(hostile) == "unexpected character; remove it"  # a text with control characters is not shown


def test_addresses_from_ints_and_ipaddress() -> None:
    """Both directions, at the ends of both families."""
    for text in ("0.0.0.0", "255.255.255.255", "::", "::1:0:0:0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"):
        standard = ipaddress.ip_address(text)
        ours = smplist.Address(standard)
        assert (str(ours), int(ours), ours.packed) == (str(standard), int(standard), standard.packed)
        assert bytes(ours) == standard.packed
    assert smplist.Address(2**32 - 1) == smplist.Address("255.255.255.255")
    assert smplist.Address(2**32) == smplist.Address("::1:0:0")
    for number in (-1, 2**128, 10**50):
        with pytest.raises((ValueError, OverflowError)):
            smplist.Address(number)
    for wrong in (1.5, None, b"\x0a\x00\x00\x01", ["10.0.0.1"], True):
        with pytest.raises(TypeError):
            smplist.Address(wrong)
    assert smplist.AddressRange(ipaddress.ip_network("10.0.0.0/8")).size == 2**24
    assert smplist.AddressRange("::/0").size == 2**128


LONE = "a\ud800"  # half of a surrogate pair


def test_text_that_is_no_text_is_refused() -> None:
    """Python's strings can hold what UTF-8 cannot; each way in says so with a `ValueError`, or a `TypeError` of its argument."""
    for use in (
        smplist.Address,
        smplist.AddressRange,
        smplist.Host,
        smplist.loads,
        lambda text: smplist.loads(text, "yaml"),
        lambda text: smplist.Client([text]),
        lambda text: smplist.Client(id=text),
        lambda text: smplist.Client.from_dict({"id": text}),
        lambda text: smplist.Policy.from_dict({text: 1}),
        lambda text: smplist.Policy.from_json(text),
        lambda text: ACME.evaluate(INSIDE, text),
        lambda text: ACME.matching_lists(text),
    ):
        with pytest.raises((ValueError, TypeError)):
            use(LONE)
    for text in ('{"schema": "\\ud800"}', 'schema: "\\ud800"'):
        with pytest.raises(smplist.PolicyError):
            smplist.loads(text)


def test_range_sets_do_what_sets_do() -> None:
    """The operations, over both families at once."""
    a, b = smplist.RangeSet(["10.0.0.0/8", "2001:db8::/32"]), smplist.RangeSet(["10.128.0.0/9", "::/0"])
    assert (a | b) == smplist.RangeSet(["10.0.0.0/8", "::/0"])
    assert (a & b) == smplist.RangeSet(["10.128.0.0/9", "2001:db8::/32"])
    assert (a - b) == smplist.RangeSet(["10.0.0.0/9"])
    assert (a ^ a) == smplist.RangeSet() and not len(a ^ a) and (a ^ b) == (a | b) - (a & b)
    assert ~~a == a and not (a & ~a).ranges and (a | ~a).size == 2**32 + 2**128
    assert "10.1.2.3" in a and "11.0.0.0" not in a and smplist.Address("2001:db8::") in a
    assert [str(r) for r in a] == ["10.0.0.0/8", "2001:db8::/32"]


def test_enumerations_are_words() -> None:
    """Real enumerations whose values are the words of documents; `__members__` are their names."""
    classes = [cls for cls in vars(smplist).values() if isinstance(cls, type) and issubclass(cls, enum.Enum)]
    assert len(classes) >= 19
    for cls in classes:
        for member in cls:
            assert member == member.value and str(member) == member.value
            assert member.name == member.value.upper().replace("-", "_").replace(".", "_")
            assert pickle.loads(pickle.dumps(member)) is member
    with pytest.raises(ValueError, match="file_reputation, web_reputation"):
        ACME.evaluate(INSIDE, "mail")


HOSTILE = "<script>alert(1)<!--&\"'"


def test_html_escapes() -> None:
    """Names, ids and titles are text, whatever they hold, and there is no script."""
    document = ACME.to_dict()
    document["title"] = HOSTILE
    document["internal"]["custom"]["lists"][0]["name"] = HOSTILE
    document["sources"][HOSTILE] = {"host": "x.example", "file_reputation": {"port": 80}}
    document["internal"]["custom"]["lists"][0]["sources"] = [HOSTILE]
    policy = smplist.Policy.from_dict(document)
    client = smplist.Client(["10.19.240.1"], id=HOSTILE, location="internal")
    plan = policy.evaluate(client, "file_reputation")
    assert plan.attempts[0].source == HOSTILE
    shown: list[Any] = [plan, policy, policy.lists[0], client, *plan.attempts, *plan.trace, *plan.stages, *policy.lint()]
    for value in shown:
        html = value._repr_html_()
        assert "<script" not in html.lower() and "<!--" not in html
        assert "<" in html
    assert "&lt;script&gt;" in shown[0]._repr_html_()


def test_reprs_do_not_depend_on_the_run() -> None:
    """No addresses of objects, no order of hashes."""
    for one, _ in VALUES:
        assert " at 0x" not in repr(one)
        assert repr(one) == repr(copy.deepcopy(one))


def test_every_setting_of_failover_can_be_chosen() -> None:
    """Milliseconds and a number of retries, none of them negative. [S-71]"""
    usual = smplist.Failover().to_dict()
    names = [name for name in usual if name != "records"]
    assert names == ["try_timeout", "retries", "retry_gap", "rest", "rest_max", "location_check"]
    for name in names:
        assert smplist.Failover(**{name: 7}).to_dict() == usual | {name: 7}
        with pytest.raises(ValueError, match="negative"):
            smplist.Failover(**{name: -1})
    often = smplist.Failover(location_check=10)
    assert not often.location_due(5, 14) and often.location_due(5, 15)
