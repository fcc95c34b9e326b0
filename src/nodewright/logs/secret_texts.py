"""Secrets in running text: named values, addresses, headers, keys and tokens, in linear time.

A text may be made to be searched for ever. So nothing here looks for the end of what it found from
each place where it could begin: a run of characters is entered at its start only, and a value that
was taken is not looked at again.
"""

import re
from collections.abc import Callable, Iterator

from nodewright.logs.secrets import COUNTED, WEAK, owns_a_key

MARK = "[redacted]"

# One of these is in the name of each secret, in lower case.
_NAMES = (
    *("pass", "pw", "secret", "token", "credential", "key", "authorization", "cookie", "bearer"),
    *("sess", "jwt", "pin", "cvv", "cvc"),
)
# One of these is in each text that is a secret by its look, in lower case.
_LOOKS = (
    *("basic ", "eyj", "akia", "asia", "aiza", "hf_", "npm_", "pypi-", "glpat-", "sk-", "xox"),
    *("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "k_live_", "k_test_"),
)
# How the tokens of vendors begin (GitHub, Slack, Stripe, OpenAI, GitLab, npm, PyPI, Hugging Face),
# and the least they are long.
_TOKEN = re.compile(
    r"gh[pousr]_|github_pat_|xox[a-z]-|[rs]k_(?:live|test)_|sk-|glpat-|npm_|pypi-|hf_"
)
TOKEN_LENGTH = 20
_TOKENS = (
    re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    re.compile(r"\bAIza[\w-]{35}"),
    re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,})"),
    re.compile(r"\bxox[a-z]-[\w-]{15,}"),
    re.compile(r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{10,}"),
    re.compile(r"\b(?:npm|hf)_[A-Za-z0-9]{30,}"),
    re.compile(r"(?<![\w-])(?:glpat|pypi)-[\w-]{20,}"),
    # Names may begin with sk- too, such as sk-learn-..., but hold no capitals and digits.
    re.compile(r"(?<![\w-])sk-(?=[\w-]*[A-Z])(?=[\w-]*\d)[\w-]{20,}"),
)
_RUN = re.compile(r"[^\s\"'<>]+")
_USER = re.compile(r"\b[a-z][a-z0-9+.-]{0,30}://[^\s/:@\"'<>]*:", re.IGNORECASE)
_DOTTED = re.compile(r"[\w.-]{12,}")
_JWT_START = re.compile(r"(?:\A|(?<=-))eyJ[\w-]{4}")
_LEAST_CLAIMS = 4
_PRIVATE_KEY = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----")
_END_OF_KEY = re.compile(r"-----END [A-Z0-9 ]{0,60}-----")
# Bearer and Basic are followed by nothing else. The other words also stand in prose, where no word
# holds a digit.
_SCHEME = re.compile(
    r"\b(Bearer|BEARER|Basic|BASIC)\s++[\w.~+/=-]{6,}"
    r"|\b(bearer|[Tt]oken|[Aa]pi-?[Kk]ey)\s++(?=[A-Za-z.~+/=_-]{0,200}\d)[\w.~+/=-]{8,}"
)
# A name and what joins it to its value: = or : or => or :=, a comma in a pair, > in a tag, a space
# after a --flag. Names, quotes and spaces are taken whole, so that a run is entered once.
_NAMED = re.compile(
    r"(?<![\w$.-])(?P<flag>--)?+(?P<name>[\w$.-]++)(?P<quote>\\*+[\"']|)\s*+"
    r"(?P<join>:=|=>|=(?!=)|:(?!//|:)|,|>|(?(flag)(?<=\s)|(?!)))"
)
_LITERAL_VALUES = frozenset({"null", "none", "true", "false"})
_SPACES = re.compile(r"\s+")
_PLAIN_VALUE = re.compile(r"[^\s,;&\"'<>}\])]+")
_WHOLE_WORD = re.compile(r"\S*[^\s,;]")
_OPENING = re.compile(r"[bBrRuUfF]{0,2}(?P<slashes>\\*+)(?P<mark>[\"'])")
_WORD_BEFORE = re.compile(r"([A-Za-z]{2,12}) \Z")
_LONGEST_WORD = 13
_BRACKETS = {"{": "}", "[": "]", "(": ")"}
_HEADERS = ("authorization", "cookie")
# So many backslashes stand before a quote of a text that was encoded so many times.
_SLASHES = (0, 1, 3, 7, 15)


