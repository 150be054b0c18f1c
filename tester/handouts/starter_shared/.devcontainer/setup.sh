#!/usr/bin/env bash
# Runs once, when the container has been made. RAFT_LAB says where the lab comes from: an
# index, or git+https://… of your course's copy; devcontainer.json sets it.
set -euo pipefail
pip install "${RAFT_LAB:-raft-lab}"
# Does it find the tests?
pytest --collect-only -q
