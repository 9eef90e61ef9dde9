#!/usr/bin/env bash
# units.sh - installs Vedette in a throw-away container and looks at what came of it: the units,
# their sandbox, the user, the spool's owners and modes, the catalogue, and the removal.
#
# The programs are stand-ins, so this needs no build; end-to-end.sh has the real ones.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/checks.sh"
need_container "$here"

"$here/with-systemd.sh" --bind-ro "$here/../..:/src" --timeout 300 -- \
  bash /src/Tests/systemd/units-inside.sh
