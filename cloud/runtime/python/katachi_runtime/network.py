"""Leads AWS host names to the local cloud, for every client that stands on `socket` and `ssl`: `urllib`, `http.client`,
urllib3, requests, botocore. The Host header stays as the client wrote it, so the cloud knows what was meant.

An `https:` address is spoken in plain HTTP to the cloud: nothing is wrapped, the socket only looks as if it were.
Gap: `asyncio` with TLS, and native clients with their own sockets, are not led.
"""

import re
import socket

from .modules import when_loaded

_AWS_HOST = re.compile(r"(^|\.)(amazonaws\.com(\.cn)?|api\.aws|on\.aws|cloudfront\.net|amazoncognito\.com)$", re.I)
# `sync-127.0.0.1`, `123456789012.127.0.0.1`, `bucket.localhost`
_PREFIXED_LOOPBACK = re.compile(r"^[^:]+[-.](127\.0\.0\.1|localhost)$", re.I)


def _leads_to_cloud(host):
    if isinstance(host, bytes):
        host = host.decode("ascii", "ignore")
    return isinstance(host, str) and bool(_AWS_HOST.search(host) or _PREFIXED_LOOPBACK.match(host))


def install(endpoint):
    host, port = endpoint["host"], endpoint["port"]
    real = socket.getaddrinfo

    def getaddrinfo(name, service, *args, **kwargs):
        if _leads_to_cloud(name):
            return real(host, port, *args, **kwargs)
        return real(name, service, *args, **kwargs)

    socket.getaddrinfo = getaddrinfo
    # `ssl` takes 10 ms to load, and most functions speak plain HTTP to the cloud: it is changed when it is there.
    when_loaded("ssl", _change_tls)


def _change_tls(ssl):
    real = ssl.SSLContext.wrap_socket

    def wrap_socket(self, sock, *args, **kwargs):
        name = kwargs.get("server_hostname") or (args[4] if len(args) > 4 else None)
        return _PlainAsSecure(sock) if _leads_to_cloud(name) else real(self, sock, *args, **kwargs)

    ssl.SSLContext.wrap_socket = wrap_socket


class _PlainAsSecure(socket.socket):
    """A plain socket with what clients ask of a secure one."""

    def __init__(self, sock):
        timeout = sock.gettimeout()
        super().__init__(sock.family, sock.type, sock.proto, fileno=sock.detach())
        self.settimeout(timeout)

    def getpeercert(self, binary_form=False):
        return b"" if binary_form else {}

    def cipher(self):
        return ("none", "none", 0)

    def version(self):
        return "none"

    def selected_alpn_protocol(self):
        return None

    def do_handshake(self, block=False):
        return None

    def unwrap(self):
        return self
