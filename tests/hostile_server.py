"""A web server that misbehaves on purpose, over raw sockets where a framework would be too polite.

Every behaviour gets the connection after the request was read, and may do to it what it likes.
"""

from __future__ import annotations

import gzip
import socket
import ssl
import subprocess
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import brotli

from pipeline.fetch.decoding import zstd

BOMB_BYTES = 2**28
_MIB_OF_ZEROS = bytes(2**20)


class Line:
    """A connection as a behaviour sees it: writing fails silently once the client has gone."""

    def __init__(self, connection: socket.socket, stopped: threading.Event, request: str) -> None:
        self._connection = connection
        self._stopped = stopped
        self.request = request

    def write(self, *parts: bytes) -> bool:
        """Send; tell whether anybody is still there."""
        try:
            self._connection.sendall(b"".join(parts))
        except OSError:
            return False
        return not self._stopped.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait; tell whether to go on."""
        return not self._stopped.wait(seconds)

    def reset(self) -> None:
        """Hang up without a word, so that the client sees a reset."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self._connection.close()


Behaviour = Callable[[Line], object]


class HostileServer:
    """Serves behaviours by path, each connection in a thread of its own.

    Parameters
    ----------
    behaviours
        By path. Unknown paths, such as robots.txt, get an honest 404.
    address
        Loopback address to listen on.
    context
        For TLS; None serves plain text.
    """

    def __init__(
        self,
        behaviours: Mapping[str, Behaviour],
        address: str = "127.0.0.1",
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.behaviours = dict(behaviours)
        self.requests: list[str] = []
        self.open_now = 0
        self.most_open = 0
        self._address = address
        self._context = context
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._listener = socket.create_server((address, 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def url(self, path: str, host: str | None = None) -> str:
        scheme = "https" if self._context else "http"
        return f"{scheme}://{host or self._address}:{self.port}{path}"

    def asked(self) -> list[str]:
        """Return the paths that were asked for, in order."""
        return [request.split(" ")[1] for request in self.requests]

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        self._count(1)
        counted = 1
        try:
            with connection, self._encrypted(connection) as line:
                line.settimeout(30)  # no thread outlives its test for long
                request = self._read(line)
                if request:
                    self.requests.append(request)
                    path = request.split(" ")[1]
                    if path == "/robots.txt":
                        # The first page follows at once, while this thread may still be ending.
                        self._count(-counted)
                        counted = 0
                    self.behaviours.get(path, answer(404))(Line(line, self._stopped, request))
        except OSError:
            pass
        finally:
            self._count(-counted)

    def _count(self, change: int) -> None:
        with self._lock:
            self.open_now += change
            self.most_open = max(self.most_open, self.open_now)

    def _encrypted(self, connection: socket.socket) -> socket.socket:
        if self._context is None:
            return connection
        connection.settimeout(30)
        return self._context.wrap_socket(connection, server_side=True)

    def _read(self, connection: socket.socket) -> str:
        request = b""
        while b"\r\n\r\n" not in request:
            received = connection.recv(4096)
            if not received:
                return ""
            request += received
        return request.decode("latin-1")


def head(status: int = 200, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", *headers, "Connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1")


def answer(status: int = 200, body: bytes = b"", *headers: str) -> Behaviour:
    """Answer correctly."""
    whole = head(status, f"Content-Length: {len(body)}", *headers) + body
    return lambda line: line.write(whole)


def raw(*parts: bytes) -> Behaviour:
    """Send these bytes and hang up."""
    return lambda line: line.write(*parts)


def say_nothing(line: Line) -> None:
    line.wait(30)


def hang_up(line: Line) -> None:
    line.reset()


def drip(start: bytes, drop: bytes, seconds: float = 0.05) -> Behaviour:
    """Send `start`, then `drop` after `drop`, slowly and for ever."""

    def behave(line: Line) -> None:
        line.write(start)
        while line.wait(seconds) and line.write(drop):
            pass

    return behave


def flood(start: bytes, piece: bytes) -> Behaviour:
    """Send `start`, then `piece` after `piece` as fast as they are taken."""

    def behave(line: Line) -> None:
        line.write(start)
        while line.write(piece):
            pass

    return behave


def stall(start: bytes) -> Behaviour:
    """Send `start`, then nothing, with the connection open."""

    def behave(line: Line) -> None:
        line.write(start)
        line.wait(30)

    return behave


def chunked(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(body), body)


def bomb(coding: str) -> bytes:
    """Return 256 MiB of zeros, packed."""
    return b"".join(_packed_zeros(coding))


def _packed_zeros(coding: str) -> Iterator[bytes]:
    if coding == "br":
        packer = brotli.Compressor(quality=5)
        yield from (packer.process(_MIB_OF_ZEROS) for _ in range(BOMB_BYTES // 2**20))
        yield packer.finish()
        return
    if coding == "zstd":
        packer = zstd.ZstdCompressor()
    else:
        window = zlib.MAX_WBITS | 16 if coding == "gzip" else zlib.MAX_WBITS
        packer = zlib.compressobj(9, wbits=window)
    yield from (packer.compress(_MIB_OF_ZEROS) for _ in range(BOMB_BYTES // 2**20))
    yield packer.flush()


def doubly_packed_bomb() -> bytes:
    return gzip.compress(bomb("gzip"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """A test authority and certificates, as files: `ca`, and chain and key in one by kind."""

    ca: Path
    good: Path
    expired: Path
    self_signed: Path
    wrong_host: Path


def make_certificates(folder: Path) -> Certificates:
    """Make them with the openssl command; for the host ``localhost`` where not wrong on purpose."""

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    def key_and(name: str) -> tuple[str, ...]:
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
        return (*curve, "-keyout", f"{name}.key", "-subj", f"/CN={name}")

    def signed(name: str, host: str, days: str) -> Path:
        (folder / f"{name}.ext").write_text(f"subjectAltName=DNS:{host}\n")
        openssl("req", *key_and(name), "-out", f"{name}.csr")
        ca = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", days)
        extensions = ("-extfile", f"{name}.ext")
        openssl("x509", "-req", "-in", f"{name}.csr", *ca, *extensions, "-out", f"{name}.crt")
        return joined(name)

    def joined(name: str) -> Path:
        path = folder / f"{name}.pem"
        parts = (folder / f"{name}{suffix}" for suffix in (".crt", ".key"))
        path.write_text("".join(part.read_text() for part in parts))
        return path

    openssl("req", "-x509", *key_and("ca"), "-days", "2", "-out", "ca.pem")
    host = ("-addext", "subjectAltName=DNS:localhost")
    openssl("req", "-x509", *key_and("own"), "-days", "2", *host, "-out", "own.crt")
    return Certificates(
        ca=folder / "ca.pem",
        good=signed("good", "localhost", "2"),
        expired=signed("expired", "localhost", "-1"),
        self_signed=joined("own"),
        wrong_host=signed("wrong", "elsewhere.example", "2"),
    )


def tls_server_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
