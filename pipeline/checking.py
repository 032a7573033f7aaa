"""Answers "is this the same story?" for a draft, out of what the stages find.

Stands above the stages, because the answer needs three of them; pure like they are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from pipeline.config import Settings
from pipeline.near_duplicates import find_candidates, postings, shared_passages, sketch, verify
from pipeline.records import (
    Article,
    ArticleId,
    Extended,
    NearDuplicate,
    OpenStory,
    Relation,
    SameStory,
    SharedPassage,
    Span,
    Split,
    StoryId,
    Verdict,
)
from pipeline.repetition import search_repeats
from pipeline.stories import RELATED, Encoder, assign, cluster_stories, open_window, similarities
from pipeline.text import normalize, sentences, words

__all__ = ["check_draft"]

# The closest copy decides: the same words, then most of them, then a part of them.
_RANK: tuple[Relation, ...] = (
    "exact_copy",
    "near_copy",
    "version_of",
    "contained_in",
    "contains",
    "composite_of",
)
_KNOWN = 0.6  # share of a sentence's words that one sentence of the story must have; guess
_LONG_WORD = 4  # letters; shorter words are in every sentence
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INVERSE: dict[Relation, Relation] = {"contains": "contained_in", "contained_in": "contains"}


def check_draft(
    draft: Article,
    articles: Sequence[Article],
    stories: Mapping[ArticleId, StoryId] | None = None,
    settings: Settings | None = None,
    *,
    encode: Encoder | None = None,
) -> SameStory:
    """Say what a draft repeats, which story it belongs to and what it adds.

    Parameters
    ----------
    draft
        The text asked about; its id must not be that of an article.
    articles
        What is known.
    stories
        The story of each article; None groups them first.
    settings
        Of all stages; None takes the defaults.
    encode
        Embedding model, as for `pipeline.cluster_stories`; None compares words alone.

    Examples
    --------
    >>> from pipeline import Article, check_draft
    >>> told = "A ferry hit the pier at Calder Haven on Monday and injured 14 people, police said."
    >>> draft = Article(article_id="draft", text=told + " Two are still in hospital.")
    >>> answer = check_draft(draft, [Article(article_id="a", text=told)])
    >>> answer.verdict, [draft.text[s.start : s.end] for s in answer.novel]
    ('near_copy', ['Two are still in hospital.'])
    """
    settings = settings or Settings()
    if stories is None:
        placed = cluster_stories(articles, settings.stories, encode=encode)
        stories = {one.article_id: one.story_id for one in placed}
    repeats = search_repeats(draft.text, settings.repetition)
    draft = replace(draft, removed=tuple(repeats.removed))
    answer = _by_copy(draft, articles, stories, settings)
    answer = answer or _by_likeness(draft, articles, stories, settings, encode=encode)
    told = [a for a in articles if _tells(a.article_id, answer, stories)]
    return replace(
        answer,
        shared=_shared(draft, told, settings),
        repeats=tuple(repeats.removed),
        near_repeats=tuple(repeats.kept),
        novel=_novel(draft, told),
    )


def _answer(verdict: Verdict, nearest: ArticleId | None, confidence: float) -> SameStory:
    return SameStory(
        verdict=verdict,
        story_id=None,
        confidence=confidence,
        nearest=nearest,
        shared=(),
        repeats=(),
        near_repeats=(),
        novel=(),
    )


def _by_copy(
    draft: Article,
    articles: Sequence[Article],
    stories: Mapping[ArticleId, StoryId],
    settings: Settings,
) -> SameStory | None:
    """Answer from the closest copy, if there is one."""
    near = settings.near_duplicates
    own, *stored = sketch([draft, *articles], near)
    candidates = find_candidates([own], postings(stored), near)
    found = verify(candidates, [own, *stored], near)
    # To be quoted in a roundup makes a draft no copy of it.
    copies = [
        _from_draft(one, draft.article_id)
        for one in found
        if one.relation != "composite_of" or one.a == draft.article_id
    ]
    if not copies:
        return None
    relation, nearest, share = min(copies, key=lambda c: (_RANK.index(c[0]), -c[2], c[1]))
    return replace(_answer(relation, nearest, share), story_id=stories.get(nearest))


def _from_draft(found: NearDuplicate, draft: ArticleId) -> tuple[Relation, ArticleId, float]:
    """Return what the draft is to the other article, that article, and the larger containment."""
    share = max(found.in_a, found.in_b)
    if found.a == draft:
        return found.relation, found.b, share
    return _INVERSE.get(found.relation, found.relation), found.a, share


def _by_likeness(
    draft: Article,
    articles: Sequence[Article],
    stories: Mapping[ArticleId, StoryId],
    settings: Settings,
    *,
    encode: Encoder | None,
) -> SameStory:
    """Answer from the story that would take the draft, else from the article most like it."""
    alike = similarities(draft, articles, encode=encode)
    nearest = max(alike, key=lambda i: (alike[i], i), default=None)
    if nearest is None:
        return _answer("new", None, 0.0)
    # A draft is asked about as if it came out with the article most like it: its own date says
    # when it was written, not what it is about.
    stamp = next(a.published for a in articles if a.article_id == nearest)
    now = max((a.published.instant for a in articles if a.published), default=_EPOCH)
    told = [article for article in articles if article.article_id in stories]
    own = _as_stories(told, stories, now)
    window = open_window(own, told, settings.stories, now, encode=encode)
    asked = replace(draft, published=stamp)
    left: dict[StoryId, StoryId] = {}
    for change in assign([asked], window, settings.stories, now).changes:
        if isinstance(change, Split):
            left[change.into] = change.story_id
        for joined in change.members if isinstance(change, Extended) else ():
            if joined.article_id == draft.article_id:
                same = _answer("same_story", joined.nearest, joined.score)
                # A draft may show that a story is two; what stands is named all the same.
                return replace(same, story_id=left.get(change.story_id, change.story_id))
    if alike[nearest] < RELATED:
        return _answer("new", nearest, alike[nearest])
    related = _answer("related", nearest, alike[nearest])
    return replace(related, story_id=stories.get(nearest))


def _as_stories(
    articles: Sequence[Article], stories: Mapping[ArticleId, StoryId], now: datetime
) -> list[OpenStory]:
    members: dict[StoryId, list[Article]] = defaultdict(list)
    for article in articles:
        members[stories[article.article_id]].append(article)
    return [
        OpenStory(
            story_id=story,
            opened=min(a.published.instant if a.published else now for a in own),
            members=tuple(a.article_id for a in own),
        )
        for story, own in sorted(members.items())
    ]


def _tells(article: ArticleId, answer: SameStory, stories: Mapping[ArticleId, StoryId]) -> bool:
    """Say whether an article is part of what the draft is compared with."""
    if answer.verdict == "new":
        return False
    return article == answer.nearest or (
        answer.story_id is not None and stories.get(article) == answer.story_id
    )


def _shared(
    draft: Article, told: Sequence[Article], settings: Settings
) -> tuple[tuple[ArticleId, SharedPassage], ...]:
    found = [
        (article.article_id, passage)
        for article in told
        for passage in shared_passages(draft.text, article.text, settings.near_duplicates)
    ]
    return tuple(sorted(found, key=lambda f: (f[1].in_a.start - f[1].in_a.end, f[1].in_a, f[0])))


def _novel(draft: Article, told: Sequence[Article]) -> tuple[Span, ...]:
    """Return the sentences of which no single sentence of the story has most words."""
    known = [
        _content_words(article.text[s.start : s.end])
        for article in told
        for s in sentences(article.text)
    ]
    return tuple(
        span
        for span in sentences(draft.text)
        if not any(span.start < r.end and r.start < span.end for r in draft.removed)
        and not _is_known(_content_words(draft.text[span.start : span.end]), known)
    )


def _is_known(wanted: frozenset[str], known: Sequence[frozenset[str]]) -> bool:
    return any(len(wanted & sentence) >= _KNOWN * len(wanted) for sentence in known)


def _content_words(text: str) -> frozenset[str]:
    folded = normalize(text)
    every = {folded[s.start : s.end] for s in words(folded)}
    return frozenset(w for w in every if len(w) >= _LONG_WORD or not w.isalpha()) or frozenset(
        every
    )
