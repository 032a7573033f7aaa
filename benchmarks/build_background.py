"""Build the background table: in how many documents of each language a stem occurs.

    python benchmarks/build_background.py

reads the unlabelled feeds and writes `pipeline/reference/background.json.gz`. Facts are kept,
texts are not. Articles that the labelled sets are made of, and everything else published on their
days, are left out, so that measuring on those sets stays honest.

Languages without a feed get an estimate: the function words that stopwordsiso (MIT) lists are
taken to occur in a fifth of all documents.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
from collections import Counter, defaultdict
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

import stopwordsiso

from pipeline.records import Article, ArticleId
from pipeline.stories.terms import article_terms, stemmer, tokens

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "pipeline" / "reference" / "background.json.gz"
DATA = Path(os.environ.get("SAMESTORY_DATA", ROOT.parent / "shared" / "data"))
STEMS = 30_000  # the rest occurs in fewer than 1 of 10,000 documents and is rare either way
FEWEST_DOCUMENTS = 2
FUNCTION_WORD_DOCUMENTS = (200, 1_000)  # a guess; "from" occurs in 22 % of the English documents
UNSPACED = {"ja", "th", "zh"}  # their terms are pairs of characters, which no list has


def rows(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a JSON Lines file, gzipped or not."""
    content = path.read_bytes()
    lines = gzip.decompress(content) if path.suffix == ".gz" else content
    return [json.loads(line) for line in lines.splitlines()]


def build(data: Path) -> dict[str, Any]:
    """Count the document frequencies of all feeds below `data`."""
    gold = [row for path in sorted((data / "stories").glob("stream_*.jsonl")) for row in rows(path)]
    gold_ids = {row["id"] for row in gold}
    gold_days = {row["published"][:10] for row in gold}
    documents: Counter[str] = Counter()
    frequency: defaultdict[str, Counter[str]] = defaultdict(Counter)
    days: set[str] = set()
    seen: set[tuple[str, str]] = set()
    stems = {lang: stemmer(lang) for lang in ("de", "en", "hi", "nl")}
    for path in sorted((data / "stream").glob("*.jsonl.gz")):
        for row in rows(path):
            day, words = row["published"][:10], (row["title"], row["text"])
            if row["id"] in gold_ids or day in gold_days or words in seen:
                continue
            seen.add(words)
            days.add(day)
            lang = row["lang"]
            documents[lang] += 1
            article = Article(article_id=ArticleId(row["id"]), title=words[0], text=words[1])
            frequency[lang].update(set(article_terms(article, stems[lang]).words))
    counted = {
        lang: {"documents": documents[lang], "frequency": most_common(frequency[lang])}
        for lang in sorted(documents)
    }
    others = stopwordsiso.langs() - counted.keys() - UNSPACED
    return {
        "source": "titles and first sentences of public news feeds, unlabelled",
        "first_day": min(days),
        "last_day": max(days),
        "left_out_days": sorted(gold_days),
        "estimated_source": f"function words of stopwordsiso {stopwordsiso.__version__} (MIT)",
        "estimated_languages": sorted(others),
        "languages": counted | estimated(others),
    }


def estimated(langs: AbstractSet[str]) -> dict[str, dict[str, Any]]:
    """Return a table for each language that knows no more than its function words."""
    count, documents = FUNCTION_WORD_DOCUMENTS
    tables: dict[str, dict[str, Any]] = {}
    for lang in sorted(langs):
        stem = stemmer(lang)
        words = " ".join(sorted(stopwordsiso.stopwords(lang)))
        stems = sorted({token.stem for token in tokens(words, stem)})
        tables[lang] = {"documents": documents, "frequency": dict.fromkeys(stems, count)}
    return tables


def most_common(frequency: Counter[str]) -> dict[str, int]:
    """Return the most frequent stems, sorted by frequency and then by name."""
    ordered = sorted(frequency.items(), key=lambda pair: (-pair[1], pair[0]))
    return {stem: count for stem, count in ordered[:STEMS] if count >= FEWEST_DOCUMENTS}


def main() -> None:
    """Write the table; the same input gives the same bytes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    table = build(arguments.data)
    content = json.dumps(table, ensure_ascii=False, separators=(",", ":")).encode()
    arguments.output.write_bytes(gzip.compress(content, mtime=0))
    for lang, counts in table["languages"].items():
        print(f"{lang}: {counts['documents']} documents, {len(counts['frequency'])} stems")
    print(f"{arguments.output.name}: {arguments.output.stat().st_size} bytes")


if __name__ == "__main__":
    main()
