#!/usr/bin/env bash
# The suites that run printed C, with every unit compiled under the address and undefined-behavior sanitizers; other suites by
# name. The sanitizer's runtime has to be in the process before Node starts, so it is preloaded; Node's own leaks are not ours to report.
set -euo pipefail
cd "$(dirname "$0")/.."
CC=${NONSMOOTH_CC:-cc}
runtimes=()
for name in libasan.so libubsan.so; do
  # Without a path the compiler does not have it.
  file=$("$CC" -print-file-name=$name 2>/dev/null || true)
  if [ ! -e "$file" ]; then
    echo "sanitizers: not run: $CC has no $name"
    exit 0
  fi
  runtimes+=("$file")
done
suites=("$@")
if [ $# -eq 0 ]; then suites=(test/native/engine.test.ts test/golden.test.ts test/ops test/wasm); fi
cache=$(mktemp -d)
trap 'rm -rf "$cache"' EXIT
npm run --silent build
# The compiler itself runs without them.
printf '#!/bin/sh\nunset LD_PRELOAD\nexec %s "$@"\n' "$(command -v "$CC")" > "$cache/cc"
chmod +x "$cache/cc"
export NONSMOOTH_CC=$cache/cc NONSMOOTH_CACHE=$cache/units
export NONSMOOTH_CFLAGS="-O1 -fsanitize=address,undefined -fno-sanitize-recover=all -g"
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:detect_stack_use_after_return=0:quarantine_size_mb=1 UBSAN_OPTIONS=print_stacktrace=1
LD_PRELOAD="${runtimes[*]}" node node_modules/vitest/vitest.mjs run --testTimeout=600000 "${suites[@]}"
