"""News agencies: their names, and what says that an article is theirs."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pipeline.records import WireCredit

__all__ = ["agency_in", "agency_named", "first_credit"]

# Name to show, then how credits write it. Short forms count only as written here: AP is an agency,
# "ap" a syllable. Agencies that are a common word or first an outlet (TT, PA, AA, Bloomberg) have
# the long form only. The list is that of the members of EANA, OANA, FAAPA and MINDS plus the three
# world agencies, as far as their credits were seen in news.
_AGENCIES = {
    "Associated Press": ("AP", "Associated Press"),
    "Reuters": ("Reuters", "REUTERS", "Thomson Reuters"),
    "Agence France-Presse": ("AFP", "Agence France-Presse", "Agence France Presse"),
    "Deutsche Presse-Agentur": ("dpa", "DPA", "Deutsche Presse-Agentur", "Deutsche Presse Agentur"),
    "United Press International": ("UPI", "United Press International"),
    "Press Association": ("PA Media", "Press Association", "PA News Agency"),
    "Canadian Press": ("CP", "The Canadian Press", "Canadian Press", "La Presse Canadienne"),
    "Australian Associated Press": ("AAP", "Australian Associated Press"),
    "Press Trust of India": ("PTI", "Press Trust of India"),
    "Asian News International": ("ANI", "Asian News International"),
    "Indo-Asian News Service": ("IANS", "Indo-Asian News Service"),
    "United News of India": ("UNI", "United News of India"),
    "Xinhua": ("Xinhua", "Xinhua News Agency", "新华社", "新華社"),
    "China News Service": ("China News Service", "中新社", "中新网"),
    "Kyodo News": ("Kyodo", "Kyodo News", "共同通信", "共同"),
    "Jiji Press": ("Jiji", "Jiji Press", "時事通信", "時事"),
    "Yonhap": ("Yonhap", "Yonhap News Agency", "연합뉴스"),
    "Antara": ("Antara", "ANTARA"),
    "Bernama": ("Bernama", "BERNAMA"),
    "TASS": ("TASS", "ITAR-TASS", "ТАСС"),
    "Interfax": ("Interfax", "Интерфакс", "Interfax-Ukraine", "Інтерфакс-Україна"),
    "RIA Novosti": ("RIA Novosti", "РИА Новости"),
    "Ukrinform": ("Ukrinform", "Укрінформ"),
    "ANSA": ("ANSA",),
    "Adnkronos": ("Adnkronos",),
    "EFE": ("EFE", "Agencia EFE"),
    "Europa Press": ("Europa Press", "EUROPA PRESS"),
    "Lusa": ("Lusa", "Agência Lusa"),
    "Agência Brasil": ("Agência Brasil",),
    "Belga": ("Belga", "BELGA"),
    "ANP": ("ANP",),
    "Ritzau": ("Ritzau",),
    "NTB": ("NTB", "©NTB"),
    "TT": ("TT Nyhetsbyrån", "TT-AFP", "Tidningarnas Telegrambyrå"),
    "STT": ("STT",),
    "PAP": ("PAP", "Polska Agencja Prasowa"),
    "ČTK": ("ČTK", "CTK"),
    "MTI": ("MTI",),
    "APA": ("APA", "Austria Presse Agentur"),
    "Keystone-SDA": ("sda", "SDA", "Keystone-SDA", "Keystone-ATS", "ATS"),
    "epd": ("epd", "Evangelischer Pressedienst"),
    "KNA": ("KNA", "Katholische Nachrichten-Agentur"),
    "SID": ("SID", "Sport-Informations-Dienst"),
    "Anadolu": ("Anadolu", "Anadolu Agency", "Anadolu Ajansı"),
    "Agerpres": ("Agerpres", "AGERPRES"),
    "Tanjug": ("Tanjug",),
    "HINA": ("HINA", "Hina"),
    "IRNA": ("IRNA",),
    "WAM": ("WAM",),
    "Saudi Press Agency": ("SPA", "Saudi Press Agency"),
    "Ghana News Agency": ("GNA", "Ghana News Agency"),
    "News Agency of Nigeria": ("NAN", "News Agency of Nigeria"),
}
_BY_FORM = {form: name for name, forms in _AGENCIES.items() for form in forms}
_BY_LONG_FORM = {form.casefold(): form for form in _BY_FORM if len(form) > 4}  # noqa: PLR2004
_ANY = re.compile(
    rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(_BY_FORM, key=len, reverse=True)))})(?!\w)"
)


def agency_named(name: str) -> str | None:
    """Return the agency that this is a name of, in its full form.

    Examples
    --------
    >>> agency_named("the associated press"), agency_named("AFP"), agency_named("Afp Roe")
    ('Associated Press', 'Agence France-Presse', None)
    """
    bare = name.strip(" ()[].")
    bare = bare[4:] if bare.casefold().startswith("the ") else bare
    form = bare if bare in _BY_FORM else _BY_LONG_FORM.get(bare.casefold())
    return _BY_FORM[form] if form else None


def agency_in(text: str) -> str | None:
    """Return the first agency that a credit or dateline names."""
    match = _ANY.search(text)
    return _BY_FORM[match.group()] if match else None


def first_credit(
    credits_found: Iterable[WireCredit | None], outlet: str | None
) -> WireCredit | None:
    """Return the surest credit; what an agency publishes itself comes from nobody else.

    Parameters
    ----------
    credits_found
        Surest first.
    outlet
        Who published the article.
    """
    own = agency_named(outlet or "") or outlet
    return next((credit for credit in credits_found if credit and credit.name != own), None)
