"""The four node kinds, and the check of a name of one."""

from nodewright.mixins.errors import UnknownNodeTypeError

NODE_KINDS = ("EFFECT", "COMPUTE", "REDUCER", "ORCHESTRATOR")


def node_kind(node_type: str) -> str:
    """``node_type`` as one of ``NODE_KINDS``; case and the suffix ``_GENERIC`` do not matter.

    Raises:
        UnknownNodeTypeError: it is none of the four.
    """
    named = getattr(node_type, "value", node_type)  # also a member of an enumeration
    kind = str(named).strip().upper().removesuffix("_GENERIC")
    if kind not in NODE_KINDS:
        raise UnknownNodeTypeError(node_type)
    return kind
