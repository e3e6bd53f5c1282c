"""Checks a certificate of smplist without smplist: python check_certificate.py CERTIFICATE [REVISION]"""

import hashlib
import json
import sys
from ipaddress import ip_address, ip_network

FAMILIES = {"ipv4": (2**32 - 1, "127.0.0.0/8", "169.254.0.0/16"), "ipv6": (2**128 - 1, "::1/128", "fe80::/10")}  # [S-50]


def behind(n, family):  # the next address; no IPv6 address lies in ::ffff:0:0/96 [S-03]
    return 1 << 48 if family == "ipv6" and n + 1 == 0xFFFF << 32 else n + 1


def cut(family, lists, overlap):  # (first, list, usable) wherever one changes: a sweep along the ranges [S-44]
    ranges, opened, found = [], [], []
    for i, entry in enumerate(lists):
        for j, text in enumerate(entry["ranges"]):
            ends = [ip_address(t) for t in text.split("-")] if "-" in text else [ip_network(text)[0], ip_network(text)[-1]]
            rank = (int(ends[1]) - int(ends[0]) if overlap == "most_specific" else 0, -i if overlap == "last" else i, j)
            ranges += [(int(ends[0]), int(ends[1]), rank, entry["name"])] if f"ipv{ends[0].version}" == family else []
    blocks = [(int(ip_network(s)[0]), int(ip_network(s)[-1])) for s in FAMILIES[family][1:]]
    points = {0} | {p for r in ranges + blocks for p in (r[0], behind(r[1], family)) if p <= FAMILIES[family][0]}
    ranges.sort(reverse=True)
    for point in sorted(points):
        while ranges and ranges[-1][0] <= point:
            opened.append(ranges.pop())
        opened = [r for r in opened if r[1] >= point]
        here = (min(opened, key=lambda r: r[2])[3] if opened else None, not any(a <= point <= b for a, b in blocks))
        found += [(point, *here)] if not found or found[-1][1:] != here else []
    return found


def answer(policy, stages, who, service):  # the outcome, and the stages with attempts [S-50] to [S-64]
    client = who[1][:: 1 if "ipv4" in policy["ip_preference"] else -1][: 1 if "only" in policy["ip_preference"] else 2]
    out, asked = [], set()
    for stage, entry in stages:
        proxy, steps = entry["proxy"], []
        for name, source in ((name, policy["sources"][name]) for name in entry["sources"]):
            hosts = [f"[{p['host']}]" if ":" in p["host"] else p["host"] for p in (source, proxy) if p]
            via, hops = None, [[f] for f in client if f in source["families"]]
            if proxy:
                onward = [f for f in proxy.get("leaves_on", proxy["families"]) if f in source["families"]]
                ways = [[a, b] for a in client for b in onward if a in proxy["families"]]
                via, hops = f"{hosts[1]}:{proxy['port']}", [w for w in ways if w[0] == w[1]] or ways * proxy["converts"]
            at = source[service] and f"{source[service]['scheme']}://{hosts[0]}:{source[service]['port']}"
            if at and hops and (at, via) not in asked and not asked.add((at, via)):
                url = at + "/tmcss" * (service == "file_reputation")
                steps += [{"stage": stage, "list": entry["name"], "source": name, "url": url, "via": via, "families": hops[0]}]
        order = entry["order"] if len(steps) > 1 else "ordered"
        steps.sort(key=lambda step: step["url"] if order == "random" else "")
        out += [{"order": order, "attempts": steps}] if steps else []
    return out[0]["attempts"][0]["stage"] if out else "none_reachable" if stages else "no_list", out


def check(certificate, revision):  # what is wrong with it, one line each
    digest = "sha256:" + hashlib.sha256(certificate["canonical"].encode()).hexdigest()
    policy, missing = json.loads(certificate["canonical"]), set()
    wrong = ["the revision is that of another policy"] * (not digest == certificate["revision"] == (revision or digest))
    inner, network = policy["internal"], ("network", {**policy["network"], "name": "network"})
    custom, lists = inner["mode"] == "custom", inner["custom"]["lists"]
    standard = {**inner["standard"], "name": "standard", "proxy": inner["proxy"]}
    rest = (
        [("fallback_standard", standard)] * inner["custom"]["fallback_to_standard"] if custom else [("standard_list", standard)]
    )
    empty = not any(entry["sources"] for entry in [s for _, s in rest] + lists * custom)  # [S-47]
    for part in filter(None, [*policy["sources"].values(), *(e["proxy"] for e in [network[1], *dict(rest).values(), *lists])]):
        part["families"] = part["families"] or certificate["resolved"].get(part["host"]) or ["ipv4", "ipv6"]  # [S-12]
    for family in FAMILIES:
        stated = [(int(ip_address(p["first"])), p["list"], p["usable"]) for p in certificate[family]]
        ends = [behind(int(ip_address(p["last"])), family) for p in certificate[family]]
        cells = cut(family, lists * (custom and not empty), inner["custom"]["on_overlap"])
        wrong += [f"{family}: the pieces are not those of the policy"] * (stated != cells)
        wrong += [f"{family}: the pieces leave a gap"] * (ends != [s[0] for s in stated[1:]] + [FAMILIES[family][0] + 1])
        missing |= {("internal", s, p[1]) for p in stated for s in (("ipv4",), ("ipv6",), ("ipv4", "ipv6"))}
    for row in certificate["classes"]:
        who = (row["location"], tuple(row["stack"]), row["list"])
        missing -= {who}
        for service in ("file_reputation", "web_reputation"):
            inside = who[0] == "internal" and not empty and (service[0] == "f" or inner["web_reputation_to_servers"])
            stages = [("custom_list", e) for e in lists if e["name"] == who[2]] * custom + rest if inside else []
            stages += [network] if not inside or policy["network_fallback"][service] else []
            found, stated = answer(policy, stages, who, service), certificate["answers"][row[service]]
            same = (stated["location"], stated["outcome"], stated["stages"]) == (who[0], *found)
            wrong += [] if same else [f"{who}: another {service}"]
    return wrong + [f"no answer for {who}" for who in sorted(missing, key=str)]


if __name__ == "__main__":
    problems = check(json.load(open(sys.argv[1], encoding="utf-8")), (*sys.argv[2:], None)[0])
    sys.exit("\n".join(problems) or print("the certificate holds"))
