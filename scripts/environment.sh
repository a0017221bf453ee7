# Sourced by the other scripts: makes .venv with the given extras, unless it is up to date.
# Usage: source scripts/environment.sh EXTRAS

find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3.11 python3.12 python3.13 python3 python; do
        if [ -n "$candidate" ] && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "error: Python 3.11 or newer is needed; install it, or name it: PYTHON=/path/to/python bash $0" >&2
    return 1
}

install_environment() {
    local extras=$1 stamp python
    stamp=".venv/.installed-$extras"
    if [ -f "$stamp" ] && [ ! pyproject.toml -nt "$stamp" ] && [ ! constraints.txt -nt "$stamp" ]; then
        return
    fi
    python=$(find_python)
    if [ ! -x .venv/bin/python ]; then
        echo "making .venv with $python"
        "$python" -m venv .venv
    fi
    echo "installing conflictcoder[$extras] into .venv"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[$extras]"
    touch "$stamp"
}

install_environment "$1"
