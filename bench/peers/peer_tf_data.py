"""tf.data over TFRecord files, in the trainer's process (local) or through tf.data service (service).

The records are split in the graph, a whole batch at a time; tf.train.Example would cost more.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import common

FILES = 16
BUFFER = 10_000
HEADER_BYTES = 4 * common.HEADER_FIELDS


def decode(records: Any) -> dict[str, Any]:
    import tensorflow as tf

    header = tf.io.decode_raw(tf.strings.substr(records, 0, HEADER_BYTES), tf.int32)
    lengths = tf.strings.length(records) - HEADER_BYTES
    tags = tf.strings.reduce_join(tf.strings.substr(records, HEADER_BYTES, lengths))
    return {
        "ids": tf.bitcast(header[:, :2], tf.int64),
        "tag_values": tf.io.decode_raw(tags, tf.int32),
        "tag_offsets": tf.concat([[0], tf.cumsum(lengths // 4)], 0),
        "rating": tf.cast(header[:, 5], tf.uint8),
        "width": header[:, 2],
        "height": header[:, 3],
        "score": header[:, 4],
    }


class TfData(common.Peer):
    packages = ("tensorflow-cpu",)

    def __init__(self, options: Any) -> None:
        super().__init__(options)
        self.files = [str(path) for path in sorted(options.data.glob("*.tfrecord"))]
        self.iterator: Any = None
        self.restored: Any = None

    @classmethod
    def prepare(cls, content: common.Content, folder: Path) -> None:
        import tensorflow as tf

        writers = [tf.io.TFRecordWriter(str(folder / f"posts-{number:02d}.tfrecord")) for number in range(FILES)]
        per_file = -(-len(content) // FILES)
        for number, post in enumerate(content.posts()):
            writers[number // per_file].write(common.encode_record(post))
        for writer in writers:
            writer.close()

    @classmethod
    def serve(cls, options: argparse.Namespace) -> NoReturn:
        """Dispatcher and one worker in one process: the least that tf.data service can be."""
        import tensorflow as tf

        service = tf.data.experimental.service
        dispatcher = service.DispatchServer(service.DispatcherConfig(port=0))
        address = dispatcher.target.split("://")[1]
        worker = service.WorkerServer(service.WorkerConfig(dispatcher_address=address, port=0))
        common.announce(address)
        # Both must stay referenced.
        common.wait_for_stop()
        del worker

    def dataset(self, number: int) -> Any:
        import tensorflow as tf

        files = tf.data.Dataset.from_tensor_slices(self.files).shuffle(len(self.files), seed=common.SEED + number)
        records = files.interleave(
            tf.data.TFRecordDataset, cycle_length=FILES, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True
        )
        dataset = records.shuffle(BUFFER, seed=common.SEED + number).batch(common.BATCH_SIZE)
        dataset = dataset.map(decode, num_parallel_calls=tf.data.AUTOTUNE)
        if self.options.address:
            dataset = dataset.apply(
                tf.data.experimental.service.distribute(
                    processing_mode=tf.data.experimental.service.ShardingPolicy.OFF,
                    service=f"grpc://{self.options.address}",
                    compression=None if self.options.variant == "plain" else "AUTO",
                )
            )
        return dataset.prefetch(tf.data.AUTOTUNE)

    def epoch(self, number: int) -> Iterator[common.Batch]:
        import tensorflow as tf

        self.iterator = iter(self.dataset(number))
        if self.restored is not None:
            tf.train.Checkpoint(iterator=self.iterator).read(self.restored).expect_partial()
            self.restored = None
        for batch in self.iterator:
            # Views of TensorFlow's buffers; .numpy() would copy.
            yield common.Batch(**{name: memoryview_array(values) for name, values in batch.items()})

    def state(self) -> Any:
        """tf.data's own checkpoint of an iterator; the service has none."""
        if self.options.address:
            return None
        import tensorflow as tf

        return tf.train.Checkpoint(iterator=self.iterator).write(str(self.options.state) + "-tf")

    def load(self, state: Any) -> None:
        self.restored = state


def memoryview_array(tensor: Any) -> Any:
    import numpy as np

    return np.asarray(memoryview(tensor))


if __name__ == "__main__":
    common.main(TfData)
