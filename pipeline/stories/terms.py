"""The terms of an article: stems of its words, and which of them are names or numbers."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain
from typing import NamedTuple

import snowballstemmer

from pipeline.records import Article
from pipeline.text import kept_text, normalize

__all__ = [
    "ArticleTerms",
    "Token",
    "article_terms",
    "article_tokens",
    "language",
    "stemmer",
    "surfaces",
    "tokens",
    "usual_form",
]

# The language whose stemmer and background serve articles that state none. It is the one with the
# largest background, so that at least the commonest words of the web weigh little.
_WORDS_KEPT = 1 << 16  # with their stems: more than a day of news has, some MB
_ARTICLES_KEPT = 8192  # their tokens are shared, so that one takes some 4 KB
_DEFAULT_LANG = "en"
_SNOWBALL = {
    "ar": "arabic",
    "ca": "catalan",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "ne": "nepali",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
}

_ALIASES = {"nb": "no", "nn": "no"}  # detectors tell the two written Norwegians apart

# Vowel signs of the Indic and South-East Asian scripts are no letters to `\w`: without them
# "लोगों" would fall apart into single consonants. The danda (0964-0965) ends sentences.
_MARKS = "\u0300-\u036f\u0900-\u0963\u0966-\u109f\u1780-\u17d3"
# What parts a word from the one before, and the word; none after what follows the last.
_WORD = re.compile(rf"([^\w{_MARKS}]*)([\w{_MARKS}]+(?:[.,](?=\d)\d+)*|\Z)")
# Scripts without spaces between words, in which a run of letters is a whole clause.
_UNSPACED = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+)"
)
_THOUSANDS = re.compile(r"(?<=\d)[.,](?=\d{3}(?!\d))")
_APOSTROPHES = ("'", "’")
_CLITIC_CHARS = 2
# A mark anywhere between two words, or a quotation mark right before the second.
_SENTENCE_BREAK = re.compile(r"[.!?:…।\n]|[\"“„«»]$")
# A title in which most words have a capital says nothing about names ("Title Case"); guess.
_TITLE_CASE_SHARE = 0.6
_LEAD_WORDS = 60  # about two sentences, the part of a report that says what happened; guess


class Token(NamedTuple):
    """One word of a text.

    Parameters
    ----------
    surface
        As written.
    stem
        What counts as the same word.
    is_name
        Whether a capital inside a sentence or a digit makes it a name or a number.
    is_joined
        Whether one space, no mark, parts it from the word before.
    """

    surface: str
    stem: str
    is_name: bool
    is_joined: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleTerms:
    """The stems of an article by channel, in reading order, with repetitions.

    Parameters
    ----------
    words
        Title and kept text.
    title
        The title alone.
    lead
        The first words of title and kept text.
    names
        Words with a capital inside a sentence, and numbers.
    """

    words: tuple[str, ...]
    title: tuple[str, ...]
    lead: tuple[str, ...]
    names: tuple[str, ...]


def language(article: Article) -> str:
    """Return the language whose rules and counts serve `article`."""
    lang = article.lang or _DEFAULT_LANG
    return _ALIASES.get(lang, lang)


@cache
def stemmer(lang: str) -> Callable[[str], str]:
    """Return a function from a folded word to its stem; the word itself where no rules exist.

    The function remembers what it was asked, which makes it some 50 times faster on running text.
    """
    name = _SNOWBALL.get(lang)
    if name is None:
        return str
    return lru_cache(_WORDS_KEPT)(snowballstemmer.stemmer(name).stemWord)


def tokens(text: str, stem: Callable[[str], str]) -> list[Token]:
    """Return the words of `text` in reading order.

    Single letters and the ends of "we've" or "they'll" are left out; scripts without spaces give
    overlapping pairs of characters.

    Examples
    --------
    >>> [t.surface for t in tokens("Floods hit Aldern. 1,200 people fled.", str) if t.is_name]
    ['Aldern', '1,200']
    """
    visible = _visible(text)
    may_be_unspaced = not visible.isascii()
    found: list[Token] = []
    starts_text = True
    for between, surface in _WORD.findall(visible):
        is_joined = between == " "
        starts_sentence = starts_text or not (is_joined or _SENTENCE_BREAK.search(between) is None)
        starts_text = False
        if may_be_unspaced and _UNSPACED.search(surface):
            found += [
                Token(t, normalize(t), is_name=t[0].isdigit(), is_joined=False)
                for t in _pieces(surface)
            ]
        elif not is_joined and between in _APOSTROPHES and len(surface) <= _CLITIC_CHARS:
            continue
        elif len(surface) > 1 or surface.isdigit():
            found.append(_token(surface, stem, starts_sentence, is_joined))
    return found


@lru_cache(_WORDS_KEPT)
def _token(
    surface: str,
    stem: Callable[[str], str],
    starts_sentence: bool,  # noqa: FBT001 - called for each word: keywords would cost a third of it
    is_joined: bool,  # noqa: FBT001 - the same
) -> Token:
    has_capital = surface[0].isupper() and not starts_sentence
    folded = _THOUSANDS.sub("", normalize(surface))
    return Token(surface, stem(folded), has_capital or surface[0].isdigit(), is_joined)


def _visible(text: str) -> str:
    """Return `text` with compatible characters unified and invisible ones (zero width) gone."""
    if text.isascii():
        return text
    composed = unicodedata.normalize("NFKC", text)
    # A text has some hundred different characters, so each is looked at once.
    for odd in [c for c in set(composed) if unicodedata.category(c) == "Cf"]:
        composed = composed.replace(odd, "")
    return composed


def _pieces(run: str) -> list[str]:
    """Cut a run without spaces into pairs of characters, and words of other scripts inside it."""
    found = []
    for piece in filter(None, _UNSPACED.split(run)):
        if _UNSPACED.match(piece):
            found += [piece[i : i + 2] for i in range(max(1, len(piece) - 1))]
        else:
            found.append(piece)
    return found


@lru_cache(_ARTICLES_KEPT)
def article_tokens(
    article: Article, stem: Callable[[str], str]
) -> tuple[Sequence[Token], Sequence[Token]]:
    """Return the tokens of title and kept text; removed spans count for nothing.

    Grouping, membership, title, terms and summary all read the same articles in one run.
    """
    return tokens(article.title, stem), tokens(kept_text(article.text, article.removed), stem)


def article_terms(article: Article, stem: Callable[[str], str]) -> ArticleTerms:
    """Return the stems of `article` by channel; removed spans count for nothing."""
    title, body = article_tokens(article, stem)
    capitals = sum(token.surface[0].isupper() for token in title)
    in_title = title if capitals < _TITLE_CASE_SHARE * len(title) else []
    both = [token.stem for token in (*title, *body)]
    return ArticleTerms(
        words=tuple(both),
        title=tuple(token.stem for token in title),
        lead=tuple(both[: _LEAD_WORDS + len(title)]),
        names=tuple(token.stem for token in (*in_title, *body) if token.is_name),
    )


def surfaces(article: Article) -> dict[str, str]:
    """Return for each stem of `article` the form it is most often written in.

    Examples
    --------
    >>> from pipeline.records import ArticleId
    >>> text = "Floods hit Aldern. The floods are the worst that Aldern has seen."
    >>> surfaces(Article(article_id=ArticleId("a1"), text=text))["flood"]
    'floods'
    """
    forms: dict[str, Counter[str]] = {}
    for token in chain(*article_tokens(article, stemmer(language(article)))):
        forms.setdefault(token.stem, Counter())[token.surface] += 1
    return {stem: usual_form(counts) for stem, counts in forms.items()}


def usual_form(counts: Mapping[str, int]) -> str:
    """Return the most frequent of several ways to write a word; lower case where two are equal."""
    # The capital of an equally frequent form stood at the start of a sentence.
    return min(counts, key=lambda form: (-counts[form], form != form.lower(), form))
