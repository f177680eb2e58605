# shellcheck shell=bash
# tests.sh: installcheck against the running stack; check and bench on a private one that is always
# torn down, however they end.

# check [SUITE...]: all of them if none is named
check() {
  local suite passed failed ok lines="" began=$SECONDS all_passed=0 all_failed=0 suites=("$@")
  ((${#suites[@]} > 0)) || suites=(unit sanitized regress tap)
  deps check
  private_stack
  as_server mkdir -p results
  for suite in "${suites[@]}"; do
    say "== $suite"
    ok=yes
    "suite_$suite" 2>&1 | as_server tee "results/$suite.log" || ok=no
    passed=$(count "$suite" "$PASSED_LINES") failed=$(count "$suite" "$FAILED_LINES")
    # a suite that died, and one that ran nothing, have failed too
    if ((failed == 0)) && { [[ $ok == no ]] || ((passed == 0)); }; then
      failed=1
    fi
    all_passed=$((all_passed + passed)) all_failed=$((all_failed + failed))
    lines+=$(printf '   %-10s %4d passed, %d failed' "$suite" "$passed" "$failed")$'\n'
  done
  printf '== check, %d s\n%s' "$((SECONDS - began))" "$lines"
  echo "$all_passed passed, $all_failed failed"
  ((all_failed == 0))
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

# count SUITE LINES: the sum of these numbers
count() { as_server cat "results/$1.log" | sed -nE "$2" | awk '{n += $1} END {print n + 0}'; }

# bench [CASE...], or bench barman [CASE...]
bench() {
  local program=run
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

suite_unit() { test_as_server make -s -C src/docker/sidecar check; }

# The same under ASan and UBSan, in a copy: these objects are not for the running sidecar.
suite_sanitized() {
  as_server cp -r src/docker/sidecar sanitized
  as_server make -s -C sanitized clean
  test_as_server make -s -C sanitized -j "$(nproc)" SANITIZE=1 WERROR= check
}

suite_regress() { regress; }

regress() {
  test_as_server make -s -C "$POC_HOME/src" with_llvm=no PG_CONFIG="$(pg_bindir)/pg_config" installcheck && return
  as_server sh -c 'test ! -e src/regression.diffs || head -n 300 src/regression.diffs'
  return 1
}

# As PGXS's prove_installcheck does it.
# shellcheck disable=SC2016
suite_tap() {
  local pgxs results=$POC_HOME/results/tap
  pgxs=$("$(pg_bindir)/pg_config" --pgxs)
  pgxs=${pgxs%/src/makefiles/pgxs.mk}
  as_server mkdir -p "$results/log"
  test_as_server env TESTDIR="$results" TESTDATADIR="$results" TESTLOGDIR="$results/log" \
    PG_TEST_PORT_DIR="$results/ports" PGPORT="$(free_port)" \
    top_builddir="$pgxs" PG_REGRESS="$pgxs/src/test/regress/pg_regress" \
    sh -c 'cd src/extension && exec prove -I "$1/src/test/perl" -I t/lib t/*.pl' sh "$pgxs" && return
  as_server sh -c '
    for log in "$1"/log/regress_log_* "$1"/tmp_check/log/regress_log_*; do
      if test -e "$log" && { grep -q "not ok " "$log" || ! grep -q " 1\.\.[0-9]" "$log"; }; then
        echo "--- $log"
        grep -A 12 "not ok " "$log"
        echo "--- its end"
        tail -n 20 "$log"
      fi
    done' sh "$results"
  return 1
}
