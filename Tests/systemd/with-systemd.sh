#!/usr/bin/env bash
# with-systemd.sh - boot a throw-away container with a real systemd and journald,
# run one command in it, shut it down and hand back the command's exit status.
#
# The container sees this machine's /usr through an overlay, so programs and
# libraries are the machine's own, and nothing it writes reaches the machine.
# /etc, /var and /run are its own and start out empty but for a few files.

set -euo pipefail

prog=${0##*/}
die() { printf '%s: error: %s\n' "$prog" "$*" >&2; exit 125; }
say() { [[ -n $quiet ]] || printf '%s: %s\n' "$prog" "$*" >&2; }

usage() {
  cat <<USAGE
usage: $prog [OPTION...] [--] COMMAND [ARGUMENT...]

Boots systemd in a container, runs COMMAND in it as root, shuts the container down.

  --tree DIR            lay the files under DIR over the container's root before it
                        boots, as 'make install DESTDIR=DIR' or 'dpkg-deb -x' left
                        them: units, catalogs, sysusers, tmpfiles, /etc, programs
  --install SRC:DEST    the same for one file; DEST names the file, not its folder
  --bind SRC[:DEST]     share a file or folder with the machine, writable
  --bind-ro SRC[:DEST]  the same, read-only (a Swift runtime outside /usr, say)
  --setenv NAME=VALUE   in COMMAND's environment, which is otherwise a bare one
  --chdir DIR           COMMAND's working folder          [/]
  --host-network        share the machine's network       [loopback only]
  --boot-arg ARG        for the container's systemd, e.g. systemd.log_level=debug
  --boot-timeout S      give up on the boot after S seconds                [60]
  --timeout S           end COMMAND after S seconds, status 124            [600]
  --journal FILE        write the container's whole journal (export format) to FILE
  --journal-tail N      lines of journal to print if COMMAND fails         [40]
  --quiet               no messages of its own
  --check               only say whether this machine can do it: status 0, or 77 and why not
  --help

COMMAND sees systemctl, journalctl, systemd-analyze and the rest work as on a
booted machine. Exit status: COMMAND's own; 124 time-out; 125 trouble of this script.
An installation is tried out best by COMMAND itself: bind the repository and call its
deploy/install, which then runs as it would on a device.
Needs root, systemd-container (systemd-nspawn), util-linux and overlayfs.

example:
  $prog --bind-ro "\$PWD:/src" sh -ec '/src/deploy/install --enable; systemctl status vedette'
USAGE
}

trees=() installs=() binds=() envs=() boot_args=()
chdir=/ network=private boot_timeout=60 run_timeout=600 journal='' journal_tail=40 quiet='' check=''
while (($#)); do
  opt=$1
  case $opt in
    --tree|--install|--bind|--bind-ro|--setenv|--chdir|--boot-arg|--boot-timeout|--timeout|--journal|--journal-tail)
      (($# > 1)) || die "$opt needs a value"
      value=$2; shift 2 ;;
    *) value= ;;
  esac
  case $opt in
    --tree) [[ -d $value ]] || die "--tree: no folder '$value'"; trees+=("$value") ;;
    --install)
      [[ $value == *:/* && -f ${value%%:*} ]] || die "--install wants an existing FILE:/ABSOLUTE/DEST, not '$value'"
      installs+=("$value") ;;
    --bind|--bind-ro)
      src=${value%%:*}; dest=${value#*:}; [[ $value == *:* ]] || dest=$(realpath -ms "$src")
      [[ -e $src ]] || die "$opt: nothing at '$src'"
      [[ $dest == /* ]] || die "$opt: '$dest' is not an absolute path"
      binds+=("$opt=$(realpath "$src"):$dest") ;;
    --setenv) [[ $value == *=* ]] || die "--setenv wants NAME=VALUE"; envs+=("$value") ;;
    --chdir) chdir=$value ;;
    --boot-arg) boot_args+=("$value") ;;
    --boot-timeout) boot_timeout=$value ;;
    --timeout) run_timeout=$value ;;
    --journal) journal=$value ;;
    --journal-tail) journal_tail=$value ;;
    --host-network) network=host; shift ;;
    --quiet) quiet=1; shift ;;
    --check) check=1; shift ;;
    -h|--help) usage; exit 0 ;;
    --) shift; break ;;
    -*) usage >&2; die "unknown option '$opt'" ;;
    *) break ;;
  esac
done
# What this machine lacks, or nothing.
lacking() {
  ((EUID == 0)) || { echo "needs root"; return; }
  local tool
  for tool in systemd-nspawn nsenter unshare timeout pgrep; do
    command -v "$tool" >/dev/null || { echo "needs '$tool' (Debian: systemd-container, util-linux, procps)"; return; }
  done
  grep -qw overlay /proc/filesystems || modprobe -q overlay 2>/dev/null || echo "this kernel has no overlayfs"
}
lack=$(lacking)
if [[ -n $check ]]; then
  [[ -z $lack ]] || { say "$lack"; exit 77; }
  exit 0
fi
[[ -z $lack ]] || die "$lack"
(($#)) || { usage >&2; die "no command to run"; }

# ---------------------------------------------------------------- the root tree --

work=$(mktemp -d "${TMPDIR:-/tmp}/with-systemd.XXXXXXXX")
name=with-systemd-${work##*.}
root=$work/root upper=$work/usr
cgroups=() nspawn='' leader=''

# shellcheck disable=SC2317 # reached through the trap
finish() {
  local status=$?
  trap - EXIT
  trap '' INT TERM HUP
  set +e
  if [[ -n $nspawn ]] && kill -0 "$nspawn" 2>/dev/null; then
    kill -TERM "$nspawn" # systemd-nspawn passes this on as an orderly shutdown
    local i
    for ((i = 0; i < 300; i++)); do kill -0 "$nspawn" 2>/dev/null || break; sleep 0.05; done
    if kill -0 "$nspawn" 2>/dev/null; then
      say "the container did not stop in 15 s; killing it"
      kill -KILL "$nspawn"
      [[ -n $leader ]] && kill -KILL "$leader" 2>/dev/null
    fi
    wait "$nspawn" 2>/dev/null
  fi
  local c
  for c in "${cgroups[@]}"; do find "$c" -depth -type d -exec rmdir {} + 2>/dev/null; done
  rmdir "/run/systemd/nspawn/propagate/$name" 2>/dev/null
  rm -rf --one-file-system "$work"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

umask 022
mkdir -p "$root"/{etc/systemd/system,var/log/journal,run,tmp,proc,sys,dev,root,usr} "$upper"
chmod 1777 "$root/tmp"
for d in bin sbin lib lib32 lib64 libx32; do
  [[ -L /$d ]] && ln -s "usr/$d" "$root/$d"
done
for f in passwd group nsswitch.conf ld.so.conf ld.so.conf.d ld.so.cache localtime alternatives \
  dbus-1 pam.d security login.defs debian_version; do
  [[ -e /etc/$f ]] && cp -a "/etc/$f" "$root/etc/$f"
done
cp -L /etc/os-release "$root/etc/os-release" # nspawn looks for it before /usr is there
: >"$root/etc/fstab"
printf '127.0.0.1 localhost\n::1 localhost\n' >"$root/etc/hosts"
printf 'edge-test\n' >"$root/etc/hostname"
# With a machine id this is no 'first boot': no questions, and the machine's own
# services are not enabled by preset.
tr -d - </proc/sys/kernel/random/uuid >"$root/etc/machine-id"
# Timers and services of the machine's packages have no business here.
for u in apt-daily.timer apt-daily-upgrade.timer systemd-networkd-wait-online.service; do
  ln -s /dev/null "$root/etc/systemd/system/$u"
done

# place TREE: /usr goes to the overlay's upper layer, the rest to the root
place() {
  local entry base
  for entry in "$1"/* "$1"/.[!.]*; do
    [[ -e $entry || -L $entry ]] || continue
    base=${entry##*/}
    case $base in
      usr) cp -a "$entry/." "$upper/" ;;
      bin|sbin|lib|lib32|lib64)
        if [[ -L /$base ]]; then mkdir -p "$upper/$base"; cp -a "$entry/." "$upper/$base/"
        else mkdir -p "$root/$base"; cp -a "$entry/." "$root/$base/"; fi ;;
      *) if [[ -d $entry && ! -L $entry ]]; then mkdir -p "$root/$base"; cp -a "$entry/." "$root/$base/"
         else cp -a "$entry" "$root/"; fi ;;
    esac
  done
  # Files are root's in the container, whoever built them.
  chown -R --no-dereference 0:0 "$upper" "$root/etc"
}
for t in "${trees[@]}"; do place "$t"; done
for i in "${installs[@]}"; do
  mkdir -p "$work/one$(dirname "${i#*:}")"
  cp -a "${i%%:*}" "$work/one${i#*:}"
done
[[ -d $work/one ]] && place "$work/one"

# ---------------------------------------------------------------------- booting --

args=(--quiet --directory="$root" --machine="$name" --overlay="/usr:$upper:/usr"
  --register=no --console=pipe --resolv-conf=off --timezone=off --link-journal=no --boot)
# cgroup v2, as devices have it, also where the machine mixes v1 and v2.
export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
[[ $network == private ]] && args+=(--private-network)
if [[ ! -d /run/systemd/system ]]; then
  # No systemd outside, so nobody gives this container a cgroup of its own. It
  # must have one: two containers in one cgroup would take each other's services
  # for their own.
  args+=(--keep-unit)
  for c in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
    [[ -e $c/cgroup.procs ]] || continue
    mkdir "$c/$name" || die "cannot make a cgroup in $c"
    cgroups+=("$c/$name")
    [[ $c == /sys/fs/cgroup/unified || $c == /sys/fs/cgroup/systemd ]] || break
  done
  ((${#cgroups[@]})) || die "found no cgroup hierarchy for systemd; mount cgroup2 on /sys/fs/cgroup"
fi

t0=${EPOCHREALTIME/./}
(
  for c in "${cgroups[@]}"; do echo "$BASHPID" >"$c/cgroup.procs"; done
  exec systemd-nspawn "${args[@]}" "${binds[@]}" \
    systemd.firstboot=off systemd.unit=multi-user.target "${boot_args[@]}"
) </dev/null >"$work/console" 2>&1 &
nspawn=$!

enter_dir=/
boot_failed() { sed 's/^/  console: /' "$work/console" >&2; die "$1"; }
enter() { nsenter --target "$leader" --all -- /usr/bin/env -i -C "$enter_dir" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  HOME=/root LANG=C.UTF-8 TERM="${TERM:-dumb}" "$@"; }

state=
deadline=$((SECONDS + boot_timeout))
while :; do
  kill -0 "$nspawn" 2>/dev/null || boot_failed "the container ended while it booted"
  ((SECONDS < deadline)) || boot_failed "the container did not boot in $boot_timeout s (state: ${state:-none})"
  [[ -n $leader ]] || leader=$(pgrep -P "$nspawn" | head -n 1) || true
  if [[ -n $leader && -S /proc/$leader/root/run/systemd/private ]]; then
    state=$(enter timeout "$boot_timeout" systemctl is-system-running --wait 2>/dev/null) || true
    case $state in
      running) break ;;
      degraded) say "some units failed:"; enter systemctl --failed --no-legend --plain >&2 || true; break ;;
    esac
  fi
  sleep 0.05
done
# What a package's install script would do.
if compgen -G "$upper/lib/systemd/catalog/*" >/dev/null || compgen -G "$upper/local/lib/systemd/catalog/*" >/dev/null; then
  enter journalctl --update-catalog || die "journalctl --update-catalog failed"
fi
say "booted in $(((${EPOCHREALTIME/./} - t0) / 1000)) ms ($state)"

status=0
enter_dir=$chdir enter "${envs[@]}" timeout --foreground "$run_timeout" "$@" || status=$?
if ((status != 0)); then
  say "the command ended with status $status"
  if ((journal_tail > 0)); then
    enter journalctl --no-pager -n "$journal_tail" -o short-precise 2>/dev/null | sed 's/^/  journal: /' >&2 || true
  fi
fi
if [[ -n $journal ]]; then
  enter journalctl --no-pager -o export >"$journal" || say "cannot write the journal to $journal"
fi
exit "$status"
