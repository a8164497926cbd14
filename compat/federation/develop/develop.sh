#!/bin/sh
# The guide's federation/develop/develop.sh, over fedctl: run it from the root of the source folder.
set -eu

compat=$(CDPATH='' cd -P "$(dirname "$0")/../.." && pwd -P)
. "$compat/lib.sh"

actions='build_binaries build_image push init deploy_federation destroy_federation redeploy_federation'
action=${1:-}
[ $# -eq 0 ] || shift

# A spec of its own, so that deploy_federation takes the image that was pushed and does not build it again: push writes
# registry and version into values.yaml, which both specs read.
develop_spec() {
  default_output_root
  ensure_spec "$FEDERATION_OUTPUT_ROOT/develop" --build "$PWD"
}

case $action in
  build_binaries)
    # FEDERATION_BINARIES: another target of the source folder's Makefile.
    exec make "${FEDERATION_BINARIES:-WHAT=cmd/kubectl cmd/hyperkube}" "$@"
    ;;
  build_image)
    develop_spec
    # quick-release names no registry yet. push does not build again: the image is found by its content.
    [ -n "${KUBE_REGISTRY:-}${FEDERATION_PUSH_REPO_BASE:-}" ] || export KUBE_REGISTRY=localhost
    exec "$FEDCTL" images build -f "$FEDERATION_OUTPUT_ROOT/develop/federation.yaml" "$@"
    ;;
  push)
    develop_spec
    exec "$FEDCTL" images push -f "$FEDERATION_OUTPUT_ROOT/develop/federation.yaml" "$@"
    ;;
  init | deploy_clusters | deploy_federation | destroy_federation | destroy_clusters | redeploy_federation)
    exec "$compat/federation/deploy/deploy.sh" "$action" "$@"
    ;;
  *) unknown_action "$action" "$actions" ;;
esac