def may_name_secret(lowered: str) -> bool:
    """Whether a text in lower case holds a part of a secret's name."""
    return any([name in lowered for name in _NAMES])  # noqa: C419 - a list is faster here


def token_in(text: str) -> bool:
    """Whether a vendor's token may begin in ``text``."""
    return _TOKEN.search(text) is not None


class Texts:
    """Cleans running text.

    Args:
        is_secret: whether a value of this name is secret.
        further: patterns of other secrets.
    """

    def __init__(
        self, is_secret: Callable[[str], bool], further: tuple[re.Pattern[str], ...] = ()
    ) -> None:
        self._is_secret = is_secret
        self._further = further

    def clean(self, text: str) -> str:
        """``text`` without its secrets."""
        if "@" in text and "://" in text:
            text = _RUN.sub(_without_password, text)
        if "eyJ" in text:
            text = _DOTTED.sub(_without_jwts, text)
        lowered = text.lower()
        if may_name_secret(lowered) or any(look in lowered for look in _LOOKS):
            text = _without(text, _private_keys(text))
            text = _without(text, self._named_values(text))
            text = _SCHEME.sub(_without_credentials, text)
            for pattern in _TOKENS:
                text = pattern.sub(MARK, text)
        for pattern in self._further:
            text = pattern.sub(MARK, text)
        return text

    def _named_values(self, text: str) -> Iterator[tuple[int, int]]:
        """Where the values of secret names begin and end, in order."""
        done = 0
        for named in _NAMED.finditer(text):
            if named.start() < done or not self._is_named(text, named):
                continue
            begin = _after_spaces(text, named.end())
            end = _end_of_value(text, named, begin)
            if end > begin and _is_value(text, named, begin, end):
                done = end
                yield begin, end

    def _is_named(self, text: str, named: re.Match[str]) -> bool:
        """Whether a name is a secret's, and joined to its value in a way that is used for it."""
        name, join, start = named["name"].rpartition(".")[2], named["join"], named.start()
        if join == "," and not (named["quote"] and _opens_pair(text, start)):
            return False
        if join == ">" and text[start - 1 : start] != "<":
            return False
        if join == ":" and not named["quote"] and name.lower() in WEAK:
            return False
        if self._is_secret(name):
            return True
        if name.lower() != "key":
            return False
        word = _WORD_BEFORE.search(text, max(start - _LONGEST_WORD, 0), start)
        return word is not None and owns_a_key(word[1])


def _opens_pair(text: str, start: int) -> bool:
    """Whether what stands before a quoted name is the bracket of a pair."""
    return text[max(start - 4, 0) : start].rstrip("\"'\\").rstrip("bu").endswith(("(", "["))


def _is_value(text: str, named: re.Match[str], begin: int, end: int) -> bool:
    """Whether there is something to hide."""
    value = text[begin:end].lower()
    if value in _LITERAL_VALUES or (value.isdigit() and named["name"].lower() in COUNTED):
        return False
    return named["join"] != "," or text[end : end + 2].lstrip().startswith((")", "]"))


def _after_spaces(text: str, place: int) -> int:
    found = _SPACES.match(text, place)
    return place if found is None else found.end()


