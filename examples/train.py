#!/usr/bin/env python3
"""A small but real training run: streams batches from a server and learns to complete a post's tags.

From all other tags of a post the model predicts which of the most frequent general tags it carries: a bag of
tags into a linear layer, with PyTorch when it is installed and with numpy otherwise. At the end it prints what
it received, with a digest of all post ids in order: the same plan gives the same digest, on every machine.

    python examples/train.py --address 127.0.0.1:50051 --plan PLAN_ID
"""

from __future__ import annotations

import argparse
import hashlib
import time
from typing import Protocol

import numpy as np
import numpy.typing as npt

import millrace

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

LABEL_COUNT = 8


class Model(Protocol):
    """Logits [B, LABEL_COUNT] from bags of tags (rows of the vocabulary, CSR)."""

    def train(self, values: Ints, offsets: Ints, labels: Floats) -> float:
        """One step on a batch; returns its loss before the step."""

    def logits(self, values: Ints, offsets: Ints) -> Floats: ...


class TorchModel:
    """An EmbeddingBag that sums the tags' rows, trained with Adam."""

    def __init__(self, tag_count: int, rate: float) -> None:
        import torch

        torch.manual_seed(0)
        self._torch = torch
        self._bag = torch.nn.EmbeddingBag(tag_count, LABEL_COUNT, mode="sum", include_last_offset=True)
        torch.nn.init.zeros_(self._bag.weight)
        self._bias = torch.nn.Parameter(torch.zeros(LABEL_COUNT))
        self._optimizer = torch.optim.Adam([*self._bag.parameters(), self._bias], lr=rate)

    def train(self, values: Ints, offsets: Ints, labels: Floats) -> float:
        torch = self._torch
        logits = self._bag(torch.from_numpy(values), torch.from_numpy(offsets)) + self._bias
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, torch.from_numpy(labels))
        self._optimizer.zero_grad()
        loss.backward()
        self._optimizer.step()
        return float(loss)

    def logits(self, values: Ints, offsets: Ints) -> Floats:
        torch = self._torch
        with torch.no_grad():
            result: Floats = (self._bag(torch.from_numpy(values), torch.from_numpy(offsets)) + self._bias).numpy()
        return result


class NumpyModel:
    """The same model with its gradient by hand, trained with Adagrad."""

    def __init__(self, tag_count: int, rate: float) -> None:
        # The last row is the bias: a tag that every post has.
        self._weights = np.zeros((tag_count + 1, LABEL_COUNT), np.float32)
        self._squares = np.full((tag_count + 1, LABEL_COUNT), 1e-8, np.float32)
        self._rate = rate

    def logits(self, values: Ints, offsets: Ints) -> Floats:
        sums = np.zeros((len(offsets) - 1, LABEL_COUNT), np.float32)
        np.add.at(sums, self._post_of(offsets), self._weights[values])
        result: Floats = sums + self._weights[-1]
        return result

    def train(self, values: Ints, offsets: Ints, labels: Floats) -> float:
        chances = 1 / (1 + np.exp(-self.logits(values, offsets)))
        certainty = np.where(labels > 0, chances, 1 - chances)
        slope = (chances - labels) / labels.size
        gradient = np.zeros_like(self._weights)
        np.add.at(gradient, values, slope[self._post_of(offsets)])
        gradient[-1] = slope.sum(axis=0)
        self._squares += gradient**2
        self._weights -= self._rate * gradient / np.sqrt(self._squares)
        return float(-np.log(np.maximum(certainty, 1e-7)).mean())

    @staticmethod
    def _post_of(offsets: Ints) -> Ints:
        return np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))


