#!/usr/bin/env bash
# Gradescope runs this once, when it builds the autograder. It installs the lab in a
# virtual environment. It needs PyPI and, if the image's Python is older than 3.11,
# Ubuntu's packages.
set -euo pipefail

source="${AUTOGRADER_ROOT:-/autograder}/source"

# Make the virtual environment with a Python that is new enough and has `venv`.
make_venv() {
    local python
    for python in python3.14 python3.13 python3.12 python3.11 python3; do
        if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null &&
            "$python" -m venv --clear "$source/venv" 2>/dev/null; then
            return 0
        fi
    done
    return 1
}

if ! make_venv; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update
    # Ubuntu 24.04 has the first, 22.04 the second.
    apt-get install -y python3.12 python3.12-venv ||
        apt-get install -y python3.11 python3.11-venv
    make_venv || {
        echo "setup.sh: no Python 3.11 or newer: choose Ubuntu 22.04 or newer as the base image" >&2
        exit 1
    }
fi
"$source/venv/bin/pip" install --quiet "$source/lab"
"$source/venv/bin/python" -I -m grade --help >/dev/null
echo "setup.sh: the lab is installed in $source/venv"
