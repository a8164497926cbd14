#!/bin/sh
# The guide's federation/cluster/federation-up.sh (the previous mechanism), over fedctl.
# Unlike the one of 2016 it may be run again: what exists is kept.
set -eu

compat=$(CDPATH='' cd -P "$(dirname "$0")/../.." && pwd -P)
. "$compat/lib.sh"

default_output_root
ensure_spec "$FEDERATION_OUTPUT_ROOT"
exec "$FEDCTL" up --yes -f "$FEDERATION_OUTPUT_ROOT/federation.yaml" "$@"
