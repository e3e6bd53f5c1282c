# SPDX-License-Identifier: MIT
"""What must hold for every valid policy and client. P3 is test_agreement.py. C++ has the same in property_test.cpp."""

from __future__ import annotations

import ipaddress
import os
import random
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import generate
import pytest
import smplist

Tree = dict[str, Any]

SEED = int(os.environ.get("SMPLIST_SEED") or random.randrange(2**32))
ROUNDS = 300


@dataclass
class World:
    """A valid policy, a client of it, and the plan."""

    rng: random.Random
    document: Tree
    policy: smplist.Policy
    client: Tree
    service: smplist.Service
    epoch: int

    def plan(self, document: Tree | None = None, client: Tree | None = None, epoch: int | None = None) -> smplist.Plan:
        """The plan, of another policy, client or epoch if given."""
        policy = self.policy if document is None else smplist.Policy.from_dict(document)
        who = smplist.Client.from_dict(self.client if client is None else client)
        return policy.evaluate(who, self.service, epoch=self.epoch if epoch is None else epoch)


def worlds(rounds: int = ROUNDS) -> Iterator[World]:
    """Random worlds; pytest shows the seed when a test fails."""
    print(f"SMPLIST_SEED={SEED}")
    for i in range(rounds):
        rng = random.Random(SEED + i)
        document = generate.random_policy(rng)
        policy = smplist.Policy.from_dict(document)
        client = generate.random_client(rng, document)
        yield World(rng, document, policy, client, rng.choice(list(smplist.Service)), rng.choice([0, 0, 3]))


def asked(plan: smplist.Plan) -> list[tuple[str, str, str]]:
    """Whom the plan asks: stage, list, source."""
    return [(a.stage, a.list, a.source) for a in plan.attempts]


def asked_and_ignored(plan: smplist.Plan) -> list[tuple[str, str, str]]:
    """Everybody the plan speaks of, sorted."""
    return sorted(asked(plan) + [(i.stage, i.list, i.source) for i in plan.ignored])


def answer(plan: smplist.Plan, *without: str) -> Tree:
    """The plan without some keys."""
    return {key: value for key, value in plan.to_dict().items() if key not in without}


def lists_of(document: Tree) -> list[Tree]:
    """The custom lists of a document, to be changed in place."""
    lists: list[Tree] = document["internal"].setdefault("custom", {}).setdefault("lists", [])
    return lists


def reasons(plan: smplist.Plan) -> set[str]:
    """The reasons of the trace."""
    return {step.reason for step in plan.trace}


def test_p1_every_valid_policy_and_client_gives_a_plan() -> None:
    """P1. [S-60] [S-64]"""
    for world in worlds():
        plan = world.plan()
        if plan.attempts:
            assert str(plan.outcome) == str(plan.attempts[0].stage)
        else:
            assert plan.outcome == ("none_reachable" if plan.stages else "no_list")


def test_p2_the_same_inputs_give_the_same_bytes() -> None:
    """P2, the document's keys in another order included. [S-60]"""
    for world in worlds():
        turned = {key: world.document[key] for key in reversed(world.document)}
        assert world.plan(turned).to_json() == world.plan().to_json()


def test_p4_no_source_is_lost_and_none_is_named_twice() -> None:
    """P4. [S-53]"""
    for world in worlds():
        plan = world.plan()
        by_stage = {"network": world.policy.network, "standard_list": world.policy.standard}
        by_stage["fallback_standard"] = world.policy.standard
        custom = {entry.name: entry for entry in world.policy.lists}
        expected = []
        for stage in plan.stages:
            entry = custom[stage.list] if stage.stage == "custom_list" else by_stage[stage.stage]
            expected += [(stage.stage, stage.list, source) for source in entry.sources]
        assert asked_and_ignored(plan) == sorted(expected)


