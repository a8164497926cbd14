#!/bin/sh
# setup.sh NAME...: makes the namespace TEMPORAL_NAMESPACE at TEMPORAL_ADDRESS, and in it a search attribute of type
# Keyword of each NAME. Does nothing for what is there.
set -eu

# until_works COMMAND...: prints what the command printed when it succeeded; ends after a minute with what it said last.
until_works() {
  tries=60
  until said=$("$@" 2>&1); do
    tries=$((tries - 1))
    if [ "$tries" -eq 0 ]; then
      echo "setup.sh: $said" >&2
      exit 1
    fi
    sleep 1
  done
  echo "$said"
}

# A server listens a little before it answers.
until_works temporal operator cluster health >/dev/null
temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 30d

# It answers for a new namespace only after it read the list of them again, every 10 s.
known=$(until_works temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE" --output json)
for name in "$@"; do
  case $known in
    *"\"$name\""*) continue ;;
  esac
  temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "$name" --type Keyword
done
