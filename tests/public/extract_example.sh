#!/bin/sh
# SPDX-License-Identifier: MIT
# Prints the C program that follows the line `<!-- example -->` of a Markdown file.
#
#   extract_example.sh README.md
set -eu

awk '
    /^<!-- example -->$/ { wanted = 1 }
    wanted && /^```c$/ { inside = 1; next }
    inside && /^```$/ { done = 1; exit }
    inside { print }
    END {
        if (!done) {
            print FILENAME ": no C program after <!-- example -->" > "/dev/stderr"
            exit 1
        }
    }' "$1"
