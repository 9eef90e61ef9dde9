#!/usr/bin/env bash
# sandbox-probe.sh - runs in the place of vedetted, in its sandbox, and tries what the service
# must be able to do and what it must not. Started by units-inside.sh.
# shellcheck disable=SC2016 # awk's own variables
set -uo pipefail
# shellcheck source=/dev/null
source /src/Tests/systemd/checks.sh

spool=/var/lib/vedette
same "runs as its own user" "vedette" id -un
same "has the FIFO as the one descriptor passed" "1 frames" \
  echo "${LISTEN_FDS:-}" "${LISTEN_FDNAMES:-}"
flags() { sed -n 's/^flags:[[:space:]]*//p' "/proc/$$/fdinfo/3"; }
check "it is open for reading and writing, and does not block" \
  test "$((0$(flags) & 04003))" = "$((04002))"
check "claims a frame that another user dropped" mv $spool/incoming/sandbox.jpg $spool/work/
check "reads it" cat $spool/work/sandbox.jpg
check "puts a reason beside a refused one" bash -c "echo truncated >$spool/quarantine/x.reason"
check "deletes it" rm -f $spool/work/sandbox.jpg
check "replaces a file in /run/vedette by renaming" \
  bash -c 'echo 1 >/run/vedette/.metrics && mv /run/vedette/.metrics /run/vedette/metrics'
check "reaches the journal" test -w /run/systemd/journal/socket
check "reaches the service manager" test -S "${NOTIFY_SOCKET:-}"
check "reads what the kernel says about the processors" cat /proc/stat /sys/devices/system/cpu/online
check "reads its configuration" cat /etc/vedette/vedette.toml

# These folders let everybody write, so it is the sandbox that says no.
for place in /etc /usr/local /var/lib /srv /home; do
  refuse "cannot write below $place" touch "$place/open/vedette-was-here"
done
same "has no capability" "0000000000000000" \
  awk '$1 == "CapBnd:" { print $2 }' /proc/self/status
same "can gain no privilege" "1" awk '$1 == "NoNewPrivs:" { print $2 }' /proc/self/status
same "runs under a system call filter" "2" awk '$1 == "Seccomp:" { print $2 }' /proc/self/status
same "sees no network but its own loopback" "lo" \
  awk -F: 'NR > 2 { gsub(/ /, "", $1); print $1 }' /proc/net/dev
check "opens no network socket: there is no such family" \
  grep -q 'Address family not supported' <(bash -c 'exec 3<>/dev/tcp/127.0.0.1/9' 2>&1)
refuse "sees no block device" bash -c 'compgen -G "/dev/[svm][dm]*"'
refuse "makes no namespace" unshare --user true
finish_checks
