# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034,SC2016 # shares its variables with the script
# Part of end-to-end-inside.sh: the same pipeline without the service. Not a program.

systemctl stop vedette.service vedette.socket
cd "$(mktemp -d)" || exit
chmod 777 .
labels() { sed -E 's/ [01]\.[0-9]{2} \(.*//' "$1"; }
sample_labels='tiger cat
espresso
tripod'
three=("$samples/cat.jpg" "$samples/espresso.jpg" "$samples/photographer.jpg")
cat "${three[@]}" >three.mjpeg

check "vedette watch - reads a pipe to its end" \
  bash -c 'cat three.mjpeg | vedette watch - >piped'
same "a line a frame" "$sample_labels" labels piped
check "vedette watch - reads a plain file to its end" bash -c 'vedette watch - <three.mjpeg >plain'
same "a line a frame" "$sample_labels" labels plain

mkfifo fifo
vedette watch fifo >from-fifo 2>messages &
process=$!
cat three.mjpeg >fifo
three_lines() { (($(wc -l <"$1") >= 3)); }
check "vedette watch FIFO prints a line a frame" eventually three_lines from-fifo
kill -INT $process
wait $process && status=0 || status=$?
same "and ends well at an interrupt" 0 echo $status
same "with the labels" "$sample_labels" labels from-fifo

mkdir folder
cp "${three[@]}" folder
ls -l folder >before
check "vedette watch --once --json FOLDER ends when it is through" \
  bash -c 'vedette watch --once --json folder >json'
json_lines() { jq -r '[.path, .top[0].label, (.top | length), (.model_id | length)] | @tsv' json | sort; }
same "a JSON object a frame" "$(printf 'folder/%s\t5\t64\n' $'cat.jpg\ttiger cat' \
  $'espresso.jpg\tespresso' $'photographer.jpg\ttripod')" json_lines
check "the folder is as it was" diff before <(ls -l folder)
cp /tmp/broken/truncated.jpg folder
check "with a broken file among them" bash -c 'vedette watch --once --json folder >json'
same "one line is its error" "folder/truncated.jpg truncated" \
  jq -r 'select(.error) | "\(.path) \(.error.code)"' json

mkdir -p spool/incoming
sed -e "s|^#folder = .*|folder = \"$PWD/spool/incoming\"|" \
  -e "s|^#spool = .*|spool = \"$PWD/spool\"|" /src/deploy/vedette.toml >mine.toml
cp "${three[@]}" spool/incoming
vedetted --config mine.toml >printed 2>messages &
process=$!
check "vedetted in a terminal prints a line a frame" eventually three_lines printed
kill -TERM $process
wait $process && status=0 || status=$?
same "and ends well at SIGTERM" 0 echo $status
same "with the labels" "$(sort <<<"$sample_labels")" sort <(labels printed)
same "having deleted the files" "" find spool/incoming -type f
cd /

# ---------------------------------------------------------------------------- the end --
check "uninstall runs" /src/deploy/uninstall
refuse "the programs are gone" test -e /usr/local/bin/vedetted
check "the configuration and the quarantine are not" \
  test -e $config -a -e $spool/quarantine/broken-text.jpg

# ------------------------------------------------------------ all that was said, at last --
# Every kind of entry has the fields that its explanation speaks of.
lacking() {
  local kind fields
  while read -r kind fields; do
    journal -o json MESSAGE_ID="$kind" | jq -r --arg fields "$fields" '
      ($fields | split(" ")) - keys | select(length > 0) | join(" ")' | sort | uniq -c |
      sed "s/^/$kind lacks/"
  done < <(awk '$1 == "--" { kind = $2; split("", said) }
    { while (match($0, /@[A-Z0-9_]+@/)) { name = substr($0, RSTART + 1, RLENGTH - 2)
        if (!(name in said)) { said[name]; all[kind] = all[kind] " " name }
        $0 = substr($0, RSTART + RLENGTH) } }
    END { for (kind in all) print kind all[kind] }' /src/deploy/vedette.catalog)
}
same "no entry lacks a field that the catalogue speaks of" "" lacking
same "nothing was written but by the journal's own protocol" "" \
  jq -r '.MESSAGE' <(journal -o json _COMM=vedetted _TRANSPORT=stdout)
same "journald held nothing back" "" journal -o cat -u systemd-journald --grep Suppressed
