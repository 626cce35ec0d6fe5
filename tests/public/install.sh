#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs the build into a temporary root, compiles and runs a program against
# the shared and the static library by pkg-config, and compares what the shared
# library exports with what the public headers declare.
#
#   install.sh BUILD PROGRAM.c COMPILER...
set -eu

build=$1
program=$2
shift 2

for tool in meson pkg-config nm; do
    if ! command -v "$tool" >/dev/null; then
        echo "not run: $tool is missing"
        exit 77
    fi
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
DESTDIR=$root meson install -C "$build" --no-rebuild --quiet

the() { # the one installed file of this name
    found=$(find "$root" -name "$1")
    if [ ! -e "$found" ]; then
        echo "installed $1: found '$found', expected one file" >&2
        exit 1
    fi
    echo "$found"
}

pc=$(the mlp.pc)
header=$(the mlp.h)
archive=$(the libmlp.a)
the mlp.1 >/dev/null
"$(find "$root" -path '*/bin/mlp')" --version

PKG_CONFIG_PATH=${pc%/*}${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
PKG_CONFIG_SYSROOT_DIR=$root
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR

# pkg-config's answers are lists of words.
# shellcheck disable=SC2046
"$@" "$program" -o "$work/shared" $(pkg-config --cflags --libs mlp)
mkdir "$work/static"
cp "$archive" "$work/static"
# shellcheck disable=SC2046
"$@" "$program" -o "$work/static/program" $(pkg-config --cflags mlp) \
    -L"$work/static" $(pkg-config --static --libs mlp)

libraries=${archive%/*}
shared=$(LD_LIBRARY_PATH=$libraries DYLD_LIBRARY_PATH=$libraries "$work/shared")
static=$("$work/static/program")
if [ -z "$shared" ] || [ "$shared" != "$static" ]; then
    echo "shared library: '$shared', static library: '$static', expected the same" >&2
    exit 1
fi
echo "fingerprint $shared with both libraries"

sed -n 's/^MLP_API.*[ *]\(mlp_[a-z0-9_]*\)(.*/\1/p' "${header%/*}"/*.h | sort >"$work/declared"
case $(uname) in
Darwin) nm -gU "$libraries/libmlp.dylib" | sed -n 's/.* _//p' ;;
*) nm -D --defined-only "$libraries/libmlp.so" | awk '{ print $3 }' ;;
esac | sort >"$work/exported"
if [ ! -s "$work/declared" ] || ! diff "$work/declared" "$work/exported"; then
    echo "the shared library must export what the headers declare, and nothing else" >&2
    exit 1
fi
echo "$(wc -l <"$work/exported") exported functions, all declared"
