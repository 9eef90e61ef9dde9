# shellcheck shell=sh
# shellcheck disable=SC2034 # its variables are for the scripts that read it
# Where things go: shared by install and uninstall, which read it. Not a program.

top=$(cd "$(dirname "$0")/.." && pwd)
program=deploy/$(basename "$0")
prefix=/usr/local sysconfdir=/etc destdir=${DESTDIR:-}

die() {
    printf '%s: error: %s\n' "$program" "$*" >&2
    exit 1
}
say() { printf '%s: %s\n' "$program" "$*" >&2; }

layout_usage() {
    cat <<USAGE
  --prefix DIR      for programs, units and models          [/usr/local]
  --sysconfdir DIR  for the configuration                   [/etc]
  --destdir DIR     work in a tree below DIR, for a package; nothing outside it is
                    touched and nothing is started          [\$DESTDIR]
USAGE
}

# layout_option NAME VALUE: takes one of the options above; fails for any other.
layout_option() {
    case $1 in
    --prefix) prefix=$2 ;;
    --sysconfdir) sysconfdir=$2 ;;
    --destdir) destdir=$2 ;;
    *) return 1 ;;
    esac
}

# Called when the options are known: the folders that follow from them.
layout_settle() {
    for folder in "$prefix" "$sysconfdir"; do
        case $folder in
        /*) ;;
        *) die "'$folder' is not an absolute path" ;;
        esac
        case $folder in
        *[!A-Za-z0-9/._+-]*) die "'$folder' has characters that unit files would read otherwise" ;;
        esac
    done
    # systemd looks for its files below /usr and /usr/local only, wherever the programs are.
    case $prefix in
    /usr) libdir=/usr/lib ;;
    *) libdir=/usr/local/lib ;;
    esac
    bindir=$prefix/bin
    datadir=$prefix/share/vedette
    docdir=$prefix/share/doc/vedette
    confdir=$sysconfdir/vedette
    unitdir=$libdir/systemd/system
    catalogdir=$libdir/systemd/catalog
    sysusersdir=$libdir/sysusers.d
    tmpfilesdir=$libdir/tmpfiles.d
    # The files of an installation, a path a line, for uninstall.
    manifest=$datadir/manifest
}

# True where a running systemd is to hear of the change.
is_live() { [ -z "$destdir" ] && [ -d /run/systemd/system ]; }
