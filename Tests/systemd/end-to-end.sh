#!/usr/bin/env bash
# end-to-end.sh - the release programs as a service, under a real systemd and journald in a
# throw-away container: installed, started, given frames, read back with journalctl.
#
# usage: end-to-end.sh [--measure]
#
#   --measure  instead of checking, print how long and how much: start, memory, a minute of
#              idleness, broken files, a frame's way from the folder to the journal
#
# Needs the release build: swift build -c release --static-swift-stdlib
# VEDETTE_SHARED names a folder with frames/ for the part on real labelled pictures.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/checks.sh"
need_container "$here"
command -v jq >/dev/null || { echo "SKIPPED  ${0##*/}: needs jq"; exit 77; }

inside=end-to-end-inside.sh
case ${1:-} in
  '') ;;
  --measure) inside=measure-inside.sh ;;
  *) sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac

cd "$here/../.."
[[ -x .build/release/vedetted ]] || {
  echo "${0##*/}: error: no .build/release/vedetted; swift build -c release --static-swift-stdlib" >&2
  exit 1
}
binds=(--bind-ro "$PWD:/src")
shared=${VEDETTE_SHARED:-$(dirname "$PWD")/shared}
[[ ! -f $shared/frames/labels.csv ]] || binds+=(--bind-ro "$shared/frames:/frames")

"$here/with-systemd.sh" "${binds[@]}" --timeout 300 -- bash "/src/Tests/systemd/$inside"
