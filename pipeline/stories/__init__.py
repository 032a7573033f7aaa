"""Stories: groups of articles that cover one event, by average linkage on a learned pair score.

The rooms: `terms` (words to stems), `background` (how common a stem is), `similarity` (articles to
a graph), `context` (the same as their neighbours complete them), `pair_score` (both to a
probability), `prior` (how common one story is), `linkage` (graph to groups), `repair` (groups that
fall apart), `sagas` (groups that are related), `membership` (why), `assign` (groups to changes of
stories), `giants` (is one too large) and `summary` (what a story says).
"""

from __future__ import annotations

from pipeline.stories.assign import assign, cluster_stories
from pipeline.stories.giants import giant_stories
from pipeline.stories.membership import similarities
from pipeline.stories.summary import choose_title, key_terms, summarize

__all__ = [
    "assign",
    "choose_title",
    "cluster_stories",
    "giant_stories",
    "key_terms",
    "similarities",
    "summarize",
]
