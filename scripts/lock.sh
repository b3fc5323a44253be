#!/usr/bin/env bash
# Write requirements/constraints.txt: the newest releases that pyproject.toml admits, resolved in an empty environment.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

environment=$(mktemp -d)
trap 'rm -rf "$environment"' EXIT

"${PYTHON:-python3}" -m venv "$environment"
pip=("$environment/bin/python" -m pip --disable-pip-version-check)
"${pip[@]}" install --quiet --upgrade pip
"${pip[@]}" install --quiet --editable '.[all]' --group dev --group build

{
  echo "# Written by make lock. Every package of every environment the Makefile builds, so that all machines test the same."
  "${pip[@]}" freeze --all --exclude-editable --exclude setuptools
} >"$environment/constraints.txt"
mv "$environment/constraints.txt" requirements/constraints.txt
