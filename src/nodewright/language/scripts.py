"""The language of a text by its script and commonest words."""

import re
from collections import Counter

_SAMPLE = 6000
_HAN = re.compile(r"[\u3400-\u9fff]")
_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_SCRIPT_SHARE = 0.08
_STOPWORDS = {
    "en": "the of to and a in is that for must shall should with be on as by are or an will",
    "es": "el la los las de del que y en un una para con por se debe como no sus al es",
    "pt": "o a os as de do da que e em um uma para com por se deve como não seus ao é",
    "fr": "le la les des du que et en un une pour avec par doit comme ne ses au est dans",
    "de": "der die das und ist für mit von den dem ein eine muss soll nicht auf werden als im",
    "it": "il lo la gli le di che e in un una per con deve come non dei alla è nel",
}
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]+")


def language_of(text: str) -> str:
    """An ISO 639-1 code; ``en`` where nothing speaks for another."""
    sample = text[:_SAMPLE]
    letters = len(_LETTER.findall(sample)) or 1
    shares = {
        "ja": len(_KANA.findall(sample)) / letters,
        "ko": len(_HANGUL.findall(sample)) / letters,
        "zh": len(_HAN.findall(sample)) / letters,
        "ru": len(_CYRILLIC.findall(sample)) / letters,
    }
    for code, share in shares.items():
        if share > _SCRIPT_SHARE:
            return code
    words = Counter(_WORD.findall(sample.lower()))
    counts = {
        code: sum(words[word] for word in known.split()) for code, known in _STOPWORDS.items()
    }
    best = max(counts, key=lambda code: counts[code])
    return best if counts[best] > counts["en"] * 1.2 else "en"
