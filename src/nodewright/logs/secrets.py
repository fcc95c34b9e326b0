"""What the names of secrets look like: word lists, and the rule that reads a name by them."""

import re
from functools import lru_cache
from itertools import pairwise

# Words of a name, however they are joined: client_secret, client-secret, clientSecret.
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_LONGEST_NAME = 256
_KNOWN_NAMES = 10_000

# A name that holds one of these words is a secret's.
_SECRET_WORDS = frozenset(
    {"password", "passwords", "passwd", "pwd", "passphrase", "secret", "secrets", "token", "jwt"}
    | {"credential", "credentials", "authorization", "cookie", "cookies", "apikey", "bearer"}
    | {"passcode", "pin", "cvv", "cvc", "pw"}
)
# Words run together, such as pgpassword, refreshtoken and phpsessid, are known by their end.
_SECRET_ENDS = (
    *("password", "passwd", "passphrase", "passcode", "secret", "token", "apikey", "credentials"),
    *("sessionid", "sessid"),
)
# A key is a secret's if one of these owns it: api_key, ssh-key, signingKey, HMACKEY.
_KEY_OWNERS = frozenset(
    {"api", "private", "access", "secret", "encryption", "decryption", "signing", "master", "auth"}
    | {"ssh", "hmac", "gpg", "pgp", "rsa", "aes", "shared", "session", "webhook", "jwt", "cipher"}
)
# A last word that makes a secret of what is no secret elsewhere: db_pass, and not pass_rate.
_SECRET_LAST = frozenset({"pass"})
# A last word that says the value is about a secret and none itself: token_count, secret_name.
_ABOUT = frozenset(
    {"count", "counts", "type", "limit", "usage", "length", "size", "expires", "expiry", "ttl"}
    | {"name", "present", "required", "enabled", "valid", "version", "budget", "path", "file"}
)
# Words of prose: in running text these are names only where they are quoted or followed by =.
WEAK = frozenset({"pass", "pw", "pin"})
# What may also be counted: a number of passes is no password.
COUNTED = frozenset({"pass"})


def bare(name: str) -> str:
    """``name`` without what joins its words, in lower case."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def names_a_secret(name: str) -> bool:
    """Whether a value of this name is a secret.

    >>> [names_a_secret(name) for name in ("refreshToken", "PGPASSWORD", "ssh-key", "token_count")]
    [True, True, True, False]
    """
    return len(name) <= _LONGEST_NAME and _names_a_secret(name)


@lru_cache(_KNOWN_NAMES)
def _names_a_secret(name: str) -> bool:
    words = [word.lower() for word in _WORDS.findall(name)]
    if not words or words[-1] in _ABOUT:
        return False
    if words[-1] in _SECRET_LAST or any(map(_is_secret_word, words)):
        return True
    if bare(name) in _SECRET_WORDS:
        return True
    return any(last == "key" and first in _KEY_OWNERS for first, last in pairwise(words))


def owns_a_key(word: str) -> bool:
    """Whether the key of what ``word`` names is a secret."""
    return word.lower() in _KEY_OWNERS


def _is_secret_word(word: str) -> bool:
    if word in _SECRET_WORDS or word.endswith(_SECRET_ENDS):
        return True
    return word.endswith("key") and any(word[:-3].endswith(owner) for owner in _KEY_OWNERS)
