#!/bin/sh
# The image's commands: `gateway`, `worker`, or any other program. `exec`: signals must reach it.
set -eu
case "${1-}" in
  gateway | worker) exec node "apps/$1/dist/main.js" ;;
  '') echo "Name a role: gateway or worker" >&2; exit 64 ;;
  *) exec "$@" ;;
esac
