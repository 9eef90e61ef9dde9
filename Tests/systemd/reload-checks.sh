# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034,SC2016 # shares its variables with the script
# Part of end-to-end-inside.sh: settings that change while the service runs. Not a program.

set_config after '"keep"'
check 'after = "keep" is taken over' reload_vedette
drop $samples/cat.jpg kept.jpg
check "a file is kept in done/ then" eventually cmp $samples/cat.jpg $spool/done/kept.jpg

# A folder that the service may only read, as a camera's would be.
install -d /srv/camera
cp $samples/rocket.jpg /srv/camera/found.jpg
before=$(stat -c '%n %i %y' /srv/camera/found.jpg)
set_config after '"leave"' folder '"/srv/camera"'
mark
check 'after = "leave" and another folder are taken over' reload_vedette
check "what lies in the folder is classified" \
  eventually at_least 1 $detection FRAME_PATH=found.jpg SOURCE=/srv/camera
cp $samples/cat.jpg /srv/camera/copied.jpg
check "what is copied there is too" eventually at_least 1 $detection FRAME_PATH=copied.jpg
same "the folder stays as it is" "$before" stat -c '%n %i %y' /srv/camera/found.jpg
same "each file gave one detection" 2 count $detection SOURCE=/srv/camera

# Line and column of the fault are in the entry.
cp $config /tmp/good.toml
set_config folder '"/srv/camera"' after '"burn"'
line=$(grep -n '^after = ' $config | cut -d: -f1)
mark
check "a reload of a wrong configuration returns" systemctl reload vedette.service
check "an entry says that it was refused" eventually at_least 1 $config_refused
complaint() { entries $config_refused | jq -r '[.CONFIG_FILE, .CONFIG_LINE, .CONFIG_COLUMN] | join(":")'; }
same "and where the fault is" "$config:$line:9" complaint
check "systemctl status shows it" eventually \
  bash -c 'systemctl show -P StatusText vedette.service | grep -q "configuration refused"'
cp $samples/espresso.jpg /srv/camera/after.jpg
check "the old settings are in force" eventually at_least 1 $detection FRAME_PATH=after.jpg
same "of the same process" "$pid active" echo "$(main_pid) $(property ActiveState)"
check "vedette check-config finds the same fault" \
  grep -qF "$config:$line:9: " <(vedette check-config 2>&1 || true)

cp /tmp/good.toml $config
set_config model '"/nowhere.tflite"' path '"/nowhere.tflite"'
mark
systemctl reload vedette.service
check "a model that is missing is refused on reload" \
  eventually at_least 1 $model_refused
cp $samples/espresso.jpg /srv/camera/again.jpg
check "and the old one goes on" eventually at_least 1 $detection FRAME_PATH=again.jpg
same "in the same process" "$pid" main_pid

cp /src/deploy/vedette.toml $config
mark
systemctl reload vedette.service
systemctl reload vedette.service
check "two reloads in a row end with the last settings in force" pace
same "and no frame of the folder before is taken again" 0 count $detection SOURCE=/srv/camera
