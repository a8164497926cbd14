#!/bin/sh
# The guide's build/push-federation-images.sh, over fedctl: run it from the root of the source folder.
set -eu

compat=$(CDPATH='' cd -P "$(dirname "$0")/.." && pwd -P)
. "$compat/lib.sh"

[ "${FEDERATION:-}" = true ] || usage_error 'FEDERATION is not true' "FEDERATION=true $0"
[ -n "${FEDERATION_PUSH_REPO_BASE:-}" ] || usage_error 'FEDERATION_PUSH_REPO_BASE is not set' \
  'name the registry to push to: FEDERATION_PUSH_REPO_BASE=registry.example/federation'
exec "$compat/federation/develop/develop.sh" push "$@"
