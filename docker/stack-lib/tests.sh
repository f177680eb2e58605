# shellcheck shell=bash
# tests.sh: installcheck against the running stack; check and bench on a private one that is always
# torn down, however they end.

# check [SUITE...]: unit, regress and tap if none is named
check() {
  local suite failed=0 began=$SECONDS suites=("$@")
  ((${#suites[@]} > 0)) || suites=(unit regress tap)
  deps check
  private_stack
  as_server mkdir -p results
  : > "$POC_HOME/results/counts"
  for suite in "${suites[@]}"; do
    say "== $suite"
    as_server touch "results/$suite.log"
    "suite_$suite" || failed=1
  done
  summary "$((SECONDS - began))" || failed=1
  return "$failed"
}

bench() {
  deps bench
  private_stack
  test_as_server src/extension/bench/run "$@"
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
  up
}

tear_down() {
  trap '' INT TERM HUP
  down
  exit "$1"
}

# Runs a test as the servers' user with everything that "docker/stack env" tells in its environment.
test_as_server() {
  local assignments
  mapfile -t assignments < <(print_env)
  as_server env "${assignments[@]}" PG_CONFIG="$(pg_bindir)/pg_config" PATH="$(pg_bindir):$PATH" "$@"
}

suite_unit() {
  test_as_server make -s -C src/docker/sidecar check 2>&1 | log_of unit
}

suite_regress() { regress 2>&1 | log_of regress; }

regress() {
  test_as_server make -s -C "$POC_HOME/src" with_llvm=no PG_CONFIG="$(pg_bindir)/pg_config" installcheck && return
  as_server sh -c 'test ! -e src/regression.diffs || cat src/regression.diffs'
  return 1
}

# As PGXS's prove_installcheck does it.
suite_tap() {
  local pgxs results=$POC_HOME/results/tap
  pgxs=$("$(pg_bindir)/pg_config" --pgxs)
  pgxs=${pgxs%/src/makefiles/pgxs.mk}
  as_server mkdir -p "$results/log"
  # shellcheck disable=SC2016
  test_as_server env TESTDIR="$results" TESTDATADIR="$results" TESTLOGDIR="$results/log" \
    PG_TEST_PORT_DIR="$results/ports" PGPORT="$(free_port)" top_builddir="$pgxs" PG_REGRESS="$pgxs/src/test/regress/pg_regress" \
    sh -c 'cd src/extension && exec prove -I "$1/src/test/perl" -I t/lib t/*.pl' sh "$pgxs" 2>&1 | log_of tap && return
  say "--- the end of the failed tests' logs"
  as_server sh -c "tail -n 40 '$results'/log/regress_log_* '$results'/tmp_check/log/regress_log_* 2> /dev/null" || true
  return 1
}

log_of() { as_server tee "results/$1.log"; }

# Counts what the suites said of themselves, so that a suite that ran nothing is seen.
summary() {
  local unit regress tap failed
  unit=$(count unit 's/^\[ +PASSED +\] ([0-9]+) test.*/\1/p')
  regress=$(count_lines regress '^(test .* ok( |$)|ok [0-9]+)')
  tap=$(count tap 's/^Files=[0-9]+, Tests=([0-9]+),.*/\1/p')
  failed=$(($(count unit 's/^ *([0-9]+) FAILED TEST.*/\1/p') + $(count tap 's/.*Tests: [0-9]+ Failed: ([0-9]+).*/\1/p') + \
    $(count_lines regress '^(test .* FAILED|not ok [0-9]+)')))
  say "== check: unit tests $unit, regression files $regress, TAP tests $tap, in $1 s"
  for suite in "${suites[@]}"; do
    case $suite in
      unit) ((unit > 0)) ;;
      regress) ((regress > 0)) ;;
      tap) ((tap > 0)) ;;
    esac || {
      say "suite $suite ran no test"
      failed=$((failed + 1))
    }
  done
  echo "$((unit + regress + tap - $(count tap 's/.*Tests: [0-9]+ Failed: ([0-9]+).*/\1/p'))) passed, $failed failed"
}

# count SUITE SED-SCRIPT: the sum of the numbers it prints
count() { as_server sh -c "cat results/$1.log 2> /dev/null || true" | sed -nE "$2" | awk '{n += $1} END {print n + 0}'; }

count_lines() { as_server sh -c "cat results/$1.log 2> /dev/null || true" | grep -cE "$2" || true; }
