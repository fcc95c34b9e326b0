"""The language of a text and how much of it is read."""

import pytest

from nodewright.language.scripts import is_east_asian, language_of, language_warning


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The desk shall sell a ticket for the crossing.", "en"),
        ("Das System muss die Fahrkarten und den Preis speichern.", "de"),
        ("Le système doit vendre des billets pour la traversée.", "fr"),
        ("El sistema debe vender los boletos de la travesía.", "es"),
        ("O sistema deve vender os bilhetes da travessia e não mais.", "pt"),
        ("Система должна продавать билеты.", "ru"),
        ("システムは切符を売る。", "ja"),
        ("系统必须售票。", "zh"),
        ("시스템은 표를 판다.", "ko"),
        ("Il sistema deve vendere i biglietti della nave per il cliente.", "it"),
        ("Het systeem moet de kaartjes voor een overtocht van de boot verkopen.", "nl"),
        ("ระบบต้องขายตั๋ว", "th"),
        ("يجب أن يبيع النظام التذاكر", "ar"),
        ("המערכת תמכור כרטיסים", "he"),
        ("Σύστημα εισιτηρίων", "el"),
        ("प्रणाली टिकट बेचती है", "hi"),
        ("Tickets", "en"),
        ("", "en"),
    ],
)
def test_languages(text: str, code: str) -> None:
    assert language_of(text) == code


@pytest.mark.parametrize("code", ["es", "zh", "ko", "ja", "de", "pt", "fr", "ru"])
def test_languages_read_in_part(code: str) -> None:
    assert "read in part" in str(language_warning(code))


@pytest.mark.parametrize("code", ["it", "th", "xx"])
def test_languages_not_read(code: str) -> None:
    assert "not read" in str(language_warning(code))


def test_english_needs_no_warning() -> None:
    assert language_warning("en") is None


def test_one_class_of_east_asian_characters() -> None:
    assert all(is_east_asian(char) for char in "票かカ표")
    assert not any(is_east_asian(char) for char in "aяก1")
