"""Whether other machines could reach the page."""

from ipaddress import ip_address

from nodewright.errors import NodewrightError


class ExposureError(NodewrightError, ValueError):
    """The page would be open to other machines without a token."""


def check_exposure(host: str, token: str | None) -> None:
    """Refuse to listen beyond this machine without a token.

    Raises:
        ExposureError: it would.
    """
    if token is None and not is_loopback(host):
        raise ExposureError(
            f"listening on {host} would open the page to other machines; set NODEWRIGHT_WEB_TOKEN "
            "(16 characters or more), or listen on 127.0.0.1"
        )


def is_loopback(host: str) -> bool:
    """Whether ``host`` only reaches this machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
