"""The four node kinds, and the check of a name of one."""

from nodewright.mixins.errors import UnknownNodeTypeError

NODE_KINDS = ("EFFECT", "COMPUTE", "REDUCER", "ORCHESTRATOR")


def node_kind(node_type: str) -> str:
    """``node_type`` as one of ``NODE_KINDS``; case and the suffix ``_GENERIC`` do not matter.

    Raises:
        UnknownNodeTypeError: it is none of the four.
    """
    if node_type in NODE_KINDS:
        return node_type
    kind = str(node_type).strip().upper().removesuffix("_GENERIC")
    if kind not in NODE_KINDS:
        raise UnknownNodeTypeError(node_type)
    return kind
