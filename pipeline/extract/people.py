"""Who wrote it: bylines turned into the names of people and agencies."""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterable

from pipeline.extract.months import MONTHS
from pipeline.extract.wire import agency_named

__all__ = ["names_only", "people", "starts_with_by"]

_LONGEST_NAME_CHARS = 60
_FEWEST_LETTERS = 2
_FEWEST_WORDS_WITH_OUTLET = 2
_MOST_WORDS = 6  # "María del Carmen de la Cruz" has six; longer is a sentence
_MOST_AUTHORS = 30
_LONGEST_BYLINE_CHARS = 1000
_ADDRESS = re.compile(r"https?:\S+|www\.\S+|\S+@\S+\.\S+|@\w+")
_PREFIX = re.compile(
    r"^(?:(?:(?:view|see)\s+)?(?:all\s+)?(?:posts?|articles?|stories|recipes?|more)\s+by\b|"
    r"(?:written|posted|published|authored|reported|words|text|story|article|report|analysis|"
    r"opinion|review|interview)\s*(?:by\b|:)|"
    r"(?:posted|published|veröffentlicht|erstellt|geschrieben)\s+(?:on|am)\s.{4,40}?\s(?:by|von)\b|"
    r"(?:veröffentlicht|erstellt|geschrieben|publié|publicado|escrito)\s+(?:von|par|por)\b|"
    r"(?:zeige\s+)?alle(?:s|\s+(?:beiträge|artikel))\s+von\b|(?:(?:gast|blog)[\s-]?)?beitrag\s+von\b|"
    r"by\b|von\b|par\b|por\b|di\b|da\b|door\b|af\b|av\b|oleh\b|autor(?:es|en|in)?\b\s*:|"
    r"authors?\b\s*:|auteurs?\b\s*:|autore\b\s*:|reporter\b\s*:|penulis\b\s*:|yazar\b\s*:|автор\b\s*:|"
    r"autor(?:en|in)?\s+(?=(?-i:[A-ZÀ-Þ]))|ein\s+\w+\s+von\b|(?:記者|记者|作者|文)\s*[:：/]|"
    r"(?:autorin/autor|reporting|compiled)\b\s*(?:by\b)?|기자\s*[:：])\s*",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(
    r"\s*[;|•·、]\s*|\s+/\s+|/(?=[A-ZÀ-Þ][^\W\d_]+\s[A-ZÀ-Þ])|\s*&\s*|\s+(?:and|und|et|og|och|dan|ve|with|mit|avec|con)\s+",
    re.IGNORECASE,
)
_DASH = re.compile(r"(?<=\w)\s+[-–—]\s+")
_AND_OF_SOME = re.compile(r"\s+(?:y|e|en|i|и|та)\s+")  # too short to be parted at in capitals
# Groups of nameless people. As whole words, and in German also at the end of a compound.
_DESK = re.compile(
    r"\b(?:staff|desk|newsroom|news\s?room|editorial|editors|team|bureau|admin|administrator|"
    r"webmaster|newsdesk|contributors?|anonymous|unknown|correspondents|agencies|agency\s+report|"
    r"news\s+service|web\s+edition|reporters|redaction|rédaction|redacción|redacao|redação|"
    r"redazione|redactie|redaksi|redakcja|redakce|редакция|none|null|undefined|author)\b|redaktion\b",
    re.IGNORECASE,
)
_COMPANY = re.compile(
    r"\b(?:gmbh|e\.\s?v|inc|ltd|llc|plc|s\.a|s\.r\.l|corp|corporation|foundation|stiftung|verlag|"
    r"university|universität|institute|institut|ministry|ministerium)\b|(?:stiftung|verlag|institut)$",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r"\b(?:editor|reporter|correspondent|writer|columnist|contributor|producer|journalist|anchor|"
    r"critic|chief|professor|fellow|director|redakteur(?:in)?|korrespondent(?:in)?|journaliste|"
    r"periodista|expert|consultant|analyst|specialist|manager|founder|ceo|cto|president|engineer|"
    r"dietitian|strategist|coordinator|economist|researcher|attorney|coach|special to)\b|"
    r"(?<=\w\s)(?:md|phd|dvm|rn|mba|jd|esq)\b",
    re.IGNORECASE,
)
# Reporter, correspondent, leader writer; "and one more".
_ROLE_BEHIND = re.compile(
    r"\s*(?:선임기자|인턴기자|전문기자|기자|특파원|논설위원|編集委員|特派員|記者|记者)(?:\s*외\s*\d+명)?$"
)
_ASIDE = re.compile(r"\([^()]*\)?|\[[^\[\]]*\]?")  # initials, places, roles in brackets
# Who else had a hand in it, and when: not the author.
_HELPERS = re.compile(
    r"\s+(?:(?:medically\s+)?reviewed|updated|edited|fact[- ]checked|photos?|illustrations?|"
    r"translated)\s+by\b.*$|\s+(?:fotos?|photos?|bilde?r?)\s*:.*$|\s+last\s+updated?\b.*$",
    re.IGNORECASE,
)
_FROM_DIGIT = re.compile(r"(?:^|\s)\d.*$")  # a date or reading time behind the name
_WEEKDAYS = frozenset(
    """monday tuesday wednesday thursday friday saturday sunday montag dienstag mittwoch donnerstag
    freitag samstag sonntag lundi mardi mercredi jeudi vendredi samedi dimanche""".split()  # noqa: SIM905
)
# What stands between a name and the digits of a date.
_DATE_WORDS = (
    frozenset(MONTHS)
    | _WEEKDAYS
    | {
        *(
            "mon",
            "tue",
            "tues",
            "wed",
            "thu",
            "thur",
            "thurs",
            "fri",
            "sat",
            "sun",
            "mo",
            "di",
            "mi",
        ),
        *("do", "fr", "sa", "so"),
        *(
            "on",
            "at",
            "am",
            "um",
            "vor",
            "geschrieben",
            "le",
            "il",
            "el",
            "published",
            "updated",
            "posted",
            "last",
        ),
        *(
            "modified",
            "hace",
            "veröffentlicht",
            "publiziert",
            "aktualisiert",
            "stand",
            "publié",
            "publicado",
            "actualizado",
        ),
    }
)
_LABEL = re.compile(
    r"^(?:view|see|read|show)\s|^(?:image|photo|picture|video|foto|bild|quelle|source|credit|copyright|©|editor|redacteur)s?\b"
    r"\s*[:©]|\b(?:twitter|facebook|instagram|linkedin|whatsapp|bluesky|"
    r"mastodon|youtube|tiktok|pinterest|github|telegram)\b|"
    # Words on buttons, and labels whose value stands elsewhere.
    r"^(?:sign|log)[\s-]?(?:in|up|out)$|\blogin$|^(?:full\s)?bio$|^(?:datum|date|text|zuletzt\s.*)$|"
    r"^(?:in|categor(?:y|ies)|kategorien?)\b|\breading\s+time$|\b(?:bild|foto)rechte\b|"
    r"\b(?:kommentare?|comments?)$",
    re.IGNORECASE,
)
_PARTICLES = frozenset(
    {"al", "bin", "da", "de", "del", "den", "der", "di", "dos", "du", "e", "el", "en", "ibn", "in",
     "la", "le", "ten", "ter", "und", "van", "von", "y", "zu", "dpa", "afp"}
)  # fmt: skip
_SITE_WORDS = frozenset({"com", "digital", "news", "online", "sport", "sports", "web"})
_LETTER = re.compile(r"[^\W\d_]")
_LONE_LETTER = re.compile(r" \w$")


def people(bylines: Iterable[str], outlet_names: Collection[str] = ()) -> tuple[str, ...]:
    """Return the names in `bylines`, once each, in order.

    News agencies count as authors, also on their own pages, so that a report has the same ones
    wherever it is printed; the outlet itself, its desks ("Staff", "Web Desk"), addresses, handles,
    and job titles do not.

    Parameters
    ----------
    bylines
        As stated, such as ``By Ada Roe and Bo Lund, Senior Reporter``.
    outlet_names
        Names by which the outlet and its sections are known.

    Examples
    --------
    >>> people(["By Ada Roe and Bo Lund", "Staff", "The Courier"], ["Courier"])
    ('Ada Roe', 'Bo Lund')
    """
    own = {_plain(name) for name in outlet_names}
    found: dict[str, str] = {}
    for byline in bylines:
        for stated in _names(byline):
            name = _without_outlet(stated, own)
            if _is_author(name, own):
                found.setdefault(_plain(name), name)
    return tuple(found.values())[:_MOST_AUTHORS]


def _is_author(name: str, own: Collection[str]) -> bool:
    if agency_named(name):
        return True
    plain = _plain(name)
    # "Courier D" is the account of the Courier's own site.
    return _is_name(name) and plain not in own and _LONE_LETTER.sub("", plain) not in own


def _without_outlet(name: str, own: Collection[str]) -> str:
    """Take the outlet off the end of a name: ``Ada Roe THE COURIER``, ``Ada Roe - The Courier``."""
    words = name.split()
    for count in range(_FEWEST_WORDS_WITH_OUTLET, len(words)):
        person, outlet = " ".join(words[:count]), " ".join(words[count:])
        # In small letters it may be a family that an outlet is called after.
        if outlet.isupper() and _plain(outlet) in own and _is_capitalised(person):
            return person
    return name


def starts_with_by(line: str) -> bool:
    """Tell whether a line begins like a byline (``By``, ``Von``, ``Par``, ...)."""
    return bool(_PREFIX.match(line))


def names_only(line: str) -> bool:
    """Tell whether a line holds nothing but names, titles and dates, with or without a "By".

    Examples
    --------
    >>> names_only("By Ada Roe and Ludwig van Beek, senior reporter"), names_only("By noon it fell")
    (True, False)
    """
    parts = _SEPARATOR.split(_PREFIX.sub("", line))
    pieces = (_without_date(piece) for part in parts for piece in part.split(","))
    return all(_ROLE.search(piece) or _is_capitalised(piece) for piece in pieces)


def _is_capitalised(piece: str) -> bool:
    return not any(word[0].islower() and word not in _PARTICLES for word in piece.split())


def _names(byline: str) -> list[str]:
    line = _ASIDE.sub(" ", html.unescape(byline[:_LONGEST_BYLINE_CHARS]))
    line = _PREFIX.sub("", " ".join(_ADDRESS.sub(" ", line).split()))
    line = _HELPERS.sub("", line)
    parts = [part for piece in _SEPARATOR.split(line) for part in _AND_OF_SOME.split(piece)]
    found = [name for part in parts for name in _comma_separated(_PREFIX.sub("", part))]
    return [_once(_ROLE_BEHIND.sub("", name)) for name in found]


def _once(name: str) -> str:
    """Return a name that is there several times only once."""
    words = name.split()
    for times in (2, 3):
        count, rest = divmod(len(words), times)
        if count and not rest and words == words[:count] * times:
            return " ".join(words[:count])
    return name


def _comma_separated(part: str) -> list[str]:
    """Split at commas, leaving out the place or title behind one (``Ada Roe, Frankfurt``)."""
    pieces = (_without_date(_before_dash(piece.strip())) for piece in part.split(","))
    first, *rest = [piece.strip(" \t-–—:.*()[]'\"●→»") for piece in pieces]
    return [first, *(name for name in rest if " " in name or agency_named(name))]


def _before_dash(piece: str) -> str:
    """Leave out what stands behind a dash, which is what the person is: ``Ada Roe - Baker``."""
    name = _DASH.split(piece, maxsplit=1)[0]
    abbreviation = name.isupper() and " " not in name  # "DLRG - Ortsgruppe Calder Haven"
    return piece if abbreviation else name


def _without_date(piece: str) -> str:
    match = _FROM_DIGIT.search(piece)
    words = piece[: match.start()].split() if match else piece.split()
    if not match and not (words and words[-1].casefold() in _WEEKDAYS):
        return piece
    while words and words[-1].casefold().strip(".:") in _DATE_WORDS:
        words.pop()
    return " ".join(words)


def _is_name(name: str) -> bool:
    if len(_LETTER.findall(name)) < _FEWEST_LETTERS or len(name) > _LONGEST_NAME_CHARS:
        return False
    first, *rest = name.split()
    if all(word.casefold().strip(".:") in _DATE_WORDS for word in (first, *rest)):
        return False
    if first.islower() and first not in _PARTICLES and any(word[0].isupper() for word in rest):
        return False  # "ku Frankfurt": somebody's initials and where he was
    groups_and_jobs = (_DESK, _COMPANY, _ROLE, _LABEL)
    return len(name.split()) <= _MOST_WORDS and not any(p.search(name) for p in groups_and_jobs)


def _plain(name: str) -> str:
    words = re.findall(r"\w+", name.casefold())
    while len(words) > 1 and words[-1] in _SITE_WORDS:
        words.pop()
    return " ".join(words).removeprefix("the ")