def test_p5_the_order_of_disjoint_lists_does_not_matter() -> None:
    """P5. [S-07]"""
    for world in worlds():
        document = deepcopy(world.document)
        taken = smplist.RangeSet()
        for entry in lists_of(document):
            kept = [text for text in entry.get("ranges", []) if not smplist.RangeSet([text]) & taken]
            entry["ranges"] = kept
            taken = taken | smplist.RangeSet(kept)
        client = {**world.client, "addresses": world.client.get("addresses", [])[:1]}
        before = world.plan(document, client)
        world.rng.shuffle(lists_of(document))
        after = world.plan(document, client)
        assert answer(after, "revision") == answer(before, "revision")


def test_p6_a_list_without_the_client_changes_nothing() -> None:
    """P6, once any source is configured [S-47]. [S-07]"""
    for world in worlds():
        plan = world.plan()
        if "no_sources_configured" in reasons(plan):
            continue
        own = smplist.Client.from_dict(world.client).addresses
        texts = [text for text in ("10.0.0.0/24", "2001:db8::/64", "0.0.0.0/1", "::/1", "128.0.0.0/1")]
        added = {
            "name": "added",
            "ranges": [text for text in texts if not any(a in smplist.AddressRange(text) for a in own)],
            "sources": list(world.document["sources"])[:1],
        }
        document = deepcopy(world.document)
        lists_of(document).insert(world.rng.randint(0, len(lists_of(document))), added)
        assert answer(world.plan(document), "revision", "scope") == answer(plan, "revision", "scope")


def test_p7_a_mapped_client_decides_as_its_ipv4() -> None:
    """P7. [S-03]"""
    for world in worlds():
        addresses = [str(a) for a in smplist.Client.from_dict(world.client).addresses]
        mapped = [f"::ffff:{text}" if ":" not in text else text for text in addresses]
        plain = {**world.client, "addresses": addresses}
        assert world.plan(client={**plain, "addresses": mapped}).to_json() == world.plan(client=plain).to_json()


def test_p8_the_fallback_comes_when_the_switch_is_set_and_the_custom_list_is_out() -> None:
    """P8. [S-43]"""
    for world in worlds():
        plan = world.plan()
        if not plan.stages or plan.stages[0].stage != "custom_list":
            continue
        switch = world.policy.to_dict()["internal"]["custom"]["fallback_to_standard"]
        assert ("fallback_standard" in {stage.stage for stage in plan.stages}) == switch
        down: dict[str, str] = {}
        for attempt in plan.attempts:
            if attempt.stage != "custom_list":
                break
            first = plan.first_available(down)
            assert first is not None and first.stage == "custom_list"
            down[attempt.identity] = "down"
        left = plan.first_available(down)
        assert left is None or left.stage != "custom_list"


def test_p9_no_source_without_a_route_is_offered() -> None:
    """P9. [S-51] [S-52] [S-53]"""
    for world in worlds():
        plan = world.plan()
        stack = plan.to_dict()["client"]["stack"]
        for attempt in plan.attempts:
            source = world.policy.sources[attempt.source]
            assert attempt.families[0] in stack
            assert source.families is None or attempt.families[-1] in source.families
            literal = source.host.address
            assert literal is None or literal.family == attempt.families[-1]
            assert len(attempt.families) == (2 if attempt.via else 1)
            if attempt.via is None:
                continue
            stage = next(s for s in plan.stages if (s.stage, s.list) == (attempt.stage, attempt.list))
            entries = {entry.name: entry for entry in world.policy.lists} if stage.stage == "custom_list" else {}
            entry = entries.get(stage.list) or (world.policy.network if stage.stage == "network" else world.policy.standard)
            assert entry.proxy is not None
            leaves = entry.proxy.leaves_on or entry.proxy.families
            assert entry.proxy.families is None or attempt.families[0] in entry.proxy.families
            assert leaves is None or attempt.families[1] in leaves
            assert entry.proxy.converts or attempt.families[0] == attempt.families[1]


def test_p10_web_reputation_is_never_https_unless_allowed() -> None:
    """P10. [S-13]"""
    for world in worlds():
        if world.policy.to_dict()["allow_web_reputation_https"]:
            continue
        world.service = smplist.Service.WEB_REPUTATION
        assert all(attempt.url.startswith("http://") for attempt in world.plan().attempts)