def _end_of_value(text: str, named: re.Match[str], begin: int) -> int:
    """Where the value that begins at ``begin`` ends."""
    opening = _OPENING.match(text, begin)
    if opening is not None:
        return _end_of_quoted(text, opening.end(), opening["mark"], len(opening["slashes"]))
    if named["join"] == "," or text.startswith(MARK, begin):
        return begin  # what stands second in a pair is quoted
    if text[begin : begin + 1] in _BRACKETS:
        return _end_of_bracket(text, begin)
    if named["join"] == ":" and named["name"].lower().endswith(_HEADERS):
        return _end_of_header(text, named, begin)
    starts_line = named.start() == 0 or text[named.start() - 1] == "\n"
    value = _WHOLE_WORD if named["join"] == "=" and starts_line else _PLAIN_VALUE
    found = value.match(text, begin)
    return begin if found is None else found.end()


def _end_of_header(text: str, named: re.Match[str], begin: int) -> int:
    """A header's value goes to the end of its line, or of the quotes that the header stands in."""
    quoted = re.search(r"(\\*+)([\"'])\Z", text[max(named.start() - 8, 0) : named.start()])
    if quoted is not None:
        return _end_of_quoted(text, begin, quoted[2], len(quoted[1]), inclusive=False)
    return _end_of_line(text, begin)


def _end_of_quoted(
    text: str, begin: int, mark: str, slashes: int, *, inclusive: bool = True
) -> int:
    r"""Where the text ends that was opened by ``mark`` after so many backslashes.

    Encoding a text once more turns each backslash into two and puts one before each quote: what
    opens with 1 (3, 7, ...) backslashes ends with as many; those of an escaped quote inside leave
    another rest.
    """
    place = begin if slashes in _SLASHES else len(text)
    while (at := text.find(mark, place)) >= 0:
        first = at
        while first > begin and text[first - 1] == "\\":
            first -= 1
        if (at - first) % (2 * slashes + 2) == slashes:
            return at + 1 if inclusive else at - slashes
        place = at + 1
    return _end_of_line(text, begin)


def _end_of_bracket(text: str, begin: int) -> int:
    opener, closer = text[begin], _BRACKETS[text[begin]]
    depth = 0
    for place in range(begin, len(text)):
        depth += (text[place] == opener) - (text[place] == closer)
        if depth == 0:
            return place + 1
    return len(text)


def _end_of_line(text: str, begin: int) -> int:
    end = text.find("\n", begin)
    return len(text) if end < 0 else end


def _private_keys(text: str) -> Iterator[tuple[int, int]]:
    """Where blocks of private keys begin and end; one without an end goes on to the text's."""
    place = 0
    while (begun := _PRIVATE_KEY.search(text, place)) is not None:
        end = _END_OF_KEY.search(text, begun.end())
        place = len(text) if end is None else end.end()
        yield begun.start(), place


def _without(text: str, spans: Iterator[tuple[int, int]]) -> str:
    parts: list[str] = []
    place = 0
    for begin, end in spans:
        parts += (text[place:begin], MARK)
        place = end
    return text if not parts else "".join((*parts, text[place:]))


def _without_credentials(found: re.Match[str]) -> str:
    return f"{found[1] or found[2]} {MARK}"


def _without_password(run: re.Match[str]) -> str:
    """An address without the password between its user and its last @."""
    text, at = run[0], run[0].rfind("@")
    user = _USER.search(text, 0, at) if at >= 0 else None
    return text if user is None else f"{text[: user.end()]}{MARK}{text[at:]}"


def _without_jwts(run: re.Match[str]) -> str:
    """Words joined by dots without those that are JSON web tokens: header, claims, signature."""
    parts = run[0].split(".")
    kept: list[str] = []
    place = 0
    while place < len(parts):
        claims = parts[place + 1 : place + 2]
        start = _JWT_START.search(parts[place])
        if start and claims and len(claims[0]) >= _LEAST_CLAIMS:
            kept.append(parts[place][: start.start()] + MARK)
            place += 3
        else:
            kept.append(parts[place])
            place += 1
    return ".".join(kept)
