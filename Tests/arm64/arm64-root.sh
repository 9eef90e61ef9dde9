#!/usr/bin/env bash
# arm64-root.sh - cross-compile a Swift package for ARM64 (aarch64) Linux on an
# x86-64 Debian machine, and run its programs and tests under QEMU user emulation.
#
# It lays out, in a cache folder, with nothing installed into the running system:
#   host/     an x86-64 Debian root that holds Debian's own Swift compiler
#   sysroot/  the ARM64 libc, libstdc++, Swift libraries and -dev packages
#   sdk/      a Swift SDK bundle (SE-0387) that joins the two
# The packages come, signature-checked, from the mirror this machine's apt uses.

set -euo pipefail

prog=${0##*/}
die() { printf '%s: error: %s\n' "$prog" "$*" >&2; exit 1; }
say() { printf '%s: %s\n' "$prog" "$*" >&2; }

usage() {
  cat <<USAGE
usage: $prog COMMAND [ARGUMENT...]

  setup               build the toolchain and sysroot if they are not there yet
  build [ARG...]      swift build for ARM64 of the package in this folder
  test [ARG...]       build the package's tests for ARM64 and run them (XCTest
                      and Swift Testing) under QEMU, once for each CPU in ARM64_CPUS
  run PROGRAM [ARG..] run an ARM64 program under QEMU, on the first of ARM64_CPUS;
                      ARM64 programs that it starts in turn run too
  shell [CMD ARG...]  run a command (or bash) beside the x86-64 compiler
  swift [ARG...]      the compiler's own swift (for example: swift --version)
  where               print the folders in use
  clean               remove this suite's folder from the cache

environment:
  ARM64_ROOT_DIR  cache folder           [\${XDG_CACHE_HOME:-\$HOME/.cache}/swift-arm64]
  ARM64_SUITE     Debian suite           [trixie]
  ARM64_LIBS      -dev packages to link  [libjpeg62-turbo-dev libsystemd-dev]
  ARM64_CPUS      QEMU CPU models        [cortex-a72 cortex-a76]
  ARM64_SCRATCH   SwiftPM build folder   [.build-arm64]
  ARM64_MIRROR    Debian mirror          [the one in this machine's apt sources]
  ARM64_KEYRING   archive keyring        [/usr/share/keyrings/debian-archive-keyring.gpg]

The first setup needs apt's tools, network access to the mirror, about 5 GB of
disk and a minute or two; later calls start at once. Root is not needed where
unprivileged user namespaces are allowed. Running programs needs qemu-user-static.
USAGE
}

suite=${ARM64_SUITE:-trixie}
base=${ARM64_ROOT_DIR:-${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/swift-arm64}
libs=${ARM64_LIBS-libjpeg62-turbo-dev libsystemd-dev libflatbuffers-dev}
cpus=${ARM64_CPUS:-cortex-a72 cortex-a76}
scratch=${ARM64_SCRATCH:-.build-arm64}
keyring=${ARM64_KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}
triple=aarch64-unknown-linux-gnu
sdk_id=debian-arm64
layout=5 # raise when what setup() lays out changes

[[ $suite =~ ^[a-z][a-z0-9-]*$ ]] || die "ARM64_SUITE is not a suite name: '$suite'"
[[ $base == /* ]] || base=$PWD/$base
# The compiler's root has folders of these names of its own.
reachable() { [[ ! $1/ =~ ^/(usr|etc|boot|bin|sbin|lib[^/]*)/ ]] || die "cannot work in $1: choose a folder outside /usr, /etc and /boot"; }
reachable "$base"
[[ $base =~ [[:space:]] ]] && die "ARM64_ROOT_DIR may not hold white space: '$base'"
dir=$base/$suite
host=$dir/host
sysroot=$dir/sysroot
want="layout=$layout suite=$suite libs=$libs"

need() {
  local tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null 2>&1 || die "needs the command '$tool'; install it first"
  done
}

# ------------------------------------------------------------------ packages --

find_mirror() {
  if [[ -n ${ARM64_MIRROR:-} ]]; then printf '%s\n' "$ARM64_MIRROR"; return; fi
  local codename uri
  codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
  uri=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    awk -v r="$codename" '$2 == r && $3 == "main" { print $1; exit }')
  [[ -n $uri ]] || die "found no Debian 'main' source for '$codename' in apt's sources; set ARM64_MIRROR"
  printf '%s\n' "$uri"
}

# A private apt for one architecture: apt_for ARCH SUBCOMMAND...
apt_for() {
  local arch=$1; shift
  local at=$dir/apt-$arch
  if [[ ! -e $at/apt.conf ]]; then
    mkdir -p "$at/lists/partial" "$at/cache/archives/partial"
    : >"$at/status"
    printf 'deb [arch=%s signed-by=%s] %s %s main\n' "$arch" "$keyring" "$mirror" "$suite" >"$at/sources.list"
    cat >"$at/apt.conf" <<CONF
Dir::State "$at";
Dir::State::Lists "$at/lists";
Dir::State::status "$at/status";
Dir::Cache "$at/cache";
Dir::Log "$at";
Dir::Etc::SourceList "$at/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
APT::Architecture "$arch";
APT::Architectures "$arch";
APT::Sandbox::User "$(id -un)";
APT::Install-Recommends "0";
Acquire::Languages "none";
Acquire::Retries "3";
CONF
  fi
  local tool=apt-get
  [[ $1 == depends || $1 == policy || $1 == show ]] && tool=apt-cache
  APT_CONFIG=$at/apt.conf "$tool" "$@"
}

# unpack FOLDER DEB [TAR-OPTION...]
unpack() {
  local to=$1 deb=$2; shift 2
  dpkg-deb --fsys-tarfile "$deb" |
    tar -C "$to" -xf - --no-same-owner --keep-directory-symlink \
      --exclude=./usr/share/doc --exclude=./usr/share/man --exclude=./usr/share/locale "$@" ||
    die "cannot unpack $deb"
}

fetch_and_unpack() { # ARCH FOLDER PACKAGE...
  local arch=$1 to=$2; shift 2
  local debs=$dir/apt-$arch/cache/archives deb
  say "$arch: downloading"
  apt_for "$arch" -qq -y --download-only install "$@" >"$dir/apt-$arch/log" 2>&1 ||
    { tail -n 20 "$dir/apt-$arch/log" >&2; die "$arch packages cannot be had: $*"; }
  say "$arch: unpacking"
  mkdir -p "$to"
  # base-files first: it brings the /bin, /lib and /sbin links that the rest needs.
  unpack "$to" "$(ls "$debs"/base-files_*.deb)"
  for deb in "$debs"/*.deb; do
    case ${deb##*/} in
      base-files_*) ;;
      swiftlang_*)
        if [[ $arch == arm64 ]]; then
          # Of the compiler's own package the target needs its modules, headers
          # and static libraries only.
          dpkg-deb --fsys-tarfile "$deb" | tar -C "$to" -xf - --no-same-owner --keep-directory-symlink \
            --wildcards --exclude='*/swift/embedded' --exclude='*/lib/swift/host' \
            './usr/libexec/swift/lib/swift*' ./usr/libexec/swift/lib/clang || die "cannot unpack $deb"
        else
          unpack "$to" "$deb" --wildcards --exclude='*/swift/embedded' --exclude='*/liblldb.so*' \
            --exclude='*/bin/lldb*' --exclude='*/bin/clangd' --exclude='*/bin/sourcekit-lsp' \
            --exclude='*/bin/docc' --exclude='*/lib/swift_static'
        fi ;;
      *) unpack "$to" "$deb" ;;
    esac
  done
  rm -rf "$debs" # half a gigabyte that nothing reads again
  mkdir -p "$debs/partial"
}