class Vocabulary:
    """The snapshot's tags: which are the labels, and which row of the model each of the others has."""

    def __init__(self, client: millrace.Client, snapshot: str) -> None:
        tags = list(client.tags.list(snapshot=snapshot, order="post_count"))
        self.labels = [tag for tag in tags if tag.category == "general"][:LABEL_COUNT]
        self.tag_ids = np.array(sorted(tag.id for tag in tags), np.int64)
        self._label_ids = np.array([tag.id for tag in self.labels], np.int64)

    def encode(self, batch: millrace.Batch) -> tuple[Ints, Ints, Floats]:
        """The batch's other tags as rows (CSR), and the labels: float32 [B, LABEL_COUNT]. Padding is left out."""
        post_count = int(batch.mask.sum())
        offsets = batch.tags.offsets[: post_count + 1]
        tags = batch.tags.values[: offsets[-1]]
        post_of = np.repeat(np.arange(post_count), np.diff(offsets))
        labels = np.zeros((post_count, LABEL_COUNT), np.float32)
        for column, label_id in enumerate(self._label_ids):
            labels[post_of[tags == label_id], column] = 1
        others = ~np.isin(tags, self._label_ids)
        counts = np.bincount(post_of[others], minlength=post_count)
        rows = np.searchsorted(self.tag_ids, tags[others])
        return rows, np.concatenate(([0], np.cumsum(counts))), labels


def make_model(tag_count: int) -> Model:
    try:
        return TorchModel(tag_count, rate=0.05)
    except ImportError:
        return NumpyModel(tag_count, rate=0.5)


def f1(model: Model, vocabulary: Vocabulary, loader: millrace.Loader) -> float:
    """The labels' micro-averaged F1 over one pass of the loader."""
    hits = guesses = truths = 0
    for batch in loader:
        values, offsets, labels = vocabulary.encode(batch)
        guessed = model.logits(values, offsets) > 0
        hits += int((guessed & (labels > 0)).sum())
        guesses += int(guessed.sum())
        truths += int(labels.sum())
    return 2 * hits / max(guesses + truths, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--address", default="127.0.0.1:50051", help="the server (default: %(default)s)")
    parser.add_argument("--plan", required=True, help="a plan's id, or the beginning of it")
    parser.add_argument("--split", default="train", help="the split to train on (default: %(default)s)")
    parser.add_argument("--epochs", type=int, default=1, help="default: %(default)s")
    arguments = parser.parse_args()

    client = millrace.connect(arguments.address)
    plan = client.plans.get(arguments.plan)
    vocabulary = Vocabulary(client, plan.snapshot)
    model = make_model(len(vocabulary.tag_ids))
    print(f"plan      {plan.id}\nsnapshot  {plan.snapshot}")
    print(f"model     {type(model).__name__}: {len(vocabulary.tag_ids)} tags -> {LABEL_COUNT} of them:", end=" ")
    print(", ".join(tag.name for tag in vocabulary.labels))

    digest = hashlib.sha256()
    batch_count = post_count = 0
    losses: list[float] = []
    started = time.perf_counter()
    with millrace.Loader(arguments.address, plan=plan.id, split=arguments.split, epochs=arguments.epochs) as loader:
        for batch in loader:
            batch_count += 1
            post_count += int(batch.mask.sum())
            digest.update(batch.post_ids.astype("<i8").tobytes())
            losses.append(model.train(*vocabulary.encode(batch)))
            if batch.step % max(batch.batch_count // 4, 1) == 0:
                print(f"epoch {batch.epoch} step {batch.step:4} of {batch.batch_count}: loss {losses[-1]:.3f}")
    seconds = time.perf_counter() - started

    if any(split.name == "validation" and split.batch_count for split in plan.splits):
        with millrace.Loader(arguments.address, plan=plan.id, split="validation") as validation:
            print(f"validation F1 {f1(model, vocabulary, validation):.3f}")
    if losses:
        print(f"loss      {losses[0]:.3f} -> {losses[-1]:.3f}")
    print(f"received  {batch_count} batches, {post_count} posts in {seconds:.2f} s")
    print(f"digest    {digest.hexdigest()}  (SHA-256 of the post ids as received)")


if __name__ == "__main__":
    main()
