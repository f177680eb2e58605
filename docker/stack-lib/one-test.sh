# shellcheck shell=bash
# one-test.sh: single tests on the running stack, with what has been changed in the checkout since: seconds, where
# "check" takes minutes.

# docker/stack sets it, the root of the checkout
: "${checkout:?}"

# one_test NAME...: sql/NAME.sql, extension/t/NAME*.pl or docker/sidecar/tests/NAME.c
one_test() {
  local name kind file failed=() found=""
  (($# > 0)) || die "test: which one?" "make test TEST=rows_types, TEST=070 or TEST=test_runner"
  for name in "$@"; do
    found+=$(find_test "$name")$'\n'
  done
  need_up
  deps check
  # to the end: one at a time, and no "down" meanwhile
  hold_home
  renew
  trap 'one_test_ends $?' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  TESTS_TMP=$(as_server mktemp -d "$POC_HOME/t.XXXX")
  as_server mkdir -p results
  while IFS=: read -r -u 3 kind file; do
    say "== $file"
    "one_$kind" "$file" || failed+=("$file")
  done 3<<< "${found%$'\n'}"
  ((${#failed[@]} == 0)) || die "test: failed: ${failed[*]}"
}

# find_test NAME: prints "KIND:FILE" for each test of that name, or says which there are like it
find_test() {
  local name=${1##*/} like
  name=${name%.*}
  (
    cd "$checkout"
    shopt -s nullglob
    printf 'regress:%s\n' "sql/$name".sq[l]
    printf 'unit:%s\n' docker/sidecar/tests/"$name".[c] docker/sidecar/tests/*/"$name".[c]
    [[ ! $name =~ ^[0-9]{3} ]] || printf 'tap:%s\n' extension/t/"$name"*.pl
  ) | grep -v ':$' && return
  like=$(cd "$checkout" && find sql extension/t docker/sidecar/tests \( -name "*${name//[^A-Za-z0-9_]/}*.sql" -o -name "*${name//[^A-Za-z0-9_]/}*.pl" \
    -o -name "test_*${name//[^A-Za-z0-9_]/}*.c" \) -printf '%f ' | sed 's/\.[a-z]* / /g')
  die "test: there is no test \"$1\"" "it is looked for as sql/NAME.sql, extension/t/NAME*.pl and docker/sidecar/tests/NAME.c" \
    ${like:+"like it: $like"}
}

# What the checkout holds now; the server is started again if its library has changed, the sidecar is not.
# To bring up Barman as well takes longer than most tests.
renew() {
  build
  postgres1_start
}

one_regress() {
  local name=${1##*/}
  regress REGRESS="${name%.sql}"
}

one_unit() {
  local file=${1#docker/sidecar/}
  as_server make -s -C src/docker/sidecar WERROR= "${file%.c}" > "$(build_log test)" 2>&1 || build_failed test
  # shellcheck disable=SC2016
  test_as_server sh -c 'cd src/docker/sidecar && exec "./$1"' sh "${file%.c}"
}

one_tap() {
  # one that failed has left its servers' data to look at, until now
  as_server rm -rf results/tap
  [[ ${1##*/} != 19* ]] || deps page
  TAP_FILES=${1#extension/} suite_tap
}

one_test_ends() {
  trap '' INT TERM HUP
  sweep "$TESTS_TMP"
  as_server rm -rf "$TESTS_TMP"
  exit "$1"
}
