#!/bin/sh
# Installs fedctl's npm packages, and a Node that fits where the machine's own is too old. Done once: a stamp in
# node_modules remembers for which lock files.
set -eu
cd "$(dirname "$0")/.."

stamp=node_modules/.fedctl-installed
want=$(cat package.json package-lock.json tools/node/package.json tools/node/package-lock.json | sha256sum | cut -d ' ' -f 1)
[ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ] && exit 0

# `install` and not `ci`: a mirror of the registry may lack the optional packages of other platforms, which `ci` insists
# on. Versions and integrity come from the lock file all the same, and --no-save leaves it as it is.
packages() {
  npm install --no-save --no-audit --no-fund --loglevel=error
}

echo "installing npm packages (about a minute, once)" >&2
packages >&2

# True when the Node on the PATH is 22.19 or newer: no other is needed then.
node_fits() {
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 19) ? 0 : 1)'
}
if ! node_fits; then
  echo "installing Node 24 for fedctl alone (the machine has $(node --version))" >&2
  (cd tools/node && packages >&2)
  ln -sfn ../../tools/node/node_modules/.bin/node node_modules/.bin/node
fi
echo "$want" >"$stamp"
