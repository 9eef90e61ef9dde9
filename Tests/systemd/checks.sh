# shellcheck shell=bash
# For the scripts of this folder, outside and inside the container. Not a program.
#
# Status of a script: 0 all passed, 1 something failed, 77 skipped (with the reason).

passed=0 failed=0 skipped=0

# check SENTENCE COMMAND...: passes if the command succeeds; its output is shown if it does not.
check() {
  local sentence=$1 output
  shift
  if output=$("$@" 2>&1); then
    passed=$((passed + 1))
    printf 'ok       %s\n' "$sentence"
  else
    failed=$((failed + 1))
    printf 'FAILED   %s\n' "$sentence"
    printf '         > %s\n' "$*"
    # shellcheck disable=SC2001 # every line gets it, not only the first
    [[ -z $output ]] || sed 's/^/         | /' <<<"$output"
  fi
}

# refuse SENTENCE COMMAND...: passes if the command fails.
refuse() {
  local sentence=$1
  shift
  check "$sentence" not "$@"
}
not() { ! "$@"; }

# same SENTENCE EXPECTED COMMAND...: passes if the command prints this.
same() {
  local sentence=$1 expected=$2
  shift 2
  check "$sentence" prints "$expected" "$@"
}
prints() {
  local expected=$1 output
  shift
  output=$("$@") || true
  [[ $output == "$expected" ]] || { printf 'expected: %s\nprinted:  %s\n' "$expected" "$output"; return 1; }
}

# skip SENTENCE REASON: counted and said, so that it is not taken for passed.
skip() {
  skipped=$((skipped + 1))
  printf 'SKIPPED  %s: %s\n' "$1" "$2"
}

# The last line of a script: the sum, as its status.
finish_checks() {
  printf '%s: %d passed, %d failed, %d skipped\n' "${0##*/}" "$passed" "$failed" "$skipped"
  ((failed == 0))
}

# For the outer scripts: ends the script as skipped where no container can be booted.
need_container() {
  local reason
  reason=$("$1/with-systemd.sh" --check 2>&1) && return
  printf 'SKIPPED  %s: %s\n' "${0##*/}" "$reason"
  exit 77
}
