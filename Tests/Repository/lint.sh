#!/bin/sh
# Looks at the form of every source, and at the repository itself; or brings the sources into that form.
#
#   Tests/Repository/lint.sh check PYTHON_ENVIRONMENT
#   Tests/Repository/lint.sh format PYTHON_ENVIRONMENT
#
# PYTHON_ENVIRONMENT is where requirements.txt is installed. The rules are in .swift-format, .clang-format and ruff.toml.
# check changes nothing. format changes what swift-format, clang-format and ruff can mend.
set -eu
usage="usage: Tests/Repository/lint.sh check|format PYTHON_ENVIRONMENT"
action=${1:?$usage}
ruff=${2:?$usage}/bin/ruff
cd "$(dirname "$0")/../.."
. Tests/Support/results.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Tracked, or new and not ignored.
list() { git ls-files -z --cached --others --exclude-standard -- "$@"; }
on_swift() { list '*.swift' | xargs -0 swift format "$@"; }
# Generated: Tests/Harness/make-fixtures.py writes fixtures.h, a line for each code, and a test compares the bytes.
on_c() { list '*.c' '*.h' ':!Tests/Harness/fixtures.h' | xargs -0 clang-format-19 "$@"; }
on_shell() { list '*.sh' .ci/run | xargs -0 shellcheck --external-sources "$@"; }
on_python() { "$ruff" check --no-cache --quiet "$@"; }

check() { # what, command
    what=$1 status=0
    shift
    "$@" > "$work/output" 2>&1 || status=$?
    result "$what" $status "$work/output"
}

case $action in
    check)
        check "Swift: swift format lint" on_swift lint --strict --parallel
        check "C: clang-format" on_c --dry-run --Werror
        check "shell: shellcheck" on_shell
        check "Python: ruff" on_python .
        check "the repository itself" python3 Tests/Repository/run.py
        results ;;
    format)
        on_swift format --in-place --parallel
        on_c -i
        # What ruff cannot mend is for `make lint` to say.
        on_python --fix --exit-zero . ;;
    *) echo "$usage" >&2; exit 2 ;;
esac
