"""An analysis as JSON."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import orjson

from nodewright.prd.models import SimplePRDAnalysisResult


def analysis_data(result: SimplePRDAnalysisResult) -> dict[str, Any]:
    """Plain data of an analysis, without the text of the document."""
    data = asdict(result)
    del data["prd_content"]
    data["primary_node_type"] = result.primary_node_type
    return data


def analysis_json(result: SimplePRDAnalysisResult, clauses: Sequence[Any] = ()) -> str:
    """One indented JSON object; lone surrogates of the text become question marks.

    ``clauses`` are dataclasses that say what was read of each clause.
    """
    data = analysis_data(result) | {"clauses": [asdict(each) for each in clauses]}
    data = _clean(data)
    return orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode()


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value
