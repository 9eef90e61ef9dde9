#!/usr/bin/env bash
# units-inside.sh - the checks of units.sh; run as root in the container, the repository on /src.
# shellcheck disable=SC2016 # variables of awk, and of shells that run later
set -euo pipefail
# shellcheck source=/dev/null
source /src/Tests/systemd/checks.sh

# The highest exposure that systemd-analyze may find, in tenths.
exposure_limit=5

spool=/var/lib/vedette
frame=/tmp/frame.jpg
head -c 1000 /dev/urandom >"$frame"
chmod 644 "$frame"

# Stand-ins for what an installation needs.
mkdir -p /tmp/bin /tmp/models
cp /usr/bin/true /tmp/bin/vedette
cp /usr/bin/true /tmp/bin/vedetted
echo model >/tmp/models/model.tflite
echo label >/tmp/models/labels.txt

install_vedette() { /src/deploy/install --binaries /tmp/bin --models /tmp/models "$@"; }
uninstall_vedette() { /src/deploy/uninstall "$@"; }
# as USER COMMAND...
as() { runuser -u "$1" -- "${@:2}"; }
# Everything of ours, but for what users own.
remains() {
  find /usr /etc -xdev -name '*vedette*' ! -path '/etc/vedette*' ! -path '*/terminfo/*' 2>/dev/null || true
}

# ---------------------------------------------------------------- install --
check "install runs" install_vedette
check "the units pass systemd-analyze verify" \
  prints "" systemd-analyze verify vedette.service vedette.socket
unit=/usr/local/lib/systemd/system/vedette.service
check "the service's exposure is at most $exposure_limit tenths" \
  systemd-analyze security --offline=true --no-pager --threshold="$exposure_limit" "$unit"
systemd-analyze security --offline=true --no-pager "$unit" | tail -n 1
check "no @placeholder@ is left in what was installed" \
  not grep -rE '@[a-z]+@' /usr/local/lib/systemd/system /etc/vedette
check "journalctl knows the catalogue" \
  grep -q 'A frame was classified' <(journalctl --dump-catalog 4b6f859d724b4ba98891fcb9cb170f85)
same "journalctl lists every section of it" "$(grep -c '^-- ' /src/deploy/vedette.catalog)" \
  grep -c 'Vedette' <(journalctl --dump-catalog | grep 'Defined-By: Vedette')

# ------------------------------------------------------- user and the spool --
same "the user is a system user without a login" "$spool /usr/sbin/nologin" \
  awk -F: '$1 == "vedette" && $3 < 1000 { print $6, $7 }' /etc/passwd
same "the service's user is in the drop group" "vedette vedette-drop" id -Gn vedette
for line in "$spool 755 root:root" "$spool/incoming 3770 vedette:vedette-drop" \
  "$spool/work 700 vedette:vedette" "$spool/done 750 vedette:vedette" \
  "$spool/quarantine 750 vedette:vedette" "/run/vedette 755 vedette:vedette"; do
  same "owner and mode: $line" "$line" stat -c '%n %a %U:%G' "${line%% *}"
done
check "systemd-tmpfiles can run again" systemd-tmpfiles --create

systemd-sysusers --inline 'u alice -' 'm alice vedette-drop' 'u carol -' 'm carol vedette-drop' 'u bob -'
check "a member of the group can drop a frame" as alice cp "$frame" $spool/incoming/alice.jpg
check "a member can list the folder" as alice ls $spool/incoming
check "a member can rename its own frame" as alice mv $spool/incoming/{alice,alice2}.jpg
refuse "a member cannot rename another's" as carol mv $spool/incoming/{alice2,carols}.jpg
refuse "a member cannot delete another's" as carol rm -f $spool/incoming/alice2.jpg
for folder in work 'done' quarantine; do
  refuse "a member cannot list $folder/" as alice ls $spool/$folder
done
refuse "others cannot list the folder" as bob ls $spool/incoming
refuse "others cannot drop a frame" as bob cp "$frame" $spool/incoming/bob.jpg
check "the service can read the frame" as vedette cmp "$frame" $spool/incoming/alice2.jpg
check "the service can claim it by renaming" as vedette mv $spool/incoming/alice2.jpg $spool/work/
check "the service can delete it" as vedette rm -f $spool/work/alice2.jpg

