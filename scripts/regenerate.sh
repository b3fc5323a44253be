#!/usr/bin/env bash
# From openapi/spec.yaml to generated/: the low-level client, the operation table, the exports' filters and lock.json.
#
#   scripts/regenerate.sh            replaces generated/ as a whole
#   scripts/regenerate.sh FOLDER     writes another folder instead
#   scripts/regenerate.sh --check    generates elsewhere, names each file of generated/ that differs, status 1 if any does
#
# The generator lives in an environment of its own (METRICS24_GENERATOR_VENV, or .venv/generator), made when needed with
# PYTHON (or python3), version 3.11 or newer.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
requirements="$root/scripts/generator-requirements.txt"
venv="${METRICS24_GENERATOR_VENV:-$root/.venv/generator}"
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1

fail() { echo "regenerate: $*" >&2; exit 2; }

check=false
output="$root/generated"
case "${1:-}" in
    --check) check=true ;;
    -*) fail "unknown option $1" ;;
    ?*) output="$1" ;;
esac

make_environment() {
    if cmp -s "$requirements" "$venv/requirements.txt"; then return; fi
    local python="${PYTHON:-python3}"
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "$python is older than 3.11; name another one: PYTHON=python3.12 scripts/regenerate.sh"
    rm -rf "$venv"
    "$python" -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -r "$requirements"
    cp "$requirements" "$venv/requirements.txt" # last: its presence says that the environment is whole
}

generate() { # into the folder $1
    local package="$1/metrics24_api" log="$1/generator.log"
    "$venv/bin/python" -m openapi_python_client generate --fail-on-warning --meta none --path "$root/openapi/spec.yaml" \
        --config "$root/openapi/generator.yaml" --custom-template-path "$root/openapi/templates" \
        --output-path "$package" >"$log" 2>&1 || { cat "$log" >&2; fail "the generator does not accept openapi/"; }
    rm "$log" "$package/client.py" "$package/errors.py" # nothing that is generated here uses them
    touch "$package/py.typed"
    "$venv/bin/python" "$root/scripts/operation_table.py" "$root/openapi/spec.yaml" "$package/operation_table.py"
    PYTHONPATH="$1" "$venv/bin/python" "$root/scripts/export_filter.py" "$package/export_filter.py"
    local ruff=("$venv/bin/python" -m ruff) style=(--isolated --no-cache --quiet --target-version py311 --line-length 120)
    "${ruff[@]}" check "${style[@]}" --fix-only --select F401,I,UP,TC "$package"
    "${ruff[@]}" format "${style[@]}" "$package"
    "$venv/bin/python" "$root/scripts/generated_files.py" lock "$1"
}

if ! $check && [ -d "$output" ] && [ -n "$(ls -A "$output")" ] && [ ! -e "$output/lock.json" ]; then
    fail "$output is not empty and holds no lock.json; refusing to replace it"
fi

mkdir -p "$(dirname "$venv")" "$(dirname "$output")"
if command -v flock >/dev/null; then # two runs at once share one environment
    exec 9>"$venv.lock"
    flock 9
fi
make_environment

# Beside the output, so that the last step is a rename and the package is never half written.
fresh="$(mktemp -d "$(cd "$(dirname "$output")" && pwd)/.regenerate.XXXXXX")"
trap 'rm -rf "$fresh"' EXIT
mkdir "$fresh/new"
generate "$fresh/new"

if $check; then
    "$venv/bin/python" "$root/scripts/generated_files.py" compare "$output" "$fresh/new"
else
    if [ -e "$output" ]; then mv "$output" "$fresh/old"; fi
    mv "$fresh/new" "$output"
fi
