#!/usr/bin/env python3
"""Checks every golden vector of plans against an implementation written from docs/plan-specification.md.

Standard library only, and nothing of Millrace: that it passes shows that the text suffices.

    check_plans.py            the vectors beside this file; stretches of more than 100,000 samples are left out
    check_plans.py --full     those too (minutes)
    check_plans.py FILE...    these files

Exits with 0 when all agree, 1 when one does not, and says so in its last line.
"""

import hashlib
import json
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MASK = 0xFFFFFFFF
ROUNDS = 8
TABLE_SIZE_MAX = 1024
LONG_STRETCH = 100_000


# Keys ------------------------------------------------------------------------------------------------------------


def derive_key(label: str, seed: int, name: str, number: int) -> bytes:
    label_bytes, name_bytes = label.encode(), name.encode()
    message = bytes([len(label_bytes)]) + label_bytes + struct.pack("<Q", seed)
    message += bytes([len(name_bytes)]) + name_bytes + struct.pack("<Q", number)
    return hashlib.sha256(message).digest()


def selection_key(seed: int) -> bytes:
    return derive_key("millrace.v1.selection", seed, "", 0)


def epoch_key(seed: int, split: str, epoch: int) -> bytes:
    return derive_key("millrace.v1.epoch", seed, split, epoch)


def round_words(key: bytes, size: int) -> list[int]:
    prefix = key + struct.pack("<Q", size)
    stretched = hashlib.sha256(prefix + b"\x00").digest() + hashlib.sha256(prefix + b"\x01").digest()
    return list(struct.unpack("<16I", stretched))


# Permutation -----------------------------------------------------------------------------------------------------


def mix(x: int, word0: int, word1: int) -> int:
    h = (x ^ word0) * 0x85EBCA6B & MASK
    h ^= h >> 15
    return (h + word1 & MASK) * 0xC2B2AE35 & MASK


class Permutation:
    def __init__(self, size: int, key: bytes) -> None:
        self.size = size
        self.words = round_words(key, size)
        self.table = self._shuffled() if size <= TABLE_SIZE_MAX else None
        self.low_bits = (size - 1).bit_length() // 2
        self.high_side = ((size - 1) >> self.low_bits) + 1

    def draw(self, counter: int) -> int:
        h = counter
        for i in range(4):
            h = mix(h, self.words[2 * i], self.words[2 * i + 1])
            h ^= h >> 16
        return h

    def _shuffled(self) -> list[int]:
        table = list(range(self.size))
        for i in range(self.size - 1, 0, -1):
            j = self.draw(i) * (i + 1) >> 32
            table[i], table[j] = table[j], table[i]
        return table

    def _pass(self, value: int) -> int:
        high, low = value >> self.low_bits, value & (1 << self.low_bits) - 1
        for i in range(ROUNDS):
            word0, word1 = self.words[2 * i], self.words[2 * i + 1]
            if i % 2 == 0:
                high = (high + (mix(low, word0, word1) * self.high_side >> 32)) % self.high_side
            else:
                low ^= mix(high, word0, word1) >> 32 - self.low_bits
        return high << self.low_bits | low

    def at(self, index: int) -> int:
        if self.table is not None:
            return self.table[index]
        value = self._pass(index)
        while value >= self.size:
            value = self._pass(value)
        return value


# Plans -----------------------------------------------------------------------------------------------------------


