"""Which addresses may be visited: URLs taken apart, hosts resolved, private networks refused.

A name is resolved once and the connection made to the address that was checked, so a name server
that answers differently the second time (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import queue
import re
import socket
import threading
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import quote, urljoin, urlsplit

from tld import get_fld

from pipeline.errors import UnreadableError

__all__ = ["IpAddress", "WebAddress", "is_public", "join", "parse", "registered_domain", "resolve"]

IpAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_PORTS = {"http": 80, "https": 443}
_MAX_URL_CHARS = 4096  # Servers refuse 8 KiB request lines; real article URLs stay below 1,000.
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
_URL_SAFE = "!#$%&'()*+,/:;=?@[]~"  # RFC 3986 reserved characters, and % for what is encoded
# Only this block is assigned to the public IPv6 internet (IANA IPv6 Global Unicast).
_PUBLIC_IPV6 = ipaddress.IPv6Network("2000::/3")
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")  # NAT64, RFC 6052
_COMPATIBLE = ipaddress.IPv6Network("::/96")  # IPv4-compatible, RFC 4291, long withdrawn
_RELAY_6TO4 = ipaddress.IPv4Network("192.88.99.0/24")  # RFC 7526
_LAST_4_BYTES = 2**32 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class WebAddress:
    """A URL taken apart, in the form in which it is asked for.

    Parameters
    ----------
    scheme
        ``http`` or ``https``.
    host
        Lower-case ASCII name, or an IP address without brackets in its usual spelling.
    port
        Stated or implied.
    path
        Path and query, percent-encoded, at least ``/``.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Host and port as in the Host header: a usual port is left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The whole address, without fragment."""
        return f"{self.scheme}://{self.authority}{self.path}"


def parse(url: str) -> WebAddress:
    """Take a URL apart.

    Raises
    ------
    UnreadableError
        ``bad_url``: no http or https, no or a malformed host, a user name, too long.

    Examples
    --------
    >>> parse("HTTP://Bücher.example:80/neu & gut#oben").url
    'http://xn--bcher-kva.example/neu%20&%20gut'
    >>> parse("http://0x7f000001/").host
    '127.0.0.1'
    """
    if len(url) > _MAX_URL_CHARS:
        raise UnreadableError("bad_url", f"longer than {_MAX_URL_CHARS} characters")
    try:
        parts = urlsplit(url.strip())
        port = parts.port
        path = quote(parts.path, safe=_URL_SAFE) or "/"
        query = f"?{quote(parts.query, safe=_URL_SAFE)}" if parts.query else ""
    except ValueError as error:
        raise UnreadableError("bad_url", f"cannot be read: {error}") from None
    if parts.scheme not in _PORTS:
        raise UnreadableError("bad_url", f"scheme {parts.scheme!r}, not http or https")
    if parts.username is not None or parts.password is not None:
        raise UnreadableError("bad_url", "it holds a user name; log-ins are not supported")
    return WebAddress(
        scheme=parts.scheme,
        host=_host(parts.hostname or ""),
        port=_PORTS[parts.scheme] if port is None else port,
        path=path + query,
    )


def join(base: WebAddress, location: str) -> WebAddress:
    """Resolve the target of a redirect.

    Raises
    ------
    UnreadableError
        ``bad_redirect``: it is none that can be followed. ``downgrade``: from https to http.
    """
    try:
        # Header bytes arrive as Latin-1, but what servers send raw is UTF-8.
        stated = location.encode("latin-1", "replace").decode("utf-8", "replace")
        target = parse(urljoin(base.url, stated.strip()))
    except ValueError as error:
        raise UnreadableError("bad_redirect", f"to {location[:200]!r}: {error}") from None
    except UnreadableError as error:
        raise UnreadableError("bad_redirect", f"to {location[:200]!r}: {error.detail}") from None
    if base.scheme == "https" and target.scheme == "http":
        raise UnreadableError("downgrade", f"from {base.url} to {target.url}")
    return target


def registered_domain(host: str) -> str:
    """Return the domain that was bought: politeness is owed to its owner, not to each host.

    Examples
    --------
    >>> registered_domain("feeds.bbci.co.uk"), registered_domain("127.0.0.1")
    ('bbci.co.uk', '127.0.0.1')
    """
    found = get_fld(f"http://{host}", fail_silently=True, search_private=False)
    return found or host


def resolve(address: WebAddress, seconds: float, *, allow_private: bool) -> list[IpAddress]:
    """Look up all addresses of a host, in the resolver's order, and check every one of them.

    Parameters
    ----------
    seconds
        The system's resolver knows no time limit; after this it is left alone.
    allow_private
        Skip the check.

    Raises
    ------
    UnreadableError
        ``dns``: the name does not resolve in time. ``private_address``: at least one of its
        addresses is not on the public internet.
    """
    literal = _literal(address.host)
    found = [literal] if literal else _look_up(address.host, seconds)
    private = [ip for ip in found if not is_public(ip)]
    if private and not allow_private:
        raise UnreadableError(
            "private_address",
            f"{address.host} is {private[0]}, not on the public internet; "
            "fetch.allow_private_hosts = true permits it",
        )
    return found


def is_public(ip: IpAddress) -> bool:
    """Tell whether an address is an ordinary one of the public internet.

    IPv4 addresses inside IPv6 ones (mapped, compatible, 6to4, NAT64, Teredo) are judged
    themselves, since that is where the packets go.

    Examples
    --------
    >>> is_public(ipaddress.ip_address("::ffff:10.0.0.1"))
    False
    """
    if isinstance(ip, ipaddress.IPv6Address):
        inner = _embedded(ip)
        if inner is not None:
            return is_public(inner)
        return ip in _PUBLIC_IPV6 and ip.is_global and ip.teredo is None
    # is_global speaks of unicast assignments only: multicast counts as global there.
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip in _RELAY_6TO4)


def _embedded(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if ip in _TRANSLATED or ip in _COMPATIBLE:
        return ipaddress.IPv4Address(int(ip) & _LAST_4_BYTES)
    return ip.ipv4_mapped or ip.sixtofour


def _host(name: str) -> str:
    literal = _literal(name)
    if literal:
        return str(literal)
    try:
        ascii_name = name.rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        ascii_name = ""
    # What IDNA folds (full-width digits, other dots) can turn out to be a number as well.
    literal = _literal(ascii_name)
    if literal:
        return str(literal)
    if not _HOST.fullmatch(ascii_name):
        raise UnreadableError("bad_url", f"{name!r} is no host name")
    return ascii_name


def _literal(host: str) -> IpAddress | None:
    """Read an IP address in any spelling a resolver would take: 127.1, 0x7f000001, 0177.0.0.1."""
    if "%" in host:
        return None  # a zone (fe80::1%eth0) names a network card of this machine
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


def _look_up(host: str, seconds: float) -> list[IpAddress]:
    answer: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()
    threading.Thread(target=_ask, args=(host, answer), daemon=True).start()
    try:
        found = answer.get(timeout=max(0.0, seconds))
    except queue.Empty:
        raise UnreadableError("dns", f"{host}: no answer in {seconds:.1f} s") from None
    if isinstance(found, OSError):
        raise UnreadableError("dns", f"{host}: {found.strerror or found}")
    return [ipaddress.ip_address(text) for text in dict.fromkeys(found)]


def _ask(host: str, answer: queue.SimpleQueue[list[str] | OSError]) -> None:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        answer.put([str(sockaddr[0]) for *_, sockaddr in found])
    except (OSError, UnicodeError) as error:
        answer.put(error if isinstance(error, OSError) else OSError(str(error)))
