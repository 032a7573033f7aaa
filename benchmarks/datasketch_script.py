"""The script that somebody writes who has a file of documents and datasketch: prints pairs."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from datasketch import MinHash, MinHashLSH

WORD = re.compile(r"\w+")


def main(path: str) -> None:
    """Print the pairs of similar documents of a JSON Lines file."""
    index = MinHashLSH(threshold=0.7, num_perm=128)
    with Path(path).open(encoding="utf-8") as lines:
        for line in lines:
            document = json.loads(line)
            words = WORD.findall(document["text"].casefold())
            shingles = {" ".join(words[i : i + 5]) for i in range(max(1, len(words) - 4))}
            signature = MinHash(num_perm=128)
            signature.update_batch([shingle.encode() for shingle in shingles])
            for other in index.query(signature):
                print(json.dumps({"a": other, "b": document["id"]}))
            index.insert(document["id"], signature, check_duplication=False)


if __name__ == "__main__":
    main(sys.argv[1])
