"""Content codings undone piece by piece, so that a bomb is noticed before it has gone off.

A few KiB can unpack to gigabytes. Each decoder yields pieces of at most 64 KiB and reads on only
when asked for more, so whoever adds up the pieces can stop at any size.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterator
from typing import TypeAlias

import brotli

from pipeline.errors import UnreadableError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["ACCEPTED", "decode", "unpack_gzip"]

Chunks: TypeAlias = Iterator[bytes]

ACCEPTED = "gzip, deflate, br, zstd"
_PIECE = 2**16
# Nobody applies two codings on purpose; misconfigured proxies do, bombs apply many.
_MAX_CODINGS = 2
# RFC 9659: no more than 8 MiB of window, log2, may be needed to decode zstd from the web.
_ZSTD_OPTIONS: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 23}
_GZIP_WINDOW = zlib.MAX_WBITS | 16
_ZLIB_METHOD = 8  # RFC 1950: the low half of a zlib stream's first byte


def decode(chunks: Chunks, stated: str) -> Chunks:
    """Undo the codings of a Content-Encoding header, the last one first.

    Parameters
    ----------
    chunks
        The body as it comes.
    stated
        The header's value; empty means none.

    Raises
    ------
    UnreadableError
        ``bad_encoding``: unknown, too many, or not what the bytes are. ``short_body``: the bytes
        end too early.

    Examples
    --------
    >>> b"".join(decode(iter([zlib.compress(b"Ferry strikes pier")]), "deflate"))
    b'Ferry strikes pier'
    """
    codings = [name.strip().lower() for name in stated.split(",")]
    codings = [name for name in codings if name not in {"", "identity"}]
    if len(codings) > _MAX_CODINGS:
        raise UnreadableError("bad_encoding", f"{len(codings)} codings on top of each other")
    for name in reversed(codings):
        if name not in _DECODERS:
            raise UnreadableError("bad_encoding", f"unknown content coding {name[:40]!r}")
        chunks = _guarded(_DECODERS[name](chunks), name)
    return chunks


def unpack_gzip(chunks: Chunks) -> Chunks:
    """Undo gzip; errors as in `decode`."""
    return _guarded(_gunzip(chunks), "gzip")


def _guarded(pieces: Chunks, name: str) -> Chunks:
    try:
        yield from pieces
    except (zlib.error, brotli.error, zstd.ZstdError, MemoryError) as error:
        raise UnreadableError("bad_encoding", f"not {name} as stated: {error}") from None


def _gunzip(chunks: Chunks) -> Chunks:
    """Undo gzip of one or more members; what follows the last one is left alone, as gzip does."""
    unpacker, members = zlib.decompressobj(_GZIP_WINDOW), 0
    for chunk in chunks:
        rest = chunk
        while rest:
            if unpacker.eof:
                unpacker, members = zlib.decompressobj(_GZIP_WINDOW), members + 1
            try:
                piece = unpacker.decompress(rest, _PIECE)
            except zlib.error:
                if members:
                    return
                raise
            rest = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
            yield piece
    yield from _last_of(unpacker)


def _inflate(chunks: Chunks) -> Chunks:
    """Undo deflate with its zlib header, or without: some servers leave it out."""
    unpacker = None
    for chunk in chunks:
        rest = chunk
        while rest:
            if unpacker is None:
                headed = rest[0] & 0x0F == _ZLIB_METHOD
                unpacker = zlib.decompressobj(zlib.MAX_WBITS if headed else -zlib.MAX_WBITS)
            piece = unpacker.decompress(rest, _PIECE)
            rest = b"" if unpacker.eof else unpacker.unconsumed_tail
            yield piece
    if unpacker is not None:
        yield from _last_of(unpacker)


def _last_of(unpacker: zlib._Decompress) -> Chunks:
    yield unpacker.flush()  # at most one copied run: all input has been taken in
    if not unpacker.eof:
        raise _cut_short()


def _unbrotli(chunks: Chunks) -> Chunks:
    unpacker = brotli.Decompressor()
    for chunk in chunks:
        piece = unpacker.process(chunk, output_buffer_limit=_PIECE)
        # Output can be pending although can_accept_more_data() says that all input was used.
        while piece or not unpacker.can_accept_more_data():
            yield piece
            piece = unpacker.process(b"", output_buffer_limit=_PIECE)
    if not unpacker.is_finished():
        raise _cut_short()


def _unzstd(chunks: Chunks) -> Chunks:
    unpacker = zstd.ZstdDecompressor(options=_ZSTD_OPTIONS)
    for chunk in chunks:
        rest = chunk
        while rest or not (unpacker.needs_input or unpacker.eof):
            if unpacker.eof:
                unpacker = zstd.ZstdDecompressor(options=_ZSTD_OPTIONS)
            yield unpacker.decompress(rest, _PIECE)
            rest = unpacker.unused_data if unpacker.eof else b""
    if not unpacker.eof:
        raise _cut_short()


def _cut_short() -> UnreadableError:
    return UnreadableError("short_body", "the compressed body ends before its end mark")


_DECODERS: dict[str, Callable[[Chunks], Chunks]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _inflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
