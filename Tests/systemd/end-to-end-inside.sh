#!/usr/bin/env bash
# end-to-end-inside.sh - the checks of end-to-end.sh; run as root in the container, the repository
# on /src, labelled frames on /frames if there are any.
# shellcheck disable=SC2016,SC2034 # variables of jq and of shells that run later; used in parts
set -euo pipefail
# shellcheck source=Tests/systemd/checks.sh
source /src/Tests/systemd/checks.sh
# shellcheck source=Tests/systemd/service.sh
source /src/Tests/systemd/service.sh

# What vedetted may have in memory with the default model, in kB.
resident_limit=25000

# ------------------------------------------------------- the frames, and what they show --
check "install runs" /src/deploy/install
systemd-sysusers --inline 'u alice -' 'm alice vedette-drop'

frames=() expected=/tmp/expected.tsv
: >$expected
# expect FRAME INDEX LABEL: numbers the frame; the top 5 are as the command line has them.
expect() {
  local top
  top=$(vedette classify --json "$1" | jq -r '[.top[].label] | sort | join("|")')
  printf '%02d\t%s\t%s\t%s\n' ${#frames[@]} "$2" "$3" "$top" >>$expected
  frames+=("$1")
}
expect $samples/cat.jpg 282 "tiger cat"
expect $samples/cat-turned.jpg 285 "Egyptian cat"
expect $samples/espresso.jpg 967 espresso
expect $samples/photographer.jpg 872 tripod
expect $samples/rocket.jpg 657 missile
classified() { vedette classify --json "$@" | jq -r '[.top[0].index, .top[0].label] | @tsv'; }
same "vedette classify knows the samples" "$(cut -f 2,3 $expected)" classified "${frames[@]}"

if [[ -f /frames/labels.csv ]]; then
  # Those that the model gets right: what is wrong then is the service's error, not the model's.
  vedette classify --json /frames/*.JPEG |
    jq -r '[(.path | sub(".*/"; "")), .top[0].index, .top[0].label] | join(",")' |
    sort | comm -12 - <(tr -d '\r' </frames/labels.csv | sort) >/tmp/right.csv
  while IFS=, read -r name index label; do
    expect "/frames/$name" "$index" "$label"
  done < <(shuf -n 20 --random-source=<(yes) /tmp/right.csv)
  same "20 labelled frames that the model gets right are among the frames" 25 echo ${#frames[@]}
else
  skip "20 real labelled frames" "no frames/labels.csv in ../shared or VEDETTE_SHARED"
fi

# copy_frames WAY UMASK: alice copies all frames, under the way's name.
copy_frames() {
  as alice bash -c 'umask "$2"; n=0
    for frame in "${@:3}"; do
      cp "$frame" "$(printf /var/lib/vedette/incoming/%s-%02d.jpg "$1" $n)"; n=$((n+1))
    done' - "$1" "$2" "${frames[@]}"
}
# told WAY: number, index, label and top 5 of what the journal has of a way's files.
told() {
  entries $detection | jq -r --arg way "$1-" 'select(.FRAME_PATH // "" | startswith($way))
    | [(.FRAME_PATH | ltrimstr($way) | rtrimstr(".jpg")), .LABEL_INDEX, .LABEL,
       ([.TOP5[] | sub("^[0-9.]+ "; "")] | sort | join("|"))] | @tsv' | sort
}
all_told() { (($(told "$1" | wc -l) >= ${#frames[@]})); }
# each_once WAY: waits for a detection of each frame, and for one frame more; then each is there
# once, with its label.
each_once() { eventually all_told "$1" && pace && diff $expected <(told "$1"); }

# ------------------------------------------------------------------ way 1, and the start --
copy_frames before 0022
mark
check "the socket and the service start" systemctl enable --now vedette.socket vedette.service
check "systemctl status says how it is doing" \
  grep -q 'Status: "[0-9]* frames classified' <(systemctl status vedette.service)
pid=$(main_pid)
check "vedetted has at most $resident_limit kB resident ($(status_kb VmRSS) kB)" \
  test "$(status_kb VmRSS)" -le $resident_limit
model_id=$(sha256sum /usr/local/share/vedette/models/*.tflite | cut -d' ' -f1)
same "the model's entry has the file's SHA-256" 1 count $model_loaded MODEL_ID="$model_id"
same "one entry says that frames are taken" 1 count $ready
check "frames that were there before the start: a detection each" each_once before

# ---------------------------------------------------------------- ways 2, 3 and 4: files --
n=0
for frame in "${frames[@]}"; do
  drop "$frame" "$(printf renamed-%02d.jpg $n)"
  n=$((n + 1))
done
check "frames renamed into the folder: a detection each" each_once renamed
copy_frames copied 0022
check "frames copied by a member of the group: a detection each" each_once copied
copy_frames private 0077
check "the same where the member's umask is 077" each_once private

# Writes all files at once in ten portions, one for each line that comes in. In the middle the
# files are closed and opened again.
slow_writer='
  cd "$(mktemp -d)"; files=() handles=()
  for frame; do
    n=${#files[@]}
    split -n 10 -d "$frame" $n.
    files+=("$(printf /var/lib/vedette/incoming/slow-%02d.jpg $n)")
    exec {handles[n]}>"${files[n]}"
  done
  for portion in 00 01 02 03 04 05 06 07 08 09; do
    read -r _
    for n in ${!files[@]}; do
      cat $n.$portion >&${handles[n]}
      case $portion in
      04) exec {handles[n]}>&- {handles[n]}>>"${files[n]}" ;;
      09) exec {handles[n]}>&- ;;
      esac
    done
    echo
  done'
said_of_slow() {
  local kind
  for kind in $detection $refusal; do
    entries "$kind" | jq -r 'select(.FRAME_PATH // "" | startswith("slow-")) | .MESSAGE'
  done
}
coproc slow { exec runuser -u alice -- bash -c "$slow_writer" - "${frames[@]}"; }
# A copy: bash forgets the coprocess's own when it ends.
exec {to_slow}>&"${slow[1]}" {from_slow}<&"${slow[0]}"
for _ in {1..9}; do
  echo >&"$to_slow" && read -r _ <&"$from_slow"
  pace || true # what comes of it is checked below
done
same "nothing is said of files that are half written" "" said_of_slow
echo >&"$to_slow" && read -r _ <&"$from_slow"
check "frames of a slow writer, closed once in the middle: a detection each" each_once slow

# ----------------------------------------------------------------------- way 5: the pipe --
# Its frames have no names, but an order.
told_of_pipe() { entries $detection SOURCE=frames | jq -r '[.LABEL_INDEX, .LABEL] | @tsv'; }
# in_order FILE: waits for as many detections as it has lines, and for one frame more.
in_order() {
  eventually at_least "$(wc -l <"$1")" $detection SOURCE=frames && pace && diff "$1" <(told_of_pipe)
}
refused_of_pipe() { entries $refusal SOURCE=frames | jq -r .REASON; }
# pipe FRAME...: alice writes them into the FIFO.
pipe() { as alice timeout 20 bash -c 'cat "$@" >/run/vedette/frames' - "$@"; }

cut -f 2,3 $expected >/tmp/piped.tsv
mark
pipe "${frames[@]}"
check "frames written into the FIFO one behind the other: a detection each" in_order /tmp/piped.tsv
mark
for frame in "${frames[@]}"; do
  printf -- '--frame\r\nContent-Type: image/jpeg\r\n\r\n' >$fifo
  pipe "$frame"
  printf '\r\n\0\377\377\0' >$fifo
done
head -c 20000 $samples/cat.jpg >$fifo
pipe $samples/espresso.jpg
printf '967\tespresso\n' >>/tmp/piped.tsv
check "the same from a writer each, with garbage between" in_order /tmp/piped.tsv
same "a half one among them is refused" truncated refused_of_pipe
same "part headers and padding are no news" 0 count $dropped
head -c 5000 /dev/zero >$fifo
pipe $samples/cat.jpg
check "garbage that may have been a frame is" eventually at_least 1 $dropped REASON=garbage

# -------------------------------------------------------------------- what an entry holds --
cursor=
fields='
  def number: test("^[0-9]+$");
  all(.FRAME_ID | test("^[0-9a-f]{32}$"); .) and .MODEL_ID == $model and .WEIGHT_BITS == "8"
  and (.SOURCE == "frames" or (.SOURCE == "/var/lib/vedette/incoming" and has("FRAME_PATH")))
  and (.LABEL_INDEX | number) and (.CONFIDENCE | test("^[01]\\.[0-9]{4}$"))
  and (.TOP5 | length) == 5 and (.TOP5 | sort | last) == "\(.CONFIDENCE) \(.LABEL)"
  and ([.DECODE_US, .INFER_US, .LATENCY_US] | all(number))
  and (.LATENCY_US | tonumber) >= (.DECODE_US | tonumber) + (.INFER_US | tonumber)
  and .LEVEL == "efficientnet_lite0_224.int8@224x1"
  and .PRIORITY == "5" and .SYSLOG_IDENTIFIER == "vedette"
  and (.MESSAGE | test("^[^()]+ [01]\\.[0-9]{2} \\(([a-z]+-[0-9]+\\.jpg|frames #[0-9]+), [0-9.]+ ms\\)$"))'
faulty_entries() { entries $detection | jq -c --arg model "$model_id" "select($fields | not)"; }
same "every detection has its fields, in their form" "" faulty_entries
subjects() { journal -o json MESSAGE_ID=$detection LABEL="$1" | jq -r .LABEL_INDEX | sort -u; }
same "journalctl finds a subject by its label" 282 subjects "tiger cat"
same "and all the service says, as README has it" "$(count $detection LABEL=espresso)" \
  wc -l < <(journal -u vedette -o cat LABEL=espresso)

for part in refusal reload restart terminal; do
  # shellcheck source=/dev/null
  source "/src/Tests/systemd/$part-checks.sh"
done
finish_checks
