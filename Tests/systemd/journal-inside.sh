#!/usr/bin/env bash
# journal-inside.sh - the checks of journal.sh; run as root in the container.
# shellcheck disable=SC2016 # variables of shells that run later
set -euo pipefail
# shellcheck source=/dev/null
source /src/Tests/systemd/checks.sh

mkdir -p /tmp/bin /tmp/models
cp /usr/bin/true /tmp/bin/vedette
cp /usr/bin/true /tmp/bin/vedetted
touch /tmp/models/model.tflite
/src/deploy/install --binaries /tmp/bin --models /tmp/models >&2

mkdir -p /run/systemd/system/vedette.service.d
cat >/run/systemd/system/vedette.service.d/test.conf <<'UNIT'
[Service]
Type=oneshot
Environment=VEDETTE_TEST_JOURNAL=1
ExecStart=
ExecStart=/tests/vedettePackageTests.xctest --testing-library swift-testing --filter RealJournalTests
TimeoutStartSec=120s
UNIT
systemctl daemon-reload

count() { journalctl --no-pager -q -o short "$@" | wc -l; }

check "the tests pass in the service's own sandbox" systemctl start vedette.service
journalctl --no-pager -q -o cat _COMM=vedettePackageT | grep -E 'Test run|issue' || true
check "the tests were run, not skipped" \
  grep -q 'Test run with 3 tests.* passed' <(journalctl --no-pager -q -o cat -u vedette.service)
# journald writes to its file when it gets to it.
journalctl --sync

same "an entry is found by kind and label" "1" \
  count MESSAGE_ID=4b6f859d724b4ba98891fcb9cb170f85 LABEL="tabby cat"
same "under the service's name, not the program's" "vedette" \
  journalctl --no-pager -q -o cat --output-fields=SYSLOG_IDENTIFIER FRAME_ID=vedette-test-1
same "at its priority" "5" \
  journalctl --no-pager -q -o cat --output-fields=PRIORITY FRAME_ID=vedette-test-1
same "its message is one line" 'tabby cat 0.87 (a\nb.jpg, 6.1 ms)' \
  journalctl --no-pager -q -o cat FRAME_ID=vedette-test-1
same "a file name keeps every byte" $'a\nb=\1.jpg' \
  journalctl --no-pager -q -o cat --output-fields=FRAME_PATH FRAME_ID=vedette-test-1
same "a repeated field keeps every value" $'TOP5=tabby cat 0.87\nTOP5=tiger cat 0.08' \
  bash -c 'journalctl --no-pager -q -o export FRAME_ID=vedette-test-1 | grep -a ^TOP5= | sort'
same "both of its values are found" "1" count TOP5="tiger cat 0.08"
check "the catalogue explains it" grep -q 'as far as the model can tell' \
  <(journalctl --no-pager -q -x FRAME_ID=vedette-test-1)
same "an entry of 6 MB arrives" "1" count FRAME_ID=vedette-test-2
same "every entry of a burst of 5000 arrives" "5000" count FRAME_ID=vedette-burst
same "journald held nothing back" "0" count -u systemd-journald --grep Suppressed
finish_checks
