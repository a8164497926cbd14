#!/bin/sh
# setup.sh NAME...: makes the namespace TEMPORAL_NAMESPACE at TEMPORAL_ADDRESS, and in it a search attribute of type
# Keyword of each NAME. Does nothing for what is there.
set -eu

temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 30d

known=$(temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE" --output json)
for name in "$@"; do
  case $known in
    *"\"$name\""*) continue ;;
  esac
  temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "$name" --type Keyword
done
