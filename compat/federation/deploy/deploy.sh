#!/bin/sh
# The guide's federation/deploy/deploy.sh, over fedctl. What differs from 2016, and why: docs/guide.md
set -eu

compat=$(CDPATH='' cd -P "$(dirname "$0")/../.." && pwd -P)
. "$compat/lib.sh"

actions='init deploy_federation destroy_federation redeploy_federation'
action=${1:-}
[ $# -eq 0 ] || shift

case $action in
  init)
    need_output_root
    if [ $# -gt 0 ] && [ -f "$FEDERATION_OUTPUT_ROOT/federation.yaml" ]; then
      refuse "$FEDERATION_OUTPUT_ROOT/federation.yaml already exists; nothing was written" \
        "edit it, or write a new one over it: fedctl init --force $*"
    fi
    ensure_spec "$FEDERATION_OUTPUT_ROOT" "$@"
    echo "settings are in $FEDERATION_OUTPUT_ROOT: federation.yaml, values.yaml" >&2
    ;;
  deploy_federation)
    need_output_root
    ensure_spec "$FEDERATION_OUTPUT_ROOT"
    exec "$FEDCTL" up --yes -f "$FEDERATION_OUTPUT_ROOT/federation.yaml" "$@"
    ;;
  destroy_federation)
    need_output_root
    need_spec
    federation_down "$@"
    ;;
  redeploy_federation)
    # Not down and up: fedctl brings what stands in line with the file, and keeps what etcd holds.
    need_output_root
    ensure_spec "$FEDERATION_OUTPUT_ROOT"
    exec "$FEDCTL" up --yes -f "$FEDERATION_OUTPUT_ROOT/federation.yaml" "$@"
    ;;
  deploy_clusters | destroy_clusters)
    refuse "$action is refused: fedctl joins clusters that exist, it neither makes nor removes machines" \
      'make clusters with a tool for that (kops, eksctl, gcloud, kubeadm), or try: fedctl sandbox up'
    ;;
  *) unknown_action "$action" "$actions" ;;
esac
