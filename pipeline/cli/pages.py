"""Records as pages of text for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["answer_page", "explanation_page", "quarantine_page", "story_page"]

_WIDTH = 96
_MOST = 8  # items of a list; --json prints them all


def story_page(record: Mapping[str, Any]) -> str:
    """Return a story record as text."""
    if record["status"] == "merged":
        return f"{record['id']} was merged into {record['redirect']}"
    lines = [
        record["title"]["text"] if record["title"] else "(no title)",
        f"{record['id']}  {record['status']}",
        _counted(record["counts"]),
        f"{record['first_published'] or 'undated'} to {record['last_published'] or 'undated'}",
        "Terms: " + ", ".join(term["term"] for term in record["key_terms"]),
        "",
        *(_wrapped(sentence["text"]) for sentence in record["summary"]),
        "",
    ]
    for article in record["articles"]:
        lines += _member(article)
    for related in record["related"]:
        title = related["title"] or "(no title)"
        lines.append(f"related: {title}  {related['story_id']} (score {related['score']:.2f})")
    for roundup in record["roundups"]:
        lines.append(f"also in: {roundup['title']} ({roundup['outlet']})")
    lines += ["", "Log"]
    lines += [_change(change) for change in record["changes"]]
    for article_id, text in record.get("texts", {}).items():
        lines += ["", f"--- {article_id}", text]
    return "\n".join(lines)


def _counted(counts: Mapping[str, int]) -> str:
    return (
        f"{counts['articles']} articles of {counts['outlets']} outlets, "
        f"{counts['independent_origins']} independent, {counts['duplicates']} duplicates"
    )


def _member(article: Mapping[str, Any]) -> list[str]:
    published = article["published"]
    when = published["instant"] if published else "undated"
    if published and published["zone"] != "stated":
        when += f" ({published['zone'].replace('_', ' ')})"
    head = f"{when}  {article['outlet'] or '?'}: {article['title'] or '(no title)'}"
    return [head, f"    {article['role']}, {_why(article['why'])}", f"    {_where(article)}"] + [
        f"    removed {span['words']} words ({span['reason']}): {span['excerpt']}"
        for span in article["removed"]
    ]


def _where(article: Mapping[str, Any]) -> str:
    return f"{article['id']}  {article['url'] or article['input']}"


def _why(why: Mapping[str, Any]) -> str:
    if why["copy"]:
        copy = why["copy"]
        return f"{copy['relation']} of {copy['of']} (Jaccard {copy['jaccard']:.2f})"
    if why["nearest"] is None:
        return "founded the story"
    terms = ", ".join(why["shared_terms"])
    return (
        f"score {why['score']:.2f}, nearest {why['nearest']} ({why['nearest_score']:.2f}): {terms}"
    )


def _change(change: Mapping[str, Any]) -> str:
    parts = [
        f"{change['at']}  batch {change['batch']}: {change['change']}",
        f"{len(change['articles'])} articles" if "articles" in change else "",
        change.get("absorbed", ""),
        f"to {change['related']}" if "related" in change else "",
        *(f"{side} {change[side]}" for side in ("from", "into") if side in change),
    ]
    return " ".join(part for part in parts if part)


def answer_page(answer: Mapping[str, Any]) -> str:
    """Return the answer for a draft as text."""
    head = answer["verdict"].replace("_", " ")
    lines = [f"{head} (confidence {answer['confidence']:.2f})"]
    if answer["story"]:
        lines.append(f"story {answer['story']}: {answer['story_title']}")
    if answer["nearest"]:
        nearest = answer["nearest"]
        lines.append(f"nearest: {nearest['outlet'] or '?'}: {nearest['title']}")
        lines.append(f"    {_where(nearest)}")
    lines += _listed(
        "shared word for word",
        [f"{p['outlet'] or p['article']}: “{p['text']}”" for p in answer["shared_passages"]],
    )
    lines += _listed("said twice", [repeat["text"] for repeat in answer["repeats"]])
    lines += _listed(
        "said twice with another fact",
        [f"{near['text']} ({_facts(near)})" for near in answer["near_repeats"]],
    )
    lines += _listed("new in this draft", [sentence["text"] for sentence in answer["novel"]])
    return "\n".join(lines)


def _facts(near: Mapping[str, Any]) -> str:
    here, there = (" ".join(near[key]) or "nothing" for key in ("here", "there"))
    return f"{here}, earlier {there}"


def quarantine_page(row: Mapping[str, Any]) -> str:
    """Return one failure of an input as text."""
    lines = [
        f"{row['input']}: {row['stage']} {row['reason']}, {row['when']}",
        _wrapped(row["detail"], "  "),
    ]
    for page in row["pages"]:
        gone = "" if page["archived"] else " (pruned)"
        lines.append(f"  archived in {page['file']} at byte {page['offset']}{gone}")
    if not row["pages"]:
        lines.append("  not in the archive; the next ingest reads it again if it is still offered")
    return "\n".join(lines)


def explanation_page(answer: Mapping[str, Any]) -> str:
    """Return what two articles are to each other as text."""
    lines = [
        f"{key}: {answer[key]['outlet'] or '?'}: {answer[key]['title']}\n   {_where(answer[key])}"
        for key in ("a", "b")
    ]
    same = "the same story" if answer["same_story"] else "different stories"
    if answer["related"]:
        same = f"related stories (score {answer['related_score']:.2f})"
    lines.append(f"{same}; similarity {answer['similarity']:.2f}")
    relation = answer["relation"]
    if relation:
        lines.append(
            f"a {relation['relation']} b: Jaccard {relation['jaccard']:.2f}, "
            f"{relation['in_a']:.0%} of a and {relation['in_b']:.0%} of b are common"
        )
    else:
        lines.append("neither is a copy of the other")
    for article_id, joined in answer["joined"].items():
        terms = ", ".join(joined["shared_terms"]) or "-"
        lines.append(f"{article_id} joined with score {joined['score']:.2f}; terms: {terms}")
    passages = [passage["text"] for passage in answer["shared_passages"]]
    return "\n".join(lines + _listed("shared word for word", passages))


def _listed(title: str, items: Sequence[str]) -> list[str]:
    if not items:
        return []
    shown = [_wrapped(item, "  - ") for item in items[:_MOST]]
    more = [f"  ({len(items) - _MOST} more with --json)"] if len(items) > _MOST else []
    return [f"{title}:", *shown, *more]


def _wrapped(text: str, bullet: str = "") -> str:
    return textwrap.fill(
        " ".join(text.split()),
        _WIDTH,
        initial_indent=bullet,
        subsequent_indent=" " * len(bullet),
    )
