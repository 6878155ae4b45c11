"""Which network a request comes from, for limits that a new session for each request does not escape."""

from __future__ import annotations

import logging
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.settings import api_settings

__all__ = ["network_of"]

logger = logging.getLogger(__name__)

#: Where a site's own proxies are: private (RFC 1918, RFC 4193), shared with the host's provider (RFC 6598), on the same
#: link (RFC 3927, RFC 4291), or on the same machine.
INSIDE = [
    ip_network(text)
    for text in (
        "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7 100.64.0.0/10 169.254.0.0/16 fe80::/10 127.0.0.0/8 ::1"
    ).split()
]
#: What the log says when the limits of a network cannot work.
UNREADABLE = (
    "Requests come without an address that can be read, as through a Unix socket, and no network is limited by "
    "LORIKEET_THROTTLE_RATES. Let the proxy send X-Forwarded-For, and say in the settings how many proxies there are: "
    'REST_FRAMEWORK = {"NUM_PROXIES": 1}.'
)
UNDECLARED = (
    "Requests come from an address inside the site's own network, as from a proxy, and no network is limited by "
    'LORIKEET_THROTTLE_RATES. Say in the settings how many proxies there are: REST_FRAMEWORK = {"NUM_PROXIES": 1}, '
    "or 0 if shoppers connect directly."
)
MISCOUNTED = (
    "X-Forwarded-For names another number of proxies than REST framework's NUM_PROXIES, so that requests seem to come "
    "from a proxy, and no network is limited by LORIKEET_THROTTLE_RATES. Let each proxy add to the header, and set "
    "NUM_PROXIES to how many there are."
)
UNSAID = (
    "Requests carry X-Forwarded-For, which is not believed: if they come through a proxy, all its shoppers share the "
    "limits of LORIKEET_THROTTLE_RATES. Say in the settings how many proxies there are: "
    'REST_FRAMEWORK = {"NUM_PROXIES": 1}, or 0 if shoppers connect directly.'
)


def network_of(request: Request | HttpRequest) -> str:
    """Return the network a request comes from (IPv4 /24, IPv6 /48), or an empty string if that cannot be known.

    ``X-Forwarded-For`` is believed only as far as REST framework's ``NUM_PROXIES`` says that the site has proxies.
    An address inside the site's own network is believed only if that number counts every proxy: all shoppers would seem
    to come from a proxy that is not counted, and share its limits. Each cause of an empty string is logged once.
    """
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    hops.append(request.META.get("REMOTE_ADDR", ""))
    proxies: int | None = api_settings.NUM_PROXIES
    address = _read_address(hops[max(0, len(hops) - 1 - (proxies or 0))])
    if address is None:
        return warn(UNREADABLE)
    if proxies != len(hops) - 1 and any(address in network for network in INSIDE):
        return warn(UNDECLARED if proxies is None else MISCOUNTED)
    if proxies is None and len(hops) > 1:
        warn(UNSAID)
    network = ip_network(f"{address}/{24 if address.version == 4 else 48}", strict=False)
    return str(network.network_address)


def _read_address(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address as servers and proxies write it: perhaps in brackets, with a port, or with a zone (RFC 4007).

    An IPv4 address that a socket of both kinds shows as IPv6 (RFC 4291, section 2.5.5.2) is read as IPv4.
    """
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


@cache
def warn(cause: str) -> str:
    """Log a cause once in the life of the process, and return an empty string: the network is not known."""
    logger.warning(cause)
    return ""