write_sdk() {
  local version=$1 bundle=$dir/sdk/$sdk_id.artifactbundle
  rm -rf "$dir/sdk"
  mkdir -p "$bundle/$triple"
  cat >"$bundle/info.json" <<JSON
{ "schemaVersion": "1.0",
  "artifacts": { "$sdk_id": { "type": "swiftSDK", "version": "$version",
    "variants": [ { "path": "$triple",
      "supportedTriples": ["x86_64-unknown-linux-gnu", "x86_64-pc-linux-gnu"] } ] } } }
JSON
  cat >"$bundle/$triple/swift-sdk.json" <<JSON
{ "schemaVersion": "4.0",
  "targetTriples": { "$triple": {
    "sdkRootPath": "sysroot",
    "swiftResourcesPath": "sysroot/usr/libexec/swift/lib/swift",
    "swiftStaticResourcesPath": "sysroot/usr/libexec/swift/lib/swift_static",
    "toolsetPaths": ["toolset.json"] } } }
JSON
  cat >"$bundle/$triple/toolset.json" <<'JSON'
{ "schemaVersion": "1.0", "swiftCompiler": { "extraCLIOptions": ["-use-ld=lld"] } }
JSON
  ln -s "../../../sysroot" "$bundle/$triple/sysroot"
  # swift-driver looks for this file in any SDK and warns where there is none.
  [[ -e $sysroot/SDKSettings.json ]] ||
    printf '{ "DisplayName": "Debian %s ARM64", "Version": "%s", "CanonicalName": "linux", "VersionMap": {} }\n' \
      "$suite" "$version" >"$sysroot/SDKSettings.json"
}

