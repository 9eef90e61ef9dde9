#!/usr/bin/env bash
# render.sh - looks at a report in a headless Chromium: does the page work, and by itself?
#
# usage: Tests/report/render.sh [REPORT.html] [OUTDIR]
#
# Without a report, the one of Tests/EvaluationTests/ReportFixture.swift is written by `swift test`.
# Checks that the scripts ran without a word on the console, that every section and drawing is there,
# that long tables are folded and sort, that nothing was asked of the network, and that pictures of
# it, light, dark and narrow, are not blank. Those lie in OUTDIR (default: a new folder in /tmp).
#
# Chromium and python3-pil are installed from Debian where they are missing (as root).
# Exit status: 0 all well, 1 something is wrong with the page, 2 a tool is missing.
set -euo pipefail

prog=${0##*/}
say() { printf '%s: %s\n' "$prog" "$*" >&2; }
die() { say "error: $2"; exit "$1"; }

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
report=${1-}
out=${2-$(mktemp -d /tmp/vedette-report.XXXXXX)}
mkdir -p "$out"

# Debian's own, for which Debian's packages are; another one may stand before it in PATH.
python=/usr/bin/python3

missing=()
command -v chromium > /dev/null || missing+=(chromium fonts-dejavu-core)
"$python" -c 'import PIL' 2> /dev/null || missing+=(python3-pil)
if ((${#missing[@]})); then
    ((EUID == 0)) || die 2 "missing: ${missing[*]} (Debian packages)"
    say "installing ${missing[*]}"
    apt-get install -y --no-install-recommends "${missing[@]}" > "$out/apt.log" 2>&1 \
        || die 2 "apt-get cannot install ${missing[*]}, see $out/apt.log"
fi

if [[ -z $report ]]; then
    report=$out/fixture.html
    (cd "$root" && VEDETTE_WRITE_REPORT=$report swift test --filter ReportPageTests > "$out/swift.log" 2>&1) \
        || die 1 "swift test failed, see $out/swift.log"
fi
[[ -s $report ]] || die 1 "$report is not there"

profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT
chrome() { # its standard error holds the console's lines
    timeout 120 chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --no-first-run \
        --disable-background-networking --disable-component-update --disable-sync \
        --user-data-dir="$profile" --enable-logging=stderr "$@"
}

# The probe does what a reader does, in a copy of the page whose policy admits it by a hash of its
# own, and leaves what it saw in the DOM.
"$python" - "$report" "$out/probed.html" << 'PROBE'
import base64, hashlib, sys

page = open(sys.argv[1], encoding="utf-8").read()
probe = """
const seen = {};
addEventListener('securitypolicyviolation', e => { seen.violation = e.blockedURI || e.violatedDirective; });
const table = document.querySelector('table.parts') || document.querySelector('table.sortable');
const column = [...table.tHead.rows[0].cells].findIndex(h => h.classList.contains('n'));
const values = () => [...table.tBodies[0].rows].map(r => Number(r.cells[column].dataset.v || NaN))
  .filter(v => v === v);
const button = table.tHead.rows[0].cells[column].querySelector('button');
const sorted = (list, sign) => list.every((v, i) => i === 0 || sign * (v - list[i - 1]) >= 0);
button.click();
seen.ascending = sorted(values(), 1);
button.click();
seen.descending = sorted(values(), -1);
const fold = document.querySelector('table[data-fold]');
seen.folded = !fold || [...fold.tBodies[0].rows].filter(r => !r.hidden).length === Number(fold.dataset.fold);
const more = document.querySelector('.more');
if (more) more.click();
seen.unfolded = !fold || ![...fold.tBodies[0].rows].some(r => r.hidden);
seen.requests = performance.getEntriesByType('resource').filter(e => !e.name.startsWith('data:')).length;
seen.broken = [...document.images].filter(i => !i.complete || i.naturalWidth === 0).length;
seen.wide = document.documentElement.scrollWidth > document.documentElement.clientWidth;
document.documentElement.dataset.seen = JSON.stringify(seen);
"""
digest = base64.b64encode(hashlib.sha256(probe.encode()).digest()).decode()
page = page.replace("script-src '", f"script-src 'sha256-{digest}' '", 1)
page = page.replace("</body>", f"<script>{probe}</script></body>", 1)
open(sys.argv[2], "w", encoding="utf-8").write(page)
PROBE

chrome --virtual-time-budget=5000 --window-size=1280,1000 --dump-dom \
    --log-net-log="$out/net.json" "file://$(realpath "$out/probed.html")" \
    > "$out/dom.html" 2> "$out/console.log" || die 1 "chromium failed, see $out/console.log"

shot() { # name, size, scheme (0 dark, 1 light)
    chrome --window-size="$2" --blink-settings=preferredColorScheme="$3" \
        --screenshot="$out/$1.png" "file://$(realpath "$report")" >> "$out/shots.log" 2>&1 \
        || die 1 "no picture of the page, see $out/shots.log"
}
shot light 1280,6000 1
shot dark 1280,6000 0
shot narrow 420,6000 1

"$python" - "$out" << 'CHECK'
import html, json, re, sys
from PIL import Image

out = sys.argv[1]
problems = []

def check(good, what):
    if not good:
        problems.append(what)

dom = open(f"{out}/dom.html", encoding="utf-8").read()
console = [line for line in open(f"{out}/console.log", errors="replace") if "CONSOLE" in line]
check(not console, "the console says: " + " ".join(console[:3]))
for name in ["builds", "sizes", "groups", "changes", "layers", "origin"]:
    check(f'<section id="{name}">' in dom, f"section {name} is not in the DOM")
check('data-ready="yes"' in dom, "the page's script did not run to its end")
seen = re.search(r'data-seen="([^"]*)"', dom)
check(seen, "the probe did not run to its end")
if seen:
    seen = json.loads(html.unescape(seen[1]))
    for name in ["ascending", "descending", "folded", "unfolded"]:
        check(seen[name], f"a table is not {name}")
    for name in ["requests", "broken", "wide", "violation"]:
        check(not seen.get(name), f"{name}: {seen.get(name)}")
check(dom.count("<svg") > 3, "there are no drawings")
check("<script>alert" not in dom, "a name became a script")

# What the browser does for itself (updates, its start page) is none of the page's doing.
try:
    net = json.load(open(f"{out}/net.json"))
except json.JSONDecodeError:  # cut off where the browser went away
    text = open(f"{out}/net.json").read()
    net = json.loads(text[: text.rindex("\n{") ].rstrip().rstrip(",") + "]}")
urls = {e["params"]["url"] for e in net["events"] if "url" in e.get("params", {})}
asked = [u for u in urls if re.match(r"(https?|wss?|ftp):", u) and "google" not in u]
check(not asked, f"requests: {sorted(asked)[:3]}")

for name, dark in [("light", False), ("dark", True), ("narrow", False)]:
    image = Image.open(f"{out}/{name}.png").convert("L")
    histogram = image.histogram()
    paper = max(range(256), key=histogram.__getitem__)
    inked = 1 - histogram[paper] / sum(histogram)
    check(inked > 0.02, f"{name}.png is blank: {inked:.1%} of it is not paper")
    check((paper < 128) == dark, f"{name}.png: the paper's grey is {paper}")

for problem in problems:
    print("render.sh: " + problem)
print(f"render.sh: pictures: {out}/light.png {out}/dark.png {out}/narrow.png")
print(f"{0 if problems else 1} passed, {1 if problems else 0} failed")
sys.exit(1 if problems else 0)
CHECK
