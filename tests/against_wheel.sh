#!/bin/sh
# Build the wheel, install it into an environment of its own and run the tests there, from a copy
# of the tests: nothing of the checkout can be imported by accident.
set -eu
python=${1:-python3}
checkout=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$checkout/.venv/bin/pip" wheel --quiet --no-deps --no-build-isolation -w "$work" "$checkout"
"$python" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --require-hashes -r "$checkout/requirements-dev.lock"
"$work/venv/bin/pip" install --quiet --no-deps "$work"/samestory-*.whl
mkdir "$work/checkout"
cp -r "$checkout/tests" "$checkout/configs" "$checkout/benchmarks" "$checkout/deploy" \
    "$checkout/README.md" "$checkout/ARCHITECTURE.md" "$checkout/pyproject.toml" "$work/checkout"
mkdir "$work/checkout/data"
cp -r "$checkout/data/sample" "$work/checkout/data"
cd "$work/checkout"
SAMESTORY_DATA="${SAMESTORY_DATA:-$checkout/../shared/data}" \
    "$work/venv/bin/python" -m pytest -q -o addopts="--import-mode=importlib --strict-markers" tests