def test_p11_an_external_client_never_gets_an_internal_source() -> None:
    """P11. [S-40]"""
    for world in worlds():
        plan = world.plan(client={**world.client, "location": "external"})
        assert {stage.stage for stage in plan.stages} == {"network"}
        assert {attempt.stage for attempt in plan.attempts} <= {"network"}
        assert plan.lists == () and plan.decided_by is None


def test_p12_an_invalid_policy_gives_errors_and_no_plan_and_the_old_one_stays() -> None:
    """P12. [S-80]"""
    for world in worlds(100):
        before = world.plan().to_json()
        document = deepcopy(world.document)
        lists_of(document).append({"name": "bad", "ranges": ["10.0.0.9-10.0.0.1"], "sources": ["nobody"]})
        with pytest.raises(smplist.PolicyError) as caught:
            world.plan(document)
        assert {e.code for e in caught.value.errors} == {"range_reversed", "unknown_source"}
        assert world.plan().to_json() == before


def test_p13_what_is_printed_is_read_back_and_printed_the_same() -> None:
    """P13. [S-82]"""
    for world in worlds():
        text = world.policy.to_json()
        again = smplist.Policy.from_json(text)
        assert again == world.policy and again.to_json() == text and again.revision == world.policy.revision
        client = smplist.Client.from_dict(world.client)
        assert smplist.Client.from_json(client.to_json()) == client
        plan = world.plan()
        assert smplist.Plan.from_json(plan.to_json()) == plan


def test_p14_the_explanation_names_what_decided() -> None:
    """P14: every range but the deciding one is removed, and the answer stays. [S-44]"""
    keys = ("location", "outcome", "stages", "attempts", "ignored", "exhausted")
    for world in worlds():
        plan = world.plan()
        document = deepcopy(world.document)
        for entry in lists_of(document):
            decides = plan.decided_by is not None and plan.decided_by.list == entry["name"]
            entry["ranges"] = [str(plan.decided_by.range)] if plan.decided_by is not None and decides else []
        less = world.plan(document)
        assert [less.to_dict()[key] for key in keys] == [plan.to_dict()[key] for key in keys]


def test_p15_epoch_and_id_change_only_the_order() -> None:
    """P15. [S-21]"""
    moved = 0
    for world in worlds():
        plan = world.plan()
        other = world.plan(client={**world.client, "id": "another"}, epoch=world.epoch + 1)
        assert sorted(asked(other)) == sorted(asked(plan))
        assert other.outcome == plan.outcome and asked_and_ignored(other) == asked_and_ignored(plan)
        moved += asked(other) != asked(plan)
    assert moved > 0


def seen_at(world: World, client: Tree, number: int, like: smplist.Address) -> Tree:
    """What S-62 compares, for the client moved to another address of the same family."""
    packed = number.to_bytes(4 if like.family == "ipv4" else 16, "big")
    plan = world.plan(client={**client, "addresses": [str(ipaddress.ip_address(packed))]})
    kept = ("location", "outcome", "lists", "stages", "attempts", "ignored")
    decided = plan.decided_by and (plan.decided_by.list, plan.decided_by.range)
    return {"decided": decided, **{key: plan.to_dict()[key] for key in kept}}


def test_the_scope_ends_where_the_answer_changes() -> None:
    """Inside, at both ends, and one step beyond; steps into the mapped block are IPv4. [S-62]"""
    steps = 0
    for world in worlds():
        client = {**world.client, "addresses": world.client.get("addresses", [])[:1], "id": "fixed"}
        scope = world.plan(client=client).scope
        if scope is None:
            continue
        like, first, last = scope.first, int(scope.first), int(scope.last)
        here = seen_at(world, client, first, like)
        assert seen_at(world, client, last, like) == here
        if (first + last) // 2 >> 32 != 0xFFFF:
            assert seen_at(world, client, (first + last) // 2, like) == here
        for beyond in (first - 1, last + 1):
            if 0 <= beyond < (2**32 if like.family == "ipv4" else 2**128) and beyond >> 32 != 0xFFFF:
                assert seen_at(world, client, beyond, like) != here
                steps += 1
    assert steps > 20
