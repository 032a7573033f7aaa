#!/bin/sh
# Build the wheel and install it into an environment of its own. It must hold every file of the
# package, to the byte; so of the tests only those that start commands and read what is shipped
# run there, from a copy: nothing of the checkout can be imported by accident.
set -eu
python=${1:-python3}
checkout=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work" "$checkout/build"' EXIT
rm -rf "$checkout/build"  # a file that is gone would be in the wheel again
"$checkout/.venv/bin/pip" wheel --quiet --no-deps --no-build-isolation -w "$work" "$checkout"
"$python" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --require-hashes -r "$checkout/requirements-dev.lock"
"$work/venv/bin/pip" install --quiet --no-deps "$work"/samestory-*.whl
site=$("$work/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
diff -r --exclude=__pycache__ "$checkout/pipeline" "$site/pipeline"
mkdir "$work/checkout"
cp -r "$checkout/tests" "$checkout/configs" "$checkout/benchmarks" "$checkout/deploy" \
    "$checkout/README.md" "$checkout/ARCHITECTURE.md" "$checkout/pyproject.toml" "$work/checkout"
mkdir "$work/checkout/data"
cp -r "$checkout/data/sample" "$work/checkout/data"
cd "$work/checkout"
SAMESTORY_DATA="${SAMESTORY_DATA:-$checkout/../shared/data}" \
    "$work/venv/bin/python" -m pytest -q -o addopts="--import-mode=importlib --strict-markers" \
    tests/test_cli.py tests/test_config.py tests/test_docs.py tests/test_ingest.py
