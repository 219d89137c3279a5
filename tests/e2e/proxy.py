"""A TCP proxy that cuts connections after a random number of bytes, as networks do."""

from __future__ import annotations

import contextlib
import random
import socket
import threading


class CuttingProxy:
    """Forwards a loopback port to `target_port`; each connection is cut after 1 to `bytes_max` bytes of answers.

    cut_count: connections that were cut. Ends with close(); as a context by itself.
    """

    def __init__(self, target_port: int, bytes_max: int, seed: int) -> None:
        self.cut_count = 0
        self._target_port = target_port
        self._bytes_max = bytes_max
        self._random = random.Random(seed)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._target_port))
            budget = self._random.randint(1, self._bytes_max)
            threading.Thread(target=self._forward, args=(near, far, None), daemon=True).start()
            threading.Thread(target=self._forward, args=(far, near, budget), daemon=True).start()

    def _forward(self, source: socket.socket, target: socket.socket, budget: int | None) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if budget is not None:
                    data = data[:budget]
                    budget -= len(data)
                target.sendall(data)
                if budget == 0:
                    self.cut_count += 1
                    break
        for side in (source, target):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
            side.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=5)

    def __enter__(self) -> CuttingProxy:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