def exact_counts(total: int, shares: list[int]) -> list[int]:
    share_sum = sum(shares)
    counts = [total * share // share_sum for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda i: (-(total * shares[i] % share_sum), i))
    for i in by_remainder[: total - sum(counts)]:
        counts[i] += 1
    for i, share in enumerate(shares):
        if share == 0 or counts[i] > 0:
            continue
        largest = counts.index(max(counts))
        if counts[largest] < 2:
            break
        counts[largest] -= 1
        counts[i] += 1
    return counts


def canonical_form(plan: dict[str, Any]) -> str:
    return json.dumps(plan, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


class Plan:
    def __init__(self, spec: dict[str, Any], selection_size: int) -> None:
        self.spec = spec
        self.seed = int(spec["seed"])
        self.batch_size: int = spec["batch_size"]
        self.id = hashlib.sha256(canonical_form(spec).encode()).hexdigest()
        self.selection = Permutation(selection_size, selection_key(self.seed))
        self.names = [split["name"] for split in spec["splits"]]
        self.counts = exact_counts(selection_size, [split["share"] for split in spec["splits"]])

    def batch_count(self, split: int) -> int:
        whole, rest = divmod(self.counts[split], self.batch_size)
        return whole + (1 if rest > 0 and self.spec["last_batch"] != "drop" else 0)

    def epoch(self, split: int, epoch: int) -> Permutation:
        fixed = self.spec["splits"][split]["order"] == "fixed"
        return Permutation(self.counts[split], epoch_key(self.seed, self.names[split], 0 if fixed else epoch))

    def batch(self, split: int, order: Permutation, step: int, rank: int, world_size: int) -> dict[str, Any]:
        count, start = self.counts[split], step * self.batch_size
        pads = self.spec["last_batch"] == "pad"
        samples = self.batch_size if pads else min(self.batch_size, count - start)
        offset, end = samples * rank // world_size, samples * (rank + 1) // world_size
        numbers = range(start + offset, start + end)
        split_start = sum(self.counts[:split])
        return {
            "global_sample_count": samples,
            "global_offset": offset,
            "padding_count": sum(1 for number in numbers if number >= count),
            "rows": [self.selection.at(split_start + order.at(number % count)) for number in numbers],
        }


# Comparison ------------------------------------------------------------------------------------------------------


def check_permutations(golden: dict[str, Any], _full: bool) -> Iterator[tuple[str, object, object]]:
    for entry in golden["selection_keys"]:
        yield f"selection key of seed {entry['seed']}", selection_key(int(entry["seed"])).hex(), entry["key"]
    for entry in golden["epoch_keys"]:
        key = epoch_key(int(entry["seed"]), entry["split"], entry["epoch"]).hex()
        yield f"epoch key of seed {entry['seed']}, {entry['split']}, epoch {entry['epoch']}", key, entry["key"]
    for entry in golden["permutations"]:
        permutation = Permutation(entry["size"], bytes.fromhex(entry["key"]))
        elements = [permutation.at(index) for index in entry["indices"]]
        yield f"permutation of {entry['size']}", elements, entry["elements"]


def rows_digest(plan: Plan, split: int, stretch: dict[str, Any]) -> str:
    order = plan.epoch(split, stretch["epoch"])
    digest = hashlib.sha256()
    for step in range(stretch["first_step"], stretch["end_step"]):
        rows = plan.batch(split, order, step, 0, 1)["rows"]
        digest.update(struct.pack(f"<{len(rows)}q", *rows))
    return digest.hexdigest()


def check_plan(golden: dict[str, Any], full: bool) -> Iterator[tuple[str, object, object]]:
    plan = Plan(golden["plan"], golden["selection_size"])
    yield "plan id", plan.id, golden["plan_id"]
    splits = [
        {"name": name, "sample_count": plan.counts[i], "batch_count": plan.batch_count(i)}
        for i, name in enumerate(plan.names)
    ]
    yield "splits", splits, golden["splits"]
    orders: dict[tuple[int, int], Permutation] = {}
    for expected in golden["batches"]:
        split, epoch = plan.names.index(expected["split"]), expected["epoch"]
        order = orders.setdefault((split, epoch), plan.epoch(split, epoch))
        batch = plan.batch(split, order, expected["step"], expected["rank"], expected["world_size"])
        where = {name: expected[name] for name in ("split", "epoch", "step", "rank", "world_size")}
        yield f"batch {where}", {**where, **batch}, expected
    for stretch in golden["stretches"]:
        if full or stretch["sample_count"] <= LONG_STRETCH:
            split = plan.names.index(stretch["split"])
            yield f"stretch {stretch}", rows_digest(plan, split, stretch), stretch["rows_sha256"]


def check_file(path: Path, full: bool) -> tuple[int, int]:
    """Returns how many vectors the file holds that were compared, and how many of them differ."""
    golden = json.loads(path.read_text("ascii"))
    check = check_permutations if "permutations" in golden else check_plan
    compared = failed = 0
    for what, found, expected in check(golden, full):
        compared += 1
        if found != expected:
            failed += 1
            print(f"{path.name}: {what}: computed {found}, golden {expected}")
    print(f"{path.name}: {compared} vectors, {failed} differ")
    return compared, failed


def main(arguments: list[str]) -> int:
    full = "--full" in arguments
    files = [Path(argument) for argument in arguments if argument != "--full"]
    here = Path(__file__).parent
    files = files or [here / "permutations.json", *sorted((here / "plans").glob("*.json"))]
    results = [check_file(path, full) for path in files]
    compared, failed = sum(result[0] for result in results), sum(result[1] for result in results)
    passed = compared > 0 and failed == 0
    print(f"{'PASS' if passed else 'FAIL'}: {compared} golden vectors in {len(files)} files, {failed} differ")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
