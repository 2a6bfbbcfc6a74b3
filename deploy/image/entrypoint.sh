#!/bin/sh
# The image's commands: `gateway`, `worker`, `doctor`, or any other program. `exec`: signals must reach it.
set -eu
case "${1-}" in
  # Without actions of your own, workers serve the samples.
  worker) export ACTIONS_DIR="${ACTIONS_DIR:-samples/actions,samples/collections}" ;;
esac
case "${1-}" in
  # A larger space for short-lived objects costs 30 MB and makes nothing faster.
  gateway | worker) exec node --max-semi-space-size=8 "apps/$1/dist/main.js" ;;
  doctor) exec node apps/cli/bin/flexaction.mjs "$@" ;;
  '') echo "Name a role: gateway or worker" >&2; exit 64 ;;
  *) exec "$@" ;;
esac
