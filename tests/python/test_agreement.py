# SPDX-License-Identifier: MIT
"""Two witnesses over random policies and clients: the engine and the model. The seed is printed, and can be set. [S-67]"""

from __future__ import annotations

import multiprocessing
import os
import random
from typing import Any

import generate
import model
import smplist

SEED = int(os.environ.get("SMPLIST_SEED") or random.randrange(2**32))
PAIRS = int(os.environ.get("SMPLIST_PAIRS") or 100_000)
RESOLVED = {"d.example": ["ipv6"], "proxy.example": ["ipv4"]}


def without_text(plan: dict[str, Any]) -> dict[str, Any]:
    """The engine's plan without the sentences, which the model does not write."""
    return {**plan, "trace": [{k: v for k, v in step.items() if k != "text"} for step in plan["trace"]]}


def compare(seed: int, pairs: int) -> tuple[int, str]:
    """How many pairs agreed, and the first that did not."""
    rng = random.Random(seed)
    done = 0
    while done < pairs:
        document = generate.random_policy(rng)
        policy = smplist.Policy.from_dict(document)
        if policy.to_json().encode() != model.canonical(document):
            return done, f"canonical form differs for {document}"
        prepared = (model.normal(document), model.revision(document))
        for _ in range(4):
            client = generate.random_client(rng, document)
            epoch = rng.choice([0, 0, 1, 2**64 - 1])
            resolved = rng.choice([{}, {}, RESOLVED])
            for service in smplist.Service:
                plan = policy.evaluate(smplist.Client.from_dict(client), service, epoch=epoch, resolved=resolved)
                expected = model.evaluate(document, client, service, epoch=epoch, resolved=resolved, prepared=prepared)
                if without_text(plan.to_dict()) != expected:
                    return done, f"{document}\n{client}\n{service} {epoch} {resolved}\nengine {plan.to_dict()}\nmodel  {expected}"
            done += 1
    return done, ""


def test_engine_and_model_agree_on_random_policies() -> None:
    """Whole plans, canonical forms and revisions, over at least 100,000 policies and clients. [S-60] [S-67]"""
    print(f"seed {SEED}, {PAIRS} pairs")
    workers = 2
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        results = pool.starmap(compare, [(SEED + i, PAIRS // workers) for i in range(workers)])
    assert [difference for _, difference in results] == [""] * workers, f"seed {SEED}"
    assert sum(done for done, _ in results) >= PAIRS