setup() {
  [[ -e $dir/ready && $(cat "$dir/ready") == "$want" ]] && return 0
  [[ $(uname -m) == x86_64 ]] || die "this cross toolchain runs on x86-64; on ARM64 use the native compiler"
  need apt-get apt-cache dpkg-deb tar awk unshare chroot flock
  [[ -r $keyring ]] || die "no archive keyring at $keyring; install debian-archive-keyring or set ARM64_KEYRING"
  mkdir -p "$dir"
  exec 9>"$dir/lock"
  flock 9
  if [[ -e $dir/ready && $(cat "$dir/ready") == "$want" ]]; then exec 9>&-; return 0; fi
  local free; free=$(df -Pk "$dir" | awk 'NR == 2 { print $4 }')
  ((free > 6 * 1024 * 1024)) || die "needs 6 GB free under $dir; there are $((free / 1024)) MB"
  local mirror; mirror=$(find_mirror)
  local t0=$SECONDS arch
  rm -rf "$host" "$sysroot" "$dir/sdk" "$dir/ready" "$dir"/apt-*
  for arch in amd64 arm64; do
    apt_for "$arch" -qq --error-on=any update >"$dir/log" 2>&1 || { cat "$dir/log" >&2; die "cannot read $suite for $arch from apt's mirror"; }
  done
  local version; version=$(apt_for arm64 policy swiftlang | awk '/Candidate:/ { print $2 }')
  [[ -n $version && $version != '(none)' ]] || die "suite '$suite' has no swiftlang for arm64"
  [[ $(apt_for amd64 policy swiftlang | awk '/Candidate:/ { print $2 }') == "$version" ]] ||
    die "suite '$suite' has not the same swiftlang for amd64 and arm64 just now"
  local gcc; gcc=$(apt_for arm64 depends gcc | sed -n 's/.*Depends: gcc-\([0-9]*\)$/\1/p' | head -n 1)
  [[ -n $gcc ]] || die "cannot tell the gcc version of suite '$suite'"
  say "Debian $suite, swiftlang $version, gcc $gcc, into $dir"
  # shellcheck disable=SC2086 # libs is a list
  fetch_and_unpack arm64 "$sysroot" base-files swiftlang libswiftlang libc6-dev "libstdc++-$gcc-dev" $libs
  fetch_and_unpack amd64 "$host" base-files swiftlang libswiftlang libc6-dev "libstdc++-$gcc-dev" \
    bash dash coreutils sed grep findutils tar gzip git pkgconf
  mkdir -p "$host"/{proc,dev,sys,tmp,etc}
  [[ -e $host/usr/bin/sh ]] || ln -s dash "$host/usr/bin/sh"
  # swift-driver 6.2 and later looks for the start-up object under SDK/usr/lib.
  local lib
  for lib in swift swift_static; do
    [[ -e $sysroot/usr/lib/$lib || ! -d $sysroot/usr/libexec/swift/lib/$lib ]] ||
      ln -s "../libexec/swift/lib/$lib" "$sysroot/usr/lib/$lib"
  done
  # Some versions of the package declare Swift Testing's Foundation overlay and lack
  # its library: tests that import both would not link. Such a tree does without.
  local at
  for at in "$host" "$sysroot"; do
    lib=$at/usr/libexec/swift/lib/swift/linux
    [[ -e $lib/lib_Testing_Foundation.so ]] || rm -rf "$lib/Testing.swiftcrossimport"
  done
  # Links in the ARM64 root that name absolute paths would lead out of it.
  find "$sysroot/usr/lib" -type l -lname '/*' -printf '%p %l\n' | while read -r link target; do
    [[ -e $sysroot$target ]] && ln -sfn "$(realpath -m --relative-to="$(dirname "$link")" "$sysroot$target")" "$link"
  done
  write_sdk "${version%%-*}"
  printf '%s\n' "$want" >"$dir/ready"
  exec 9>&-
  say "ready in $((SECONDS - t0)) s ($(du -sh --exclude='apt-*' "$dir" | cut -f1))"
}

# ------------------------------------------------------------------- running --

# Runs inside fresh mount (and, for emulation, user) namespaces.
# inside MODE COMMAND...   MODE: "cross" = in the x86-64 root, "here" = in this one
read -r -d '' inside_script <<'INSIDE' || true
set -eu
mode=$1 qemu=$2 host=$3 cwd=$4; shift 4
mount --make-rprivate / 2>/dev/null || true
if [ -n "$qemu" ]; then
  # A binfmt_misc of this user namespace's own (Linux 6.7 and later): the rest of
  # the machine does not see it. F: the interpreter is opened now, so that it is
  # found from any root. P, O, C: keep argv[0], pass the open file, its credentials.
  if mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc 2>/dev/null; then
    [ -e /proc/sys/fs/binfmt_misc/qemu-aarch64 ] || printf '%s' \
      ':qemu-aarch64:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:'"$qemu"':FPOC' \
      >/proc/sys/fs/binfmt_misc/register
  else
    echo "arm64-root: note: no private binfmt_misc here; ARM64 programs that a test starts will not run" >&2
    set -- "$qemu" "$@"
  fi
