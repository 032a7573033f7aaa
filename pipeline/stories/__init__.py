"""Stories: groups of articles that cover one event, by average linkage on a learned pair score.

The rooms: `terms` (words to stems), `hashing` (stems to numbers), `background` and `frequencies`
(how common a stem is), `meaning` (what an embedding model adds), `vectors` (articles to vectors),
`products` (how alike they are), `neighbours` (who is near whom), `context` (how alike with their
neighbours' words), `pair_score` (all this to a probability), `prior` (how common one story is),
`linkage` (a graph to groups), `grouping` (articles to groups), `sagas` (stories that are related),
`membership` (why), `changes` (groups to changes of stories), `window` (what is open), `assign` (the
fold), `giants` (is one too large) and `summary` (what a story says).
"""

from __future__ import annotations

from pipeline.stories.assign import Folded, assign, cluster_stories
from pipeline.stories.changes import homes_after
from pipeline.stories.frequencies import Counts, Frequencies
from pipeline.stories.giants import giant_stories
from pipeline.stories.meaning import Encoder
from pipeline.stories.membership import similarities
from pipeline.stories.neighbours import Neighbours, known_articles, without
from pipeline.stories.prior import ScoreCounts
from pipeline.stories.sagas import RELATED
from pipeline.stories.summary import choose_title, key_terms, summarize
from pipeline.stories.vectors import TermVector, as_instant, terms_of
from pipeline.stories.window import OpenWindow, open_window, with_members

__all__ = [
    "RELATED",
    "Counts",
    "Encoder",
    "Folded",
    "Frequencies",
    "Neighbours",
    "OpenWindow",
    "ScoreCounts",
    "TermVector",
    "as_instant",
    "assign",
    "choose_title",
    "cluster_stories",
    "giant_stories",
    "homes_after",
    "key_terms",
    "known_articles",
    "open_window",
    "similarities",
    "summarize",
    "terms_of",
    "with_members",
    "without",
]
