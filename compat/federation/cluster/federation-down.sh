#!/bin/sh
# The guide's time's federation/cluster/federation-down.sh, over fedctl.
set -eu

compat=$(CDPATH='' cd -P "$(dirname "$0")/../.." && pwd -P)
. "$compat/lib.sh"

default_output_root
need_spec
federation_down "$@"
