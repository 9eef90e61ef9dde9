# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034,SC2016 # shares its variables with the script
# Part of end-to-end-inside.sh: stopping, dying, hanging, starting again. Not a program.

repeated() { entries $detection | jq -r '.FRAME_PATH // empty' | sort | uniq -d; }
cursor=
same "no file has had two detections so far" "" repeated

# burst WAY: alice copies thirty frames at once.
burst() {
  as alice bash -c 'for n in {10..39}; do
    cp "$2" "/var/lib/vedette/incoming/$1-$n.jpg"; done' - "$1" $samples/rocket.jpg
}
# named KIND WAY: the frames that have such an entry.
named() {
  entries "$1" | jq -r --arg way "$2-" '.FRAME_PATH // empty | select(startswith($way))' | sort
}
thirty=30
all_named() { (($(named $detection "$1" | sort -u | wc -l) >= thirty)); }

# ---------------------------------------------------------------------------- SIGTERM --
mark
burst queued
check "a stop while frames are queued" systemctl stop vedette.service
same "ends with status 0" "success exited 0" \
  echo "$(property Result)" "$(systemctl show -P ExecMainCode vedette.service | sed s/1/exited/)" \
  "$(property ExecMainStatus)"
check "it was told to the service manager" grep -q '^stopping: ' <(property StatusText)
same "the last entry has the totals" 1 count $stopped
same "every frame is either classified or still in the folder" $thirty \
  wc -l < <({ named $detection queued; find $spool/incoming -name 'queued-*'; })
same "work/ is empty" "" ls -A $spool/work
systemctl start vedette.service
check "the next run takes the others" eventually all_named queued
same "each once" "" repeated

# ---------------------------------------------------------------------------- SIGKILL --
other_invocation() { [[ $(property InvocationID) != "$1" && $(property ActiveState) == active ]]; }
# kill_vedette: kills it, waits for the next run.
kill_vedette() {
  local killed
  killed=$(property InvocationID)
  systemctl kill -s KILL vedette.service && eventually other_invocation "$killed"
}
# ids_of WAY: how often each frame has a detection, under how many FRAME_IDs.
ids_of() {
  entries $detection | jq -rs --arg way "$1-" '
    [.[] | select(.FRAME_PATH // "" | startswith($way))] | group_by(.FRAME_PATH)[]
    | "\(.[0].FRAME_PATH) \(length) \(map(.FRAME_ID) | unique | length)"'
}
with_two_ids() { ids_of killed | awk '$3 != 1'; }
mark
systemctl stop vedette.service 2>/dev/null
burst killed
systemctl start vedette.service
eventually at_least 3 $detection || true
check "a service that is killed in a burst is started again" kill_vedette
check "every frame of the burst has its detection" eventually all_named killed
check "the folder and work/ are empty" eventually spool_is_empty
same "a frame that came twice has one FRAME_ID" "" with_two_ids
same "quarantine/ has none of them" "" find $spool/quarantine -name 'killed-*'

# Killed between the journal and the end of the file, as sure as can be: done/ takes no files.
set_config after '"keep"'
systemctl restart vedette.service
chmod 500 $spool/done
mark
for frame in cat espresso rocket; do drop $samples/$frame.jpg twice-$frame.jpg; done
check "files that cannot be moved to done/ give an entry" eventually at_least 1 $trouble
check "and their detections all the same" eventually at_least 3 $detection
chmod 750 $spool/done
check "killed now, the service is started again" kill_vedette
check "and takes them up again" eventually at_least 3 $recovered
check "each gives a second detection" eventually at_least 6 $detection
same "under the FRAME_ID of the first" "$(printf 'twice-%s.jpg 2 1\n' cat espresso rocket)" \
  ids_of twice
check "then they are in done/" eventually test -f $spool/done/twice-cat.jpg \
  -a -f $spool/done/twice-espresso.jpg -a -f $spool/done/twice-rocket.jpg
cp /src/deploy/vedette.toml $config

# --------------------------------------------------------------------------- watchdog --
mkdir -p /run/systemd/system/vedette.service.d
printf '[Service]\nWatchdogSec=1s\n' >/run/systemd/system/vedette.service.d/watchdog.conf
systemctl daemon-reload
systemctl reset-failed vedette.service 2>/dev/null || true
systemctl restart vedette.service
first=$(property WatchdogTimestampMonotonic)
fed() { (($(property WatchdogTimestampMonotonic) > first)); }
check "the watchdog is fed while nothing happens" eventually fed
hung=$(property InvocationID)
kill -STOP "$(main_pid)"
check "a service that hangs is started again" eventually other_invocation "$hung"
check "and classifies" pace
rm /run/systemd/system/vedette.service.d/watchdog.conf
systemctl daemon-reload

# ------------------------------------------------------------- a wrong start, and the end --
set_config top 0
mark
systemctl stop vedette.service 2>/dev/null
refuse "a start with a wrong configuration fails" systemctl start vedette.service
same "with status 78, and is not tried again" "78 failed 0" \
  echo "$(property ExecMainStatus)" "$(property SubState)" "$(property NRestarts)"
same "an entry says why" 1 count $config_refused CONFIG_FILE=$config
cp /src/deploy/vedette.toml $config
systemctl reset-failed vedette.service # so many starts in so short a time look like a crash loop
check "both units stop" systemctl stop vedette.service vedette.socket
check "and start, in whatever order they are named" systemctl start vedette.service vedette.socket
check "and restart" systemctl restart vedette.service vedette.socket
pipe $samples/cat.jpg
check "with the pipe connected" eventually at_least 1 $detection SOURCE=frames
