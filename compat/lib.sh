# shellcheck shell=sh
# What the guide's scripts share: sourced by each of them after it has set `compat` to this folder.
# The guide's variables become flags of `fedctl init` where federation.yaml is missing; whatever that file leaves out,
# fedctl itself fills from values.yaml and from the environment (docs/chart-keys.md).

# FEDCTL: another fedctl than that of this checkout.
: "${FEDCTL:=$(CDPATH='' cd -P "$compat/.." && pwd -P)/fedctl}"

# Exit codes are those of fedctl: 64 is a wrong command line, 7 is refused with nothing touched.
usage_error() {
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  [ $# -lt 2 ] || printf '  fix: %s\n' "$2" >&2
  exit 64
}

refuse() {
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  printf '  fix: %s\n' "$2" >&2
  exit 7
}

unknown_action() {
  if [ -n "$1" ]; then
    usage_error "there is no action $1; there are: $2"
  fi
  usage_error "which action? there are: $2"
}

# The guide wants the folder exported; the scripts of the previous mechanism, which know none, take its example.
need_output_root() {
  if [ -z "${FEDERATION_OUTPUT_ROOT:-}" ]; then
    # The text is for a person to copy: the shell that reads it expands it.
    # shellcheck disable=SC2016
    usage_error 'FEDERATION_OUTPUT_ROOT is not set' 'export FEDERATION_OUTPUT_ROOT="${PWD}/_output/federation"'
  fi
  export FEDERATION_OUTPUT_ROOT
  mkdir -p "$FEDERATION_OUTPUT_ROOT"
}

default_output_root() {
  : "${FEDERATION_OUTPUT_ROOT:=$PWD/_output/federation}"
  need_output_root
}

# Writes federation.yaml (and values.yaml) into folder $1 where they are missing; more flags of fedctl init may follow.
ensure_spec() {
  spec=$1/federation.yaml
  folder=$1
  shift
  if [ -f "$spec" ]; then
    return 0
  fi
  [ -z "${FEDERATION_HOST_CONTEXT:-}" ] || set -- --host-context "$FEDERATION_HOST_CONTEXT" "$@"
  [ -z "${FEDERATION_NAMESPACE:-}" ] || set -- --namespace "$FEDERATION_NAMESPACE" "$@"
  [ -z "${FEDERATION_DNS_PROVIDER:-}" ] || [ -z "${DNS_ZONE_NAME:-}" ] ||
    set -- --provider "$FEDERATION_DNS_PROVIDER" "$@"
  [ -z "${DNS_ZONE_NAME:-}" ] || set -- --zone "$DNS_ZONE_NAME" "$@"
  # The guide's commands ask nothing, on a terminal either.
  "$FEDCTL" init "$folder" --name "${FEDERATION_NAME:-federation}" "$@" </dev/null
}

# An image goes into no turn-down; named here, so that a shell without the variables of the turn-up can do it too.
# etcd's volume is kept, as the chart's uninstall.sh did on purpose; FEDERATION_VOLUMES=delete takes it too.
federation_down() {
  : "${FEDERATION_PUSH_REPO_BASE:=unused.invalid}" "${FEDERATION_IMAGE_TAG:=unused}"
  export FEDERATION_PUSH_REPO_BASE FEDERATION_IMAGE_TAG
  exec "$FEDCTL" down -f "$FEDERATION_OUTPUT_ROOT/federation.yaml" --yes --volumes "${FEDERATION_VOLUMES:-keep}" "$@"
}

need_spec() {
  [ -f "$FEDERATION_OUTPUT_ROOT/federation.yaml" ] || usage_error \
    "there is no federation.yaml in $FEDERATION_OUTPUT_ROOT, which says what to take down" \
    'export the FEDERATION_OUTPUT_ROOT of its turn-up, or: fedctl down NAME --context HOST'
}
