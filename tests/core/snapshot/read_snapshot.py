#!/usr/bin/env python3
"""Reads a snapshot file with nothing but docs/snapshot-format.md and the standard library.

usage: read_snapshot.py FILE

Checks everything that the document lets a reader check, except the XXH3 checksums (the standard library has no XXH3),
and prints one JSON object a line: the posts in order, then the tags, then the counts. Exits with 1 and a sentence when
the file is not as the document says.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import struct
import sys
from pathlib import Path
from typing import Any

ELEMENTS = {1: "B", 2: "I", 3: "Q", 4: "i", 5: "q", 6: "16s"}
OPTIONAL = [
    "md5", "width_px", "height_px", "file_size_bytes", "pixiv_id", "parent_id", "uploader_id", "approver_id", "score",
    "up_score", "down_score", "created_at_us", "updated_at_us", "last_commented_at_us", "last_noted_at_us",
]  # fmt: skip
MORE_OPTIONAL = ["favorite_count", "duration_us"]


def check(condition: bool, what: str) -> None:
    if not condition:
        raise SystemExit(f"not a snapshot of version 1: {what}")


class File:
    """The sections of a file, by name, as tuples of numbers or bytes."""

    def __init__(self, path: Path) -> None:
        data = path.read_bytes()
        magic, version, section_count, file_size, directory_offset, directory_size, *counts = struct.unpack_from(
            "<8sII6Q", data
        )
        check(magic == b"MILLRACE" and version == 1, "magic or version")
        check(file_size == len(data) and directory_offset + directory_size == file_size, "size")
        digest = hashlib.sha256(data[:64] + data[directory_offset:]).hexdigest()
        check(path.name == f"{digest}.snapshot", f"its digest is {digest}")
        self.post_count, self.tag_count, self.tag_use_count = counts
        self.sections: dict[str, tuple[Any, ...]] = {}
        end, blocks = 64, 0
        for i in range(section_count):
            name, kind, reserved, count, offset, size, sha256 = struct.unpack_from(
                "<32sIIQQQ32s", data, directory_offset + 96 * i
            )
            start = -(-end // 64) * 64
            check(offset == start and not any(data[end:start]), "padding")
            end = offset + size
            content = data[offset:end]
            check(reserved == 0 and hashlib.sha256(content).digest() == sha256, "a section's SHA-256")
            check(size == count * struct.calcsize("<" + ELEMENTS[kind]) and count > 0, "a section's size")
            self.sections[name.rstrip(b"\0").decode()] = (
                (content,) if kind == 1 else struct.unpack(f"<{count}{ELEMENTS[kind]}", content)
                if kind != 6 else tuple(content[j : j + 16] for j in range(0, size, 16))
            )  # fmt: skip
            blocks += -(-size // 65536)
        check(not any(data[end:directory_offset]) and directory_offset == -(-end // 64) * 64, "padding")
        check(directory_size == 96 * section_count + 8 * blocks, "the directory's size")

    def numbers(self, name: str) -> Any:
        """The elements of a section; bytes for u8; nothing when it is left out."""
        values = self.sections.get(name, ())
        return values[0] if len(values) == 1 and isinstance(values[0], bytes) and name != "post.md5" else values

    def lists(self, offsets_name: str, values_name: str, row_count: int) -> list[Any]:
        offsets, values = self.numbers(offsets_name), self.numbers(values_name)
        if not values:
            return [values] * row_count
        check(len(offsets) == row_count + 1 and offsets[0] == 0 and offsets[-1] == len(values), offsets_name)
        return [values[begin:end] for begin, end in itertools.pairwise(offsets)]

    def texts(self, name: str, row_count: int) -> list[str]:
        return [bytes(text).decode() for text in self.lists(name + ".offsets", name + ".bytes", row_count)]

    def words(self, name: str) -> list[str]:
        """A dictionary by code: code 0 is the empty word."""
        count = max(len(self.numbers(name + ".offsets")) - 1, 0)
        return ["", *self.texts(name, count)]


def read_posts(file: File) -> list[dict[str, Any]]:
    n = file.post_count
    presence = file.numbers("post.presence") or (0,) * n
    more_presence = file.numbers("post.more_presence") or (0,) * n
    ratings = file.numbers("post.rating") or bytes(n)
    flags = file.numbers("post.flags") or (0,) * n
    ext_words = file.words("dictionary.file_ext")
    exts = file.numbers("post.file_ext") or (0,) * n
    kind_words = file.words("dictionary.pool_kind")
    kinds = list(file.numbers("post.pools.kind") or (0,) * len(file.numbers("post.pools")))
    sources, extras = file.texts("post.source", n), file.texts("post.extra_json", n)
    tags = file.lists("post.tags.offsets", "post.tags", n)
    pools = file.lists("post.pools.offsets", "post.pools", n)
    favorites = file.lists("post.favorites.offsets", "post.favorites", n)
    tag_ids = file.numbers("tag.id")
    posts = []
    for row in range(n):
        post: dict[str, Any] = {"id": file.numbers("post.id")[row], "rating": ratings[row]}
        bits = [(presence, bit, name) for bit, name in enumerate(OPTIONAL)]
        bits += [(more_presence, bit, name) for bit, name in enumerate(MORE_OPTIONAL)]
        for words, bit, name in bits:
            if words[row] >> bit & 1:
                value = file.numbers("post." + name)[row]
                post[name] = value.hex() if isinstance(value, bytes) else value
        post["flags_known"], post["flags_set"] = flags[row] & 0xFFFF, flags[row] >> 16
        post["file_ext"], post["source"], post["extra_json"] = ext_words[exts[row]], sources[row], extras[row]
        post["tag_ids"] = [tag_ids[index] for index in tags[row]]
        post["pools"] = [[pool, kind_words[kinds.pop(0)]] for pool in pools[row]]
        post["favorite_user_ids"] = list(favorites[row])
        posts.append(post)
    return posts


def check_indexes(file: File, names: list[str]) -> None:
    md5 = file.numbers("post.md5")
    presence = file.numbers("post.presence") or (0,) * file.post_count
    with_md5 = [row for row in range(file.post_count) if presence[row] & 1]
    check(list(file.numbers("index.post_by_md5")) == sorted(with_md5, key=lambda row: (md5[row], row)), "md5 index")
    counts = file.numbers("tag.post_count")
    tags = range(file.tag_count)
    check(list(file.numbers("index.tag_by_name")) == sorted(tags, key=lambda i: (names[i].encode(), i)), "name index")
    check(list(file.numbers("index.tag_by_post_count")) == sorted(tags, key=lambda i: (-counts[i], i)), "count index")
    check(sum(counts) == file.tag_use_count == len(file.numbers("post.tags")), "tag uses")


def main() -> None:
    file = File(Path(sys.argv[1]))
    names = file.texts("tag.name", file.tag_count)
    check_indexes(file, names)
    for post in read_posts(file):
        print(json.dumps(post, sort_keys=True, ensure_ascii=False))
    columns = (file.numbers("tag.id"), names, file.numbers("tag.category"), file.numbers("tag.post_count"))
    for tag in zip(*columns, strict=True):
        print(json.dumps(tag, ensure_ascii=False))
    ext_counts = dict(zip(file.words("dictionary.file_ext"), file.numbers("stats.file_ext_posts"), strict=True))
    for name in ("rating_posts", "category_tags", "category_tag_uses"):
        print(json.dumps({name: file.numbers("stats." + name)}))
    print(json.dumps({"file_ext_posts": ext_counts}, sort_keys=True))
    for kind in ("alias", "implication"):
        pairs = list(zip(file.words(f"relation.{kind}")[1:], file.words(f"relation.{kind}.to")[1:], strict=True))
        check(pairs == sorted(set(pairs), key=lambda pair: (pair[0].encode(), pair[1].encode())), f"relation.{kind}")
        for pair in pairs:
            print(json.dumps({kind: pair}, ensure_ascii=False))
    deprecated = [name for name, flag in zip(names, file.numbers("tag.is_deprecated"), strict=False) if flag]
    if deprecated:
        print(json.dumps({"deprecated": deprecated}, ensure_ascii=False))


if __name__ == "__main__":
    main()
