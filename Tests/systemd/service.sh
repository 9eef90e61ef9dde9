# shellcheck shell=bash
# shellcheck disable=SC2034 # its variables are for the scripts that read it
# For the scripts that look at the running service: its files, its entries, its frames. Not a
# program; read after checks.sh, in the container.

spool=/var/lib/vedette
config=/etc/vedette/vedette.toml
fifo=/run/vedette/frames
samples=/src/samples/frames

# Kinds of entries, by their names in deploy/vedette.catalog.
detection=4b6f859d724b4ba98891fcb9cb170f85
refusal=27106801cb604d5195aa1596e9c463e3
dropped=2009fa71195c4ac4b7ac8a67a72ec12a
recovered=6908df1152d04238b8820b2560f6c4fb
trouble=9c3dc77d19c945898c262dfe3cc8add6
model_loaded=1a57a632478444c783a8b76d8e10fce1
model_refused=5410034e6076498bb7ba614deba3dc8a
reloaded=393ca2a438a24993bdc58b721cb3b2be
config_refused=5c11ec98643d42ad812f3c45ad175cbe
ready=836c772d3ce94d48a029141eeb9b91e3
stopped=d9666a2184424468888f7e7a52007a59

# as USER COMMAND...
as() { runuser -u "$1" -- "${@:2}"; }

# eventually COMMAND...: tries until it succeeds; fails if it has not within 20 s.
eventually() {
  local deadline=$((SECONDS + 20)) output
  until output=$("$@" 2>&1); do
    ((SECONDS < deadline)) || { printf 'not within 20 s: %s\n%s\n' "$*" "$output"; return 1; }
    sleep 0.02
  done
}

# ----------------------------------------------------------------- the journal --
journal() { journalctl --no-pager -q "$@"; }
# From here on entries and count see only what is new. The mark is an entry of its own, because
# --after-cursor would leave out the first entry that matches.
mark() {
  systemd-cat -t mark echo $((marks += 1))
  journalctl --sync
  cursor=$(journal -t mark -n 1 -o json | jq -r .__CURSOR)
}
cursor='' marks=0
# entries KIND [FIELD=VALUE...]: as JSON, a line each.
entries() { journal -o json ${cursor:+--cursor="$cursor"} MESSAGE_ID="$1" "${@:2}"; }
count() { entries "$@" | wc -l; }
at_least() { (($(count "${@:2}") >= $1)); }

# ----------------------------------------------------------------- the service --
property() { systemctl show -P "$1" vedette.service; }
main_pid() { property MainPID; }
status_kb() { sed -n "s/^$1:[[:space:]]*\([0-9]*\) kB/\1/p" "/proc/$(main_pid)/status"; }
# set_config KEY VALUE...: in the shipped file, which has every key in a comment.
set_config() {
  local edits=()
  while (($#)); do
    edits+=(-e "s|^#\?$1 = .*|$1 = $2|")
    shift 2
  done
  sed -i "${edits[@]}" "$config"
}
reload_vedette() {
  local before
  before=$(count $reloaded)
  systemctl reload vedette.service && eventually at_least $((before + 1)) $reloaded
}
spool_is_empty() { [[ -z $(find $spool/incoming $spool/work -type f ! -name '.*') ]]; }

# ------------------------------------------------------------------ the frames --
# drop FRAME NAME: as a careful writer does it, under another name first.
drop() { as alice sh -c "cp '$1' '$spool/incoming/.$2' && mv '$spool/incoming/.$2' '$spool/incoming/$2'"; }
# Delivers one more frame and waits for its detection. Events keep their order, so by then the
# service has seen all that went before.
pace() {
  local name=pace-${EPOCHREALTIME/./}.jpg
  drop $samples/cat.jpg "$name" && eventually at_least 1 $detection FRAME_PATH="$name"
}

# make_broken FOLDER: five files that are no pictures, or not what they claim.
make_broken() {
  mkdir -p "$1"
  head -c 20000 $samples/cat.jpg >"$1/truncated.jpg"
  : >"$1/empty.jpg"
  printf 'This is no picture.\n%.0s' {1..500} >"$1/text.jpg"
  base64 -d >"$1/png.jpg" <<<'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=='
  # Height and width in the frame header of a real picture.
  local header
  header=$(LC_ALL=C grep -obUaP '\xff[\xc0\xc2]\x00\x11\x08' $samples/cat.jpg | cut -d: -f1 | head -n 1)
  cp $samples/cat.jpg "$1/huge.jpg"
  printf '\xff\xdc\xff\xdc' | dd of="$1/huge.jpg" bs=1 seek=$((header + 5)) conv=notrunc status=none
  chmod 644 "$1"/*.jpg
}