fi
if [ "$mode" = cross ]; then
  for d in /*; do
    case ${d#/} in
      bin|sbin|lib*|usr|etc|boot|lost+found) continue ;;
    esac
    [ -d "$d" ] && [ ! -L "$d" ] || continue
    mkdir -p "$host$d"
    mount --rbind "$d" "$host$d"
  done
  for f in /etc/gitconfig /etc/passwd /etc/group /etc/resolv.conf /etc/hosts; do
    [ -e "$f" ] || continue
    [ -e "$host$f" ] || : >"$host$f"
    mount --bind "$f" "$host$f"
  done
  exec chroot "$host" /usr/bin/env -C "$cwd" "$@"
fi
exec "$@"
INSIDE

inside() {
  local mode=$1 ns=(--mount) qemu=; shift
  [[ $mode == here ]] && { qemu=$(qemu_path); ns=(--user --map-root-user --mount); }
  ((EUID == 0)) || ns=(--user --map-root-user --mount)
  if [[ $mode == here ]] && ! unshare "${ns[@]}" true 2>/dev/null; then
    say "note: no user namespaces here; ARM64 programs that a test starts will not run"
    "$qemu" "$@"; return
  fi
  unshare "${ns[@]}" bash -c "$inside_script" arm64-root "$mode" "$qemu" "$host" "$PWD" "$@"
}

qemu_path() {
  command -v qemu-aarch64-static || command -v qemu-aarch64 ||
    die "needs qemu-aarch64-static; install Debian's qemu-user-static"
}

cross() {
  reachable "$PWD"
  local pc=$sysroot/usr/lib/aarch64-linux-gnu/pkgconfig:$sysroot/usr/share/pkgconfig
  inside cross env -u LD_LIBRARY_PATH -u SWIFT_EXEC -u CC -u CXX \
    PATH=/usr/libexec/swift/bin:/usr/bin:/bin LC_ALL=C.UTF-8 \
    PKG_CONFIG_PATH="$pc" PKG_CONFIG_LIBDIR="$pc" PKG_CONFIG_SYSROOT_DIR="$sysroot" "$@"
}

build() {
  [[ -e Package.swift ]] || die "no Package.swift in $PWD"
  cross swift build --scratch-path "$scratch" --swift-sdks-path "$dir/sdk" --swift-sdk "$sdk_id" "$@"
}

emulate() { # CPU PROGRAM ARG...
  local cpu=$1; shift
  QEMU_CPU=$cpu QEMU_LD_PREFIX=$sysroot inside here "$@"
}

run_tests() {
  local run_args=() build_args=() bin cpu status=0 out
  while (($#)); do
    case $1 in
      --) shift; run_args=("$@"); break ;;
      *) build_args+=("$1"); shift ;;
    esac
  done
  build --build-tests "${build_args[@]}"
  bin=$(build --show-bin-path "${build_args[@]}" | tail -n 1)
  local bundles=("$bin"/*.xctest) bundle
  [[ -e ${bundles[0]} ]] || die "the build left no test program in $bin"
  for cpu in $cpus; do
    for bundle in "${bundles[@]}"; do
      say "XCTest on $cpu: ${bundle##*/}"
      emulate "$cpu" "$bundle" "${run_args[@]}" || { status=1; say "FAILED: XCTest on $cpu"; }
      if grep -qa 'libTesting.so' "$bundle"; then
        say "Swift Testing on $cpu: ${bundle##*/}"
        out=0; emulate "$cpu" "$bundle" --testing-library swift-testing || out=$?
        # 69: the runner's code for 'there are no such tests'
        [[ $out == 0 || $out == 69 ]] || { status=1; say "FAILED: Swift Testing on $cpu"; }
      fi
    done
  done
  return "$status"
}

main() {
  local command=${1:-help}
  (($#)) && shift
  case $command in
    setup) setup ;;
    build) setup; build "$@" ;;
    test) setup; qemu_path >/dev/null; run_tests "$@" ;;
    run) setup; (($#)) || die "run: name a program"; emulate "${cpus%% *}" "$@" ;;
    shell) setup; (($#)) || set -- bash; cross "$@" ;;
    swift) setup; cross swift "$@" ;;
    where)
      printf 'folder         %s\ncompiler root  %s\nsysroot        %s\nSwift SDKs     %s (--swift-sdk %s)\n' \
        "$dir" "$host" "$sysroot" "$dir/sdk" "$sdk_id" ;;
    clean) [[ -e $dir/lock ]] || die "nothing of ours at $dir"; rm -rf "$dir" ;;
    help|-h|--help) usage ;;
    *) usage >&2; die "unknown command '$command'" ;;
  esac
}

main "$@"
exit
