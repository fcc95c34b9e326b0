"""What can go wrong with metrics, alerts and health."""

from nodewright.errors import NodewrightError


class MonitoringError(NodewrightError):
    """The base of the monitoring room's errors."""


class MetricError(MonitoringError, ValueError):
    """A name, label, type or value of a metric is not valid; nothing was recorded."""


class ChannelError(MonitoringError, OSError):
    """A channel could not deliver its notification; it is tried again."""


class StatusError(MonitoringError, ValueError):
    """A health status is not valid; nothing was updated."""


class WindowError(MonitoringError, ValueError):
    """A window of time is not a positive number."""
