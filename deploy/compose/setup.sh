#!/bin/sh
# setup.sh NAME...: makes the namespace TEMPORAL_NAMESPACE at TEMPORAL_ADDRESS, and in it a search attribute of type
# Keyword of each NAME. Does nothing for what is there.
set -eu

temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 30d

# A server answers for a new namespace only after it read the list of them again, every 10 s.
tries=30
until known=$(temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE" --output json 2>&1); do
  tries=$((tries - 1))
  if [ "$tries" -eq 0 ]; then
    echo "setup.sh: $known" >&2
    exit 1
  fi
  sleep 1
done
for name in "$@"; do
  case $known in
    *"\"$name\""*) continue ;;
  esac
  temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "$name" --type Keyword
done
