# SPDX-License-Identifier: MIT
"""Load a policy of any size and ask it about a million clients.

    python evaluate_world.py world.json --clients 1000000 --seed 1

Most clients sit on the ends of the policy's ranges or next to them, where mistakes would show; the others are anywhere.
All are internal and ask for file reputation. The policy is JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
from collections import Counter
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from itertools import islice
from pathlib import Path
from time import perf_counter

import smplist

BATCH = 10_000
ANYWHERE = 0.1  # the share of clients that are not near the end of a range

End = tuple[int, int]  # an address as a number, and its bits


def ends_of(path: Path) -> list[End]:
    """Return the first and the last address of every range of the policy."""
    document = json.loads(path.read_text(encoding="utf-8"))
    ends: list[End] = []
    for entry in document["internal"].get("custom", {}).get("lists", []):
        for text in entry.get("ranges", []):
            if "/" in text:
                network = ip_network(text)
                ends += (int(network[0]), network.max_prefixlen), (int(network[-1]), network.max_prefixlen)
            else:
                ends += ((int(a), a.max_prefixlen) for a in map(ip_address, text.replace(" ", "").split("-")))
    return ends


def addresses(ends: list[End], seed: int) -> Iterator[str]:
    """Yield client addresses without end. Only `random.Random.random` is drawn from: Python keeps its sequence."""
    draw = random.Random(seed).random
    while True:
        number, bits = ends[int(draw() * len(ends))] if ends else (0, 32)
        if not ends or draw() < ANYWHERE:
            number = int(draw() * 2**53) << bits >> 53
        else:
            number = min(max(number + int(draw() * 3) - 1, 0), 2**bits - 1)
        yield str(IPv4Address(number) if bits == 32 else IPv6Address(number))


def peak_mib() -> float:
    """Return the most memory this process has had so far, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def progress(done: int, total: int) -> None:
    """Show how far we are, if somebody is looking."""
    if sys.stderr.isatty():
        end = "\n" if done == total else ""
        print(f"\r{done:,} of {total:,} clients", end=end, file=sys.stderr, flush=True)


def evaluate(policy: smplist.Policy, texts: list[str], outcomes: Counter[str], first: Counter[str]) -> float:
    """Evaluate one client per address, count the answers and return the seconds it took."""
    start = perf_counter()
    for text in texts:
        plan = policy.evaluate(smplist.Client([text], location="internal"), "file_reputation")
        outcomes[plan.outcome.value] += 1
        if plan.attempts:
            first[plan.attempts[0].source] += 1
    return perf_counter() - start


def show(rows: dict[str, str]) -> None:
    """Print a table of two columns."""
    left, right = max(map(len, rows)), max(map(len, rows.values()))
    for name, value in rows.items():
        print(f"{name:<{left}}  {value:>{right}}")


def run(path: Path, clients: int, seed: int) -> None:
    """Load, evaluate and print what it took."""
    start = perf_counter()
    policy = smplist.load(path)
    loading = perf_counter() - start
    memory = peak_mib()  # before this script reads the document for itself

    stream = addresses(ends_of(path), seed)
    outcomes: Counter[str] = Counter()
    sources: Counter[str] = Counter()
    one = evaluate(policy, [next(addresses([], seed))], Counter(), Counter())
    seconds = 0.0
    for done in range(0, clients, BATCH):
        batch = list(islice(stream, min(BATCH, clients - done)))
        seconds += evaluate(policy, batch, outcomes, sources)
        progress(done + len(batch), clients)

    busiest, share = sources.most_common(1)[0] if sources else ("none", 0)
    show(
        {
            "load": f"{loading:,.2f} s",
            "peak memory, loaded": f"{memory:,.0f} MiB",
            "peak memory, at the end": f"{peak_mib():,.0f} MiB",
            "first explain": f"{one * 1000:,.2f} ms",
            "clients per second": f"{clients / seconds:,.0f}",
            "clients": f"{clients:,}",
            **{f"  {name}": f"{count:,}" for name, count in sorted(outcomes.items())},
            f"asked first most often: {busiest}": f"{share:,}",
        }
    )


def positive(text: str) -> int:
    """Read a number of at least 1."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description="Load a policy and ask it about many clients.")
    parser.add_argument("policy", type=Path, metavar="POLICY", help="a policy, JSON")
    parser.add_argument("--clients", type=positive, default=1_000_000, metavar="N", help="how many (default 1000000)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="of the clients (default 1)")
    args = parser.parse_args()
    try:
        run(args.policy, args.clients, args.seed)
    except (OSError, ValueError, smplist.PolicyError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
