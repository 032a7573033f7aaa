"""What a story says: its key terms, a few of its sentences, and the best of its titles.

All weights come from the shipped background and the story's own articles, so a story's record
does not change when unrelated articles arrive.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice, pairwise

from pipeline.records import Article, ArticleId, Span, SummarySentence
from pipeline.stories.background import background
from pipeline.stories.terms import Token, article_tokens, language, stemmer, tokens, usual_form
from pipeline.text import each_sentence

__all__ = ["choose_title", "key_terms", "summarize"]

_READ_KEPT = 1  # story: its terms, title and summary read the same articles in turn
_STEMS_KEPT = 1 << 16  # of a language, with their weights: more than a day of news has, some MB
_DIGITS = 4  # of weights that are shown
_TERMS_READ = 4  # for each term shown: some become one, as the words of a name do (guess)
_COMMON_SHARE = 0.1  # stems in more documents than that are no key terms: "said" is in 9.8 %; guess
_NAME_SHARE = 0.15  # "Macron" is "Emmanuel Macron" if one mention in seven says so; guess
_SUMMARY_STEMS = 30  # how many stems a summary tries to cover; guess
_SENTENCES_READ = 12  # of each article: reports say what happened first; guess
_SENTENCE_WORDS = (6, 60)  # shorter is a heading or a fragment, longer is a list; guess
_FADE = 0.15  # how much less each later sentence of an article counts; guess
_OVERLAP = 0.5  # share of a sentence's stems in an earlier one that makes it say the same; guess
_TITLE_WORDS = 5  # shorter titles tease or label ("Live", "What we know"); guess
_BULLET = re.compile(r"[•‣▪·*–—-]\s+")
_COMPLETE = re.compile(r"(?<!\.)[.!?؟۔।॥።။។。！？][\"'”’»›）」』)\]]*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """An article with its words, how often each stem occurs, and what stems weigh (TF-IDF).

    Stems that weigh nothing are not among `weights`.
    """

    article: Article
    title: Sequence[Token]
    body: Sequence[Token]
    counts: Mapping[str, int]
    weights: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """A sentence that may stand in a summary; `position` counts from 0 in its article."""

    article_id: ArticleId
    span: Span
    position: int
    words: int
    stems: frozenset[str]
    is_complete: bool


def key_terms(articles: Iterable[Article], n: int = 10) -> tuple[tuple[str, float], ...]:
    """Return the terms that a story is about, heaviest first.

    Parameters
    ----------
    articles
        The articles of the story, in any order.
    n
        How many terms at most.

    Returns
    -------
    tuple of (str, float)
        Terms as they are written, names of two words in one piece, numbers left out, with
        weights above 0 and at most 1: the mean TF-IDF over the articles, as a share of the
        heaviest.

    Examples
    --------
    >>> text = "Floods hit Aldern. Mayor Hanna Bricke said Aldern had never seen such floods."
    >>> [term for term, _ in key_terms([Article(article_id=ArticleId("a"), text=text)], 3)]
    ['Aldern', 'floods', 'Hanna Bricke']
    """
    read, weights = _read(articles)
    counts: Counter[str] = Counter()
    for one in read:
        counts.update(one.counts)
    names = _names(read, weights, counts)
    heaviest = islice((stem for stem in weights if not stem[0].isdigit()), _TERMS_READ * n)
    forms = _written(read, {*heaviest}.union(*names))
    terms = {forms[stem]: weights[stem] for stem in sorted(forms)}
    for (rarer, commoner), (written, count) in names.items():
        is_meant = count >= _NAME_SHARE * counts[commoner]
        terms.pop(forms[rarer], None)
        if is_meant:
            terms.pop(forms[commoner], None)
        terms[written] = max(weights[rarer], weights[commoner] if is_meant else 0.0)
    shown = sorted(terms, key=lambda term: (-terms[term], term))[:n]
    return tuple((term, round(terms[term] / terms[shown[0]], _DIGITS)) for term in shown)


def summarize(articles: Iterable[Article], n: int = 3) -> tuple[SummarySentence, ...]:
    """Return up to `n` sentences that together say most of what the articles share.

    Sentences are chosen one by one: each is the one that adds most key stems for its length,
    counted down the farther it stands from the start of its article, and never one that mostly
    repeats a sentence chosen before. Fragments and cut-off sentences are taken only where an
    article set has no others.

    Parameters
    ----------
    articles
        The articles of the story, in any order. Removed spans are skipped.
    n
        How many sentences at most.

    Returns
    -------
    tuple of SummarySentence
        In the order they were chosen, the most telling first.
    """
    read, weights = _read(articles)
    left = dict(islice(weights.items(), _SUMMARY_STEMS))
    every = [candidate for one in read for candidate in _candidates(one.article)]
    pool = [candidate for candidate in every if candidate.is_complete] or every
    chosen: list[_Candidate] = []
    while pool and len(chosen) < n:
        gains = [_gain(candidate, left) for candidate in pool]
        most = max(gains)
        if most <= 0:
            break
        best = pool[gains.index(most)]
        chosen.append(best)
        left = {stem: weight for stem, weight in left.items() if stem not in best.stems}
        pool = [candidate for candidate in pool if not _says_the_same(candidate, best)]
    return tuple(SummarySentence(article_id=c.article_id, span=c.span) for c in chosen)


def choose_title(articles: Iterable[Article]) -> ArticleId:
    """Return the article whose title says best what the story is about.

    The title nearest to the mean of all articles wins; one of fewer than five words counts less.
    Where no article has a title, or none shares a term, the first to be published is returned.

    Raises
    ------
    ValueError
        There is no article.
    """
    read, weights = _read(articles)
    if not read:
        raise ValueError("choose_title: a story has at least one article; none was given")
    if len(read) == 1:
        return read[0].article.article_id

    def nearness(one: _Read) -> float:
        stems = sorted({token.stem for token in one.title})
        rarity = _rarity(language(one.article))
        length = math.sqrt(sum(rarity(stem) ** 2 for stem in stems))
        if not length:
            return 0.0
        product = sum(weights.get(stem, 0.0) * rarity(stem) for stem in stems)
        return round(product / length * min(1.0, len(one.title) / _TITLE_WORDS), _DIGITS)

    return max(read, key=nearness).article.article_id  # of equals, max keeps the first


def _read(articles: Iterable[Article]) -> tuple[Sequence[_Read], Mapping[str, float]]:
    """Return what is in the articles, by publication (undated last), then by id; and its centre.

    The centre is as `_centroid` returns it.
    """
    ordered = sorted(
        articles,
        key=lambda a: (a.published is None, a.published and a.published.instant, a.article_id),
    )
    return _read_ordered(tuple(ordered))


@lru_cache(_READ_KEPT)
def _read_ordered(articles: tuple[Article, ...]) -> tuple[Sequence[_Read], Mapping[str, float]]:
    read = [_read_one(article) for article in articles]
    return read, _centroid(read)


def _read_one(article: Article) -> _Read:
    lang = language(article)
    title, body = article_tokens(article, stemmer(lang))
    counts = Counter([token.stem for token in (*title, *body)])
    rarity = _rarity(lang)
    weights = {
        stem: (1 + math.log(n)) * rare
        for stem, n in sorted(counts.items())
        if (rare := rarity(stem))
    }
    length = math.sqrt(sum([weight**2 for weight in weights.values()])) or 1.0
    unit = {stem: weight / length for stem, weight in weights.items()}
    return _Read(article=article, title=title, body=body, counts=counts, weights=unit)


@cache
def _rarity(lang: str) -> Callable[[str], float]:
    """Return what a stem weighs in a language; nothing where it is common."""
    share_of = background(lang).share

    @lru_cache(_STEMS_KEPT)
    def weight(stem: str) -> float:
        share = share_of(stem)
        return -math.log(share) if share <= _COMMON_SHARE else 0.0

    return weight


def _centroid(read: Sequence[_Read]) -> dict[str, float]:
    """Return what the articles have in common: of each stem the mean weight, times its share.

    The share of articles that have the stem keeps one outlet's angle (its readers aboard, its
    correspondent's witnesses) from standing for the event. Stems at 0 are left out.

    Returns
    -------
    dict
        The heaviest stem first, equally heavy ones in the order of the alphabet.
    """
    sums: dict[str, float] = {}
    having: Counter[str] = Counter()
    for one in read:
        having.update(one.weights.keys())
        for stem, weight in one.weights.items():
            sums[stem] = sums.get(stem, 0.0) + weight
    n = len(read)
    means = {stem: round(total / n * having[stem] / n, 9) for stem, total in sums.items()}
    heaviest = sorted(sorted(means), key=means.__getitem__, reverse=True)  # which is stable
    return {stem: means[stem] for stem in heaviest}


def _names(
    read: Sequence[_Read], weights: Mapping[str, float], counts: Mapping[str, int]
) -> dict[tuple[str, str], tuple[str, int]]:
    """Find names of two words.

    Returns
    -------
    dict
        For the rarer and the commoner stem of each name: the name as written, and its count. Of
        names that share a word the most frequent stays.
    """
    forms: dict[tuple[str, str], Counter[str]] = {}
    for one in read:
        for first, second in pairwise(one.body):
            # Most words are passed over by the first of these.
            if not (
                second.surface[0].isupper() and second.is_joined and first.surface[0].isupper()
            ):
                continue
            stems = first.stem, second.stem
            if all(stem in weights and not stem[0].isdigit() for stem in stems):
                rarer, commoner = sorted(stems, key=lambda stem: (counts[stem], stem))
                written = f"{first.surface} {second.surface}"
                forms.setdefault((rarer, commoner), Counter())[written] += 1
    names: dict[tuple[str, str], tuple[str, int]] = {}
    taken: set[str] = set()
    for pair, ways in sorted(forms.items(), key=lambda item: (-item[1].total(), item[0])):
        count = ways.total()
        # Two words that met once are a name only if they were never seen apart.
        is_name = count > 1 or counts[pair[0]] == counts[pair[1]] == 1
        if is_name and count * 2 >= counts[pair[0]] and taken.isdisjoint(pair):
            names[pair] = usual_form(ways), count
            taken |= set(pair)
    return names


def _written(read: Sequence[_Read], stems: Collection[str]) -> dict[str, str]:
    """Return for some stems the form they are most often written in."""
    seen: Counter[tuple[str, str]] = Counter()
    for one in read:
        words = (*one.title, *one.body)
        seen.update([(token.stem, token.surface) for token in words if token.stem in stems])
    forms: dict[str, dict[str, int]] = {}
    for (stem, surface), count in seen.items():
        forms.setdefault(stem, {})[surface] = count
    return {stem: usual_form(counts) for stem, counts in forms.items()}


def _candidates(article: Article) -> list[_Candidate]:
    stem = stemmer(language(article))
    kept = (
        span
        for span in each_sentence(article.text)
        if all(cut.end <= span.start or span.end <= cut.start for cut in article.removed)
    )
    return [
        _candidate(article, span, position, stem)
        for position, span in enumerate(islice(kept, _SENTENCES_READ))
    ]


def _candidate(
    article: Article, span: Span, position: int, stem: Callable[[str], str]
) -> _Candidate:
    bullet = _BULLET.match(article.text, span.start, span.end)
    start = bullet.end() if bullet else span.start
    sentence = article.text[start : span.end]
    stems = [token.stem for token in tokens(sentence, stem)]
    shortest, longest = _SENTENCE_WORDS
    return _Candidate(
        article_id=article.article_id,
        span=Span(start, span.end),
        position=position,
        words=len(stems),
        stems=frozenset(stems),
        is_complete=bool(_COMPLETE.search(sentence)) and shortest <= len(stems) <= longest,
    )


def _gain(candidate: _Candidate, left: Mapping[str, float]) -> float:
    stems = candidate.stems
    added = sum([weight for stem, weight in left.items() if stem in stems])
    # The root keeps long sentences from winning by length and short ones by density.
    return added / math.sqrt(max(candidate.words, 1)) / (1 + _FADE * candidate.position)


def _says_the_same(candidate: _Candidate, chosen: _Candidate) -> bool:
    smaller = max(1, min(len(candidate.stems), len(chosen.stems)))
    return len(candidate.stems & chosen.stems) >= _OVERLAP * smaller
