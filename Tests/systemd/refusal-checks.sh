# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034,SC2016 # shares its variables with the script
# Part of end-to-end-inside.sh: files that are no pictures. Not a program.

# A copied file is given up only after its writer had his time; here that is short.
set_config settle '"100ms"' give-up '"500ms"'
check "systemctl reload takes new settings over" reload_vedette

make_broken /tmp/broken
broken_reasons='empty.jpg empty
huge.jpg too-large
png.jpg not-a-jpeg
text.jpg not-a-jpeg
truncated.jpg truncated'
refused() {
  entries $refusal | jq -r --arg way "$1-" 'select(.FRAME_PATH // "" | startswith($way))
    | (.FRAME_PATH | ltrimstr($way)) + " " + .REASON' | sort
}
five_refused() { (($(refused "$1" | wc -l) >= 5)); }
# quarantined WAY: what lies there, with the reason that stands beside each.
quarantined() {
  local file
  for file in $spool/quarantine/"$1"-*.jpg; do
    printf '%s %s\n' "${file##*/"$1"-}" "$(sed -n 's/^reason: //p' "$file.reason")"
  done
}
mark
for frame in /tmp/broken/*.jpg; do drop "$frame" "broken-${frame##*/}"; done
check "five broken files renamed in are refused" eventually five_refused broken
for frame in /tmp/broken/*.jpg; do
  as alice cp "$frame" "$spool/incoming/damaged-${frame##*/}"
done
check "five broken files copied in are refused" eventually five_refused damaged
check "the next good frame is classified" pace
for way in broken damaged; do
  same "$way: one refusal each, with its reason" "$broken_reasons" refused $way
  same "$way: quarantine/ has each, its reason beside it" "$broken_reasons" quarantined $way
done
same "none of them gave a detection" 1 count $detection
detailed() { entries $refusal | jq -r 'select(.PRIORITY == "4" and (.DETAIL | length) > 5 and
  (.FRAME_ID | test("^[0-9a-f]{32}$"))) | .FRAME_PATH'; }
same "each refusal is a warning that says what was found" 10 wc -l < <(detailed)
same "it is the same process still" "$pid" main_pid
