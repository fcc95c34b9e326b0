"""Judges on a staged package: what they pass may be delivered.

``verify_node`` judges one node and is pure, so it runs in any worker process; ``lint_package`` and
``verify_package`` run the judges that are cheaper or only possible over the whole package, and
attribute what they find to the nodes.
"""

from nodewright.proving.lint import lint_package
from nodewright.proving.node import verify_node
from nodewright.proving.package import verify_package
from nodewright.proving.staged import StagedNode

__all__ = ["StagedNode", "lint_package", "verify_node", "verify_package"]