as alice sh -c "umask 077; cat $frame >$spool/incoming/private.jpg"
as alice cp "$frame" $spool/incoming/plain.jpg
if getfacl $spool/incoming 2>/dev/null | grep -q default:user:vedette; then
  check "the service can read a frame whatever its writer's umask is" \
    as vedette cmp $frame $spool/incoming/private.jpg
  refuse "another member cannot read it" as carol cat $spool/incoming/private.jpg
  refuse "another member cannot read a frame with an open mode either" \
    as carol cat $spool/incoming/plain.jpg
else
  skip "the service can read a frame whatever its writer's umask is" "no ACLs in this file system"
fi
chmod 600 "$frame"
chown alice "$frame"
as alice cp "$frame" $spool/incoming/shut.jpg
refuse "a file of mode 0600 stays shut" as vedette cat $spool/incoming/shut.jpg
check "the service can still move it to quarantine/" \
  as vedette mv $spool/incoming/shut.jpg $spool/quarantine/
chmod 644 "$frame"

# ---------------------------------------------------------------- the FIFO --
check "the socket unit starts" systemctl start vedette.socket
same "the FIFO's owner and mode" "fifo 620 root:vedette-drop" stat -c '%F %a %U:%G' /run/vedette/frames
refuse "others cannot write to it" as bob sh -c 'exec 3>>/run/vedette/frames'
refuse "a member cannot read from it" as alice sh -c 'exec 3</run/vedette/frames'

# --------------------------------------------- the sandbox, from the inside --
dropin=/run/systemd/system/vedette.service.d/test.conf
# as_service TYPE COMMAND: the service's unit, with this for its program.
as_service() {
  mkdir -p "${dropin%/*}"
  printf '[Service]\nType=%s\nExecStart=\nExecStart=%s\n' "$1" "$2" >"$dropin"
  systemctl daemon-reload
  systemctl reset-failed vedette.service 2>/dev/null || true
  systemctl start vedette.service
}
as alice cp "$frame" $spool/incoming/sandbox.jpg
for place in /etc /usr/local /var/lib /srv /home; do install -d -m 1777 "$place/open"; done
check "a probe in the service's own sandbox finds what it should" \
  as_service oneshot "/bin/bash /src/Tests/systemd/sandbox-probe.sh"
journalctl --no-pager -o cat -u vedette.service | grep -E '^(ok|FAILED|SKIPPED|sandbox)' || true

as_service simple "/bin/sh -c 'exit 78'" || true
same "a wrong configuration (status 78) is not tried again" "failed" \
  bash -c 'while [[ $(systemctl show -P ActiveState vedette) =~ ^(active|deactivating)$ ]]; do :; done
    systemctl show -P SubState vedette'
as_service simple "/bin/sh -c 'kill -ABRT \$\$\$\$'" || true
same "a crash is" "auto-restart" \
  bash -c 'while [[ $(systemctl show -P SubState vedette) == running ]]; do :; done
    systemctl show -P SubState vedette'
systemctl stop vedette.service vedette.socket
rm -f "$dropin"
systemctl daemon-reload

# -------------------------------------------------- again, and away with it --
echo '# mine' >>/etc/vedette/vedette.toml
check "a second install runs" install_vedette
same "it leaves an edited configuration alone" "# mine" tail -n 1 /etc/vedette/vedette.toml
check "and puts the new one beside it" cmp /etc/vedette/vedette.toml.dist /src/deploy/vedette.toml
check "uninstall runs" uninstall_vedette
same "it leaves no file" "" remains
check "but the configuration" test -f /etc/vedette/vedette.toml
check "and the frames" test -f $spool/incoming/plain.jpg
refuse "a second uninstall says that there is nothing" uninstall_vedette
check "install into a tree runs" install_vedette --destdir /tmp/tree --prefix=/usr
same "it starts and touches nothing else" "" remains
check "another prefix names its model in the configuration" bash -c '
  /src/deploy/install --binaries /tmp/bin --models /tmp/models --destdir /tmp/other --prefix /opt/vedette &&
  grep -qx "path = \"/opt/vedette/share/vedette/models/model.tflite\"" /tmp/other/etc/vedette/vedette.toml &&
  test -f /tmp/other/usr/local/lib/systemd/system/vedette.service'
check "uninstall --purge runs" bash -c \
  '/src/deploy/install --binaries /tmp/bin --models /tmp/models && /src/deploy/uninstall --purge'
refuse "it takes the configuration" test -e /etc/vedette
refuse "and what the service kept" test -e $spool/quarantine
check "but never the users' frames" test -f $spool/incoming/plain.jpg

finish_checks
