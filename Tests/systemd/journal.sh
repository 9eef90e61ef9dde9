#!/usr/bin/env bash
# journal.sh - runs the Journal module's tests against a real journald, in a throw-away
# container, in the sandbox of vedette.service, and reads the entries back with journalctl.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=checks.sh
source "$here/checks.sh"
need_container "$here"

cd "$here/../.."
swift build --build-tests >&2
tests=$(swift build --show-bin-path)
# The tests are linked with the toolchain's shared libraries.
toolchain=$(dirname "$(dirname "$(readlink -f "$(command -v swift)")")")

"$here/with-systemd.sh" --bind-ro "$PWD:/src" --bind-ro "$tests:/tests" --bind-ro "$toolchain" \
  --timeout 300 -- bash /src/Tests/systemd/journal-inside.sh
