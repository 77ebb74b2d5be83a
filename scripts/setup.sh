# Sourced by demo and check: the packages a build needs, and the build.
# need_packages PACKAGE... installs what is missing (root, or sudo without a
# password), else prints the line to run and stops with status 2.

apt_install() {
    $1 apt-get update -qq &&
        $1 env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
            --no-install-recommends $2 >/dev/null
}

need_packages() {
    missing=
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null |
            grep -q 'install ok installed' || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    command -v apt-get >/dev/null || {
        echo "This is neither Debian nor Ubuntu. Install what these packages hold:$missing" >&2
        exit 2
    }
    if [ "$(id -u)" = 0 ]; then
        echo "Installing$missing" >&2
        apt_install "" "$missing" && return 0
        echo "apt-get could not install them; see above." >&2
        exit 2
    fi
    # sudo may ask for a password where somebody can answer
    if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
        echo "Installing$missing" >&2
        apt_install sudo "$missing" && return 0
    fi
    echo "Packages are missing. Run this as root, then try again:" >&2
    echo "    apt-get update && apt-get install -y --no-install-recommends$missing" >&2
    exit 2
}

BUILD_PACKAGES="gcc libc6-dev meson ninja-build pkg-config libpcap-dev libjansson-dev libarchive-dev"

# build DIR [MESON OPTION...]: set up once, then only what changed.
build() {
    build_dir=$1
    shift
    if [ -w . ] && { [ ! -e "$build_dir" ] || [ -w "$build_dir" ]; }; then :; else
        echo "$(pwd)/$build_dir cannot be written by $(id -un)." >&2
        echo "Remove it, or work in a clone of your own." >&2
        exit 2
    fi
    # a build that was copied here would compile the tree it came from
    if [ -e "$build_dir/source" ] && [ "$(cat "$build_dir/source")" != "$(pwd)" ]; then
        rm -rf "$build_dir"
    fi
    mkdir -p "$build_dir"
    pwd >"$build_dir/source"
    if [ ! -e "$build_dir/build.ninja" ]; then
        meson setup "$build_dir" "$@" >"$build_dir/setup.log" 2>&1 || {
            tail -n 20 "$build_dir/setup.log" >&2
            exit 2
        }
    fi
    ninja -C "$build_dir" >"$build_dir/build.log" 2>&1 || {
        tail -n 40 "$build_dir/build.log" >&2
        exit 2
    }
}
