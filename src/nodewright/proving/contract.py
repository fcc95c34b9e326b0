"""Judge of ``contract.yaml``: omnibase_core's strict reading must accept it."""

from pathlib import Path

import yaml

from nodewright.proving.verdict import Rejected


def accept_contract(path: Path, kind: str) -> None:
    """Validate the contract at ``path`` for a node of ``kind``.

    Raises:
        Rejected: the file is missing, of another kind, or the strict reading refuses it.
    """
    from omnibase_core.enums.enum_contract_bucket import EnumContractBucket
    from omnibase_core.enums.enum_validator_mode import EnumValidatorMode
    from omnibase_core.normalization import validate_contract_file

    contract = read_contract(path)
    node_type = contract.get("node_type")
    if node_type != f"{kind}_GENERIC":
        raise Rejected(f"contract.yaml says node_type {node_type!r}, the plan says {kind}_GENERIC")
    # This reads the file into the strict model of the kind, ModelContractEffect and so on.
    report = validate_contract_file(path, mode=EnumValidatorMode.STRICT)
    # Files in other buckets are reported as passed without having been validated.
    if report.bucket is not EnumContractBucket.NODE_ROOT_CONTRACT:
        raise Rejected(f"{path} is not taken for a node's contract but for {report.bucket.value}")
    if not report.passed:
        raise Rejected("; ".join(report.errors))


def read_contract(path: Path) -> dict[str, object]:
    """The contract's mapping.

    Raises:
        Rejected: the file cannot be read, is no YAML or no mapping.
    """
    try:
        # As omnibase_core reads it, so that a worker process parses one text once.
        contract = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise Rejected(f"contract.yaml cannot be read: {error}") from error
    if not isinstance(contract, dict):
        raise Rejected(f"contract.yaml holds a {type(contract).__name__}, not a mapping")
    return contract
