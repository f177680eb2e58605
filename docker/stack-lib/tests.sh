# shellcheck shell=bash
# tests.sh: installcheck against the running stack; check and bench on a private one that is always
# torn down, however they end.

# check [SUITE...]: all of them if none is named, side by side; but TAP, which has deadlines to keep, by itself where
# there are few processors.  What one of several says is shown when it has ended.
check() {
  local suite lines="" began=$SECONDS all_passed=0 all_failed=0 suites=("$@") lane live
  ((${#suites[@]} > 0)) || suites=(unit sanitized regress tap)
  for suite in "${suites[@]}"; do
    declare -F "suite_$suite" > /dev/null || die "check: unknown suite \"$suite\"" "one of: unit sanitized regress tap, and threads fuzz backend page"
  done
  # a copy, for by its name what another user has opened cannot be opened again
  if ((${#suites[@]} > 1)); then exec {live}> /dev/null; else exec {live}>&1; fi
  deps check
  private_stack
  as_server mkdir -p results
  # it changes what the others use
  [[ " ${suites[*]} " != *" backend "* ]] || ((${#suites[@]} == 1)) || die "check: backend runs alone"
  for lane in "unit sanitized threads fuzz" regress backend page tap; do
    [[ $lane != tap ]] || (($(nproc) >= 4 || ${#backgrounds[@]} == 0)) || wait "${backgrounds[@]}" || true
    mapfile -t lane < <(printf '%s\n' "${suites[@]}" | grep -xF "${lane// /$'\n'}")
    ((${#lane[@]} == 0)) || background check_lane "${lane[@]}"
  done
  wait "${backgrounds[@]}" || true
  for suite in "${suites[@]}"; do
    sum_up "$suite"
  done
  # last, where it is seen of a long log
  for suite in "${suites[@]}"; do
    tell_failed "$suite"
  done
  printf '== check, %d s\n%s' "$((SECONDS - began))" "$lines"
  echo "$all_passed passed, $all_failed failed"
  ((all_failed == 0))
}

check_lane() {
  local suite ended began
  for suite in "$@"; do
    say "== $suite: begins"
    began=$SECONDS ended=no
    if "suite_$suite" 2>&1 < /dev/null | as_server tee "results/$suite.log" >&"$live"; then
      ended=yes
    fi
    as_server sh -c "echo '$ended $((SECONDS - began))' > results/$suite.end"
    ((${#suites[@]} > 1)) || continue
    {
      flock 8
      say "== $suite"
      as_server cat "results/$suite.log"
    } 8< "$POC_HOME/results"
  done
}

# Adds a suite to the sums of check.
sum_up() {
  local passed failed skipped ended=no seconds=0
  passed=$(count "$1" "$PASSED_LINES") failed=$(count "$1" "$FAILED_LINES") skipped=$(count "$1" "$SKIPPED_LINES")
  [[ ${POC_SKIPPED:-} != fail ]] || failed=$((failed + skipped))
  read -r ended seconds < <(as_server cat "results/$1.end") || true
  # a suite that died, and one that ran nothing, have failed too
  if ((failed == 0)) && { [[ $ended == no ]] || ((passed == 0)); }; then
    failed=1
  fi
  all_passed=$((all_passed + passed)) all_failed=$((all_failed + failed))
  lines+=$(printf '   %-10s %4d passed, %d failed, %d skipped, %d s' "$1" "$passed" "$failed" "$skipped" "$seconds")$'\n'
}

# The names of the tests of a suite that have failed
# shellcheck disable=SC2016
tell_failed() {
  as_server sh -c '
    grep -hE "^\[  FAILED  \] [a-z_]+$|^not ok |^(\[[0-9:.]+\]\([0-9.]+s\) )not ok |^test .* FAILED |^t/.* (Failed|Dubious|Bailout|Wstat)" "results/$1.log" |
      sort -u | head -n 30 | sed "s|^|   $1: |"' sh "$1"
}

# What the runners say of themselves, each line reduced to a number: cmocka, pg_regress (before 16
# and since), prove.
PASSED_LINES='
  s/^\[ +PASSED +\] ([0-9]+) test.*/\1/p
  s/^test .* \.\.\. ok .*/1/p
  s/^ok [0-9]+ .*/1/p
  s/^Files=[0-9]+, Tests=([0-9]+),.*/\1/p
  s/.*Tests: [0-9]+ Failed: ([0-9]+)\).*/-\1/p'
FAILED_LINES='
  s/^ *([0-9]+) FAILED TEST.*/\1/p
  s/^test .* \.\.\. FAILED .*/1/p
  s/^not ok [0-9]+ .*/1/p
  s/.*Tests: [0-9]+ Failed: ([0-9]+)\).*/\1/p'
# of prove --directives: a file that skips itself, a test
SKIPPED_LINES='
  s/^[^ ]+\.pl \.+ skipped: .*/1/p
  s/^ok [0-9]+ # skip .*/1/p'

# count SUITE LINES: the sum of these numbers
count() { as_server cat "results/$1.log" | sed -nE "$2" | awk '{n += $1} END {print n + 0}'; }

# bench [CASE...], bench barman [CASE...], or bench page
bench() {
  local program=run
  if [[ ${1:-} == page ]]; then
    deps page
    command -v wrk > /dev/null || die "wrk is missing" "apt-get install wrk"
    private_stack
    TAP_FILES=bench/page.pl suite_tap
    return
  fi
  if [[ ${1:-} == barman ]]; then
    program=barman
    shift
  fi
  deps bench
  private_stack
  test_as_server "src/extension/bench/$program" "$@"
}

installcheck() {
  need_up
  regress
}

# A stack that nobody else uses and that is gone when this process is.
private_stack() {
  POC_HOME=$(default_home)-$$
  trap 'tear_down $?' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  # short, because sockets are deep below it
  TESTS_TMP=/tmp
  runs_programs "$TESTS_TMP" || TESTS_TMP=/var/tmp
  TESTS_TMP=$(as_server mktemp -d "$TESTS_TMP/poc.XXXXXX")
  up
}

tear_down() {
  local pid
  trap '' INT TERM HUP
  for pid in "${backgrounds[@]}"; do
    kill -TERM -- "-$pid" 2> /dev/null || true
  done
  # who ends us, because something hangs, wants to know what
  ((${#backgrounds[@]} == 0 || $1 != 143)) || tell_unended
  # what tests leave behind that could not end by themselves
  if [[ -n ${TESTS_TMP:-} ]]; then
    sweep "$TESTS_TMP" pg src sanitized
    as_server rm -rf "$TESTS_TMP"
  fi
  down
  exit "$1"
}

# shellcheck disable=SC2016
tell_unended() {
  as_server sh -c '
    for log in results/*.log; do
      test -e "${log%.log}.end" || { echo "--- $log, which has not ended"; tail -n 40 "$log"; }
    done'
  tell_tap
}

# background COMMAND...: in a process group of its own, so that a signal to us need not wait for it and can end it
backgrounds=()
background() {
  set -m
  "$@" &
  set +m
  backgrounds+=($!)
}

# Runs a test as the servers' user with everything that "docker/stack env" tells in its environment.
test_as_server() {
  local assignments
  mapfile -t assignments < <(print_env)
  as_server env "${assignments[@]}" TMPDIR="${TESTS_TMP:-/tmp}" PG_CONFIG="$(pg_bindir)/pg_config" PATH="$(pg_bindir):$PATH" "$@"
}

suite_unit() { test_as_server make -s -C src/docker/sidecar -j "$(nproc)" check; }

# The same under ASan and UBSan, in a copy: these objects are not for the running sidecar.  After the unit tests: these
# measure how soon something happens.
suite_sanitized() {
  as_server cp -r src/docker/sidecar sanitized
  as_server make -s -C sanitized clean
  test_as_server make -s -C sanitized -j "$(nproc)" SANITIZE=1 WERROR= check
}

# What meets the network, under ThreadSanitizer: the sidecar's HTTP and its cache.
suite_threads() {
  as_server cp -r src/docker/sidecar threads
  as_server make -s -C threads clean
  test_as_server nice make -s -C threads -j "$(nproc)" SANITIZE=thread WERROR= check-threads
}

# Each fuzzer for POC_FUZZ_SECONDS, from the fixtures on.
suite_fuzz() {
  deps fuzz
  as_server cp -r src/docker/sidecar fuzzed
  test_as_server nice make -s -C fuzzed -j "$(nproc)" FUZZ_SECONDS="${POC_FUZZ_SECONDS:-60}" check-fuzz
}

suite_regress() { regress; }

# The page, in a real browser
suite_page() {
  deps page
  TAP_FILES='t/19*.pl' suite_tap
}

# The extension under UBSan: an error ends the session, and with it the server.
suite_backend() {
  as_server make -s -C "$POC_HOME/src" PG_CONFIG="$(pg_bindir)/pg_config" with_llvm=no clean
  as_server make -s -C "$POC_HOME/src" -j "$(nproc)" PG_CONFIG="$(pg_bindir)/pg_config" with_llvm=no SANITIZE=1 all install
  # for the library that it has loaded is another
  postgres1_start
  regress SANITIZE=1
  as_server sh -c '! grep "runtime error" log/postgres1.log'
}

# regress [VARIABLE=VALUE...]
regress() {
  test_as_server make -s -C "$POC_HOME/src" with_llvm=no PG_CONFIG="$(pg_bindir)/pg_config" "$@" installcheck && return
  as_server sh -c 'test ! -e src/regression.diffs || head -n 300 src/regression.diffs'
  return 1
}

# Files at a time: each has servers of its own and waits more than it computes.
TAP_JOBS=${TAP_JOBS:-2}
TAP_FILES=${TAP_FILES:-t/0*.pl t/1[0-8]*.pl}

# As PGXS's prove_installcheck does it.
# shellcheck disable=SC2016
suite_tap() {
  local pgxs results=$POC_HOME/results/tap
  pgxs=$("$(pg_bindir)/pg_config" --pgxs)
  pgxs=${pgxs%/src/makefiles/pgxs.mk}
  as_server mkdir -p "$results/log"
  # a line for every server that the tests make
  if shm_is_small; then
    as_server sh -c 'echo "dynamic_shared_memory_type = mmap" > results/temp.conf'
    local -x TEMP_CONFIG=$POC_HOME/results/temp.conf
  fi
  test_as_server env TESTDIR="$results" TESTDATADIR="$results" TESTLOGDIR="$results/log" \
    PG_TEST_PORT_DIR="$results/ports" PGPORT="$(free_port)" \
    top_builddir="$pgxs" PG_REGRESS="$pgxs/src/test/regress/pg_regress" \
    sh -c 'cd src/extension && exec prove --timer --directives --jobs "$2" -I "$1/src/test/perl" -I t/lib $3' sh "$pgxs" "$TAP_JOBS" "$TAP_FILES" && return
  tell_tap
  return 1
}

# What the TAP files that have failed, or have not ended, say of it.
# shellcheck disable=SC2016
tell_tap() {
  as_server sh -c '
    for log in results/tap/log/regress_log_* results/tap/tmp_check/log/regress_log_*; do
      if test -e "$log" && { grep -q "not ok " "$log" || ! grep -q " 1\.\.[0-9]" "$log"; }; then
        echo "--- $log"
        grep -A 12 "not ok " "$log"
        echo "--- its end"
        tail -n 20 "$log"
      fi
    done'
}
