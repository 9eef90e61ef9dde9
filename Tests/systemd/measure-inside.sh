#!/usr/bin/env bash
# measure-inside.sh - the figures of end-to-end.sh --measure; run as root in the container, the
# repository on /src. Prints, checks nothing.
# shellcheck disable=SC2016 # variables of jq
set -euo pipefail
# shellcheck source=Tests/systemd/service.sh
source /src/Tests/systemd/service.sh

/src/deploy/install 2>/dev/null
systemd-sysusers --inline 'u alice -' 'm alice vedette-drop' 2>/dev/null
systemctl start vedette.socket
now_us() { printf '%s' "${EPOCHREALTIME/./}"; }
# spread NUMBER...: least, median, most.
spread() { sort -n | awk '{ v[NR] = $1 } END { printf "least %s, median %s, most %s", v[1], v[int((NR + 1) / 2)], v[NR] }'; }

# From the fork of the process that becomes vedetted, its sandbox included, to READY=1.
for _ in {1..5}; do
  systemctl reset-failed vedette.service 2>/dev/null || true
  systemctl restart vedette.service
  start=$(property ExecMainStartTimestampMonotonic)
  echo $((($(property ActiveEnterTimestampMonotonic) - start) / 100))
done | sed 's/.$/.&/' | printf 'start to READY=1, 5 starts, ms: %s\n' "$(spread)"

memory() {
  local pss
  pss=$(sed -n 's/^Pss:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/$(main_pid)/smaps_rollup")
  printf 'memory %s, kB: resident %s (anonymous %s), proportional %s, most so far %s\n' \
    "$1" "$(status_kb VmRSS)" "$(status_kb RssAnon)" "$pss" "$(status_kb VmHWM)"
}
memory "after the start"

# The threads' time on a processor, in ns.
busy() { cat "/proc/$(main_pid)"/task/*/schedstat | awk '{ sum += $1 } END { printf "%d", sum }'; }
wakeups() { cat "/proc/$(main_pid)"/task/*/status | awk '/ctxt_switches/ { sum += $2 } END { print sum }'; }
mark
pace
before=$(busy) switches=$(wakeups)
sleep 60
printf 'idle for 60 s: %s us of CPU, %s context switches\n' \
  $((($(busy) - before) / 1000)) $(($(wakeups) - switches))

# From the rename to the journal's receipt of the entry, by the machine's clock.
received() { # KIND NAME
  entries "$1" FRAME_PATH="$2" | jq -r '._SOURCE_REALTIME_TIMESTAMP' | head -n 1
}
mark
for n in {10..59}; do
  as alice cp $samples/rocket.jpg $spool/incoming/.staged
  start=$(now_us)
  mv $spool/incoming/.staged "$spool/incoming/one-$n.jpg"
  eventually at_least 1 $detection FRAME_PATH="one-$n.jpg"
  echo $((($(received $detection "one-$n.jpg") - start) / 100))
done | sed 's/.$/.&/' | printf 'one frame at a time, before the rename (mv included) to the journal, 50 frames, ms: %s\n' "$(spread)"
entries $detection | jq -r .LATENCY_US | printf 'LATENCY_US of these: %s\n' "$(spread)"
entries $detection | jq -r .DECODE_US | printf 'DECODE_US: %s\n' "$(spread)"
entries $detection | jq -r .INFER_US | printf 'INFER_US: %s\n' "$(spread)"

make_broken /tmp/broken
mark
for frame in /tmp/broken/*.jpg; do
  name=${frame##*/}
  as alice cp "$frame" $spool/incoming/.staged
  before=$(busy)
  start=$(now_us)
  mv $spool/incoming/.staged "$spool/incoming/$name"
  eventually at_least 1 $refusal FRAME_PATH="$name"
  printf 'refusal of %s: %s us after the rename, %s us of CPU; %s\n' "$name" \
    $(($(received $refusal "$name") - start)) $((($(busy) - before) / 1000)) \
    "$(entries $refusal FRAME_PATH="$name" | jq -r .MESSAGE)"
done
memory "after that"
mark
before=$(status_kb VmRSS)
for round in {1..40}; do
  for frame in /tmp/broken/{truncated,text,png,huge}.jpg; do
    as alice cp "$frame" $spool/incoming/.staged
    mv $spool/incoming/.staged "$spool/incoming/$round-${frame##*/}"
  done
done
eventually at_least 160 $refusal
printf 'resident memory after 160 more broken files, kB: %+d\n' $(($(status_kb VmRSS) - before))
memory "at the end"
