"""Stubs of a handler: what any test has to tell from the real thing."""

import ast

_ANSWER = "return {output}(correlation_id=request.correlation_id)"
_REFUSE = "raise Refused({code!r}, 'a stub')"


def stub(code: str, refusal: str = "") -> str:
    """The handler ``code`` whose operations all answer one constant.

    Args:
        code: the text of a handler.
        refusal: the error code that they refuse with; they answer ok without one.
    """
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or not _answers(node):
            continue
        output = ast.unparse(node.returns) if node.returns else ""
        body = _REFUSE.format(code=refusal) if refusal else _ANSWER.format(output=output)
        node.body = ast.parse(body).body
    text = ast.unparse(ast.fix_missing_locations(tree))
    if refusal:
        package = next(
            node.module.partition(".")[0]
            for node in tree.body
            if isinstance(node, ast.ImportFrom) and node.module and ".nodes." in node.module
        )
        text = f"from {package}.refusals import Refused\n{text}"
    return text


def _answers(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a method is an operation: it takes a request and answers the node's output."""
    names = [each.arg for each in node.args.args]
    returns = ast.unparse(node.returns) if node.returns else ""
    public = not node.name.startswith("_") and node.name != "handle"
    return public and "request" in names and returns.endswith("Output")
