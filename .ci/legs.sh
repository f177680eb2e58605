# shellcheck shell=bash
# legs.sh: legs one after another in lanes, lanes side by side.  What a leg says is shown when it has
# ended, so that no two mix; all are counted, and what the failed ones said last is repeated at the end.

LEGS=$(mktemp -d)
REPEATED=100
# of a leg that hangs the rest must still be heard within the time that CI has
LEG_SECONDS=${LEG_SECONDS:-3600}
lanes=()

# leg NAME COMMAND...: sets $outcome.  Never part of a condition: in those "set -e" is off, however deep.
leg() {
  local name=$1 began=$SECONDS log pid
  shift
  outcome=FAILED
  log=$(mktemp "$LEGS/log.XXXXXX")
  printf '######## %s: begins\n' "$name"
  (
    set -euo pipefail
    "$@"
    # never in place of this shell, whose children are ended when it takes too long
    true
  ) >> "$log" 2>&1 < /dev/null &
  pid=$!
  leg_limit "$pid" "$log" &
  if wait "$pid" && [[ ! -e $log.late ]]; then
    outcome=passed
  fi
  {
    flock 9
    printf '\n######## %s: %s\n' "$name" "$outcome"
    cat "$log"
    printf '%-42s %-7s %4d s\n' "$name" "$outcome" "$((SECONDS - began))" >> "$LEGS/times"
    [[ $outcome == passed ]] || { echo "######## of $name:" && tail -n "$REPEATED" "$log"; } >> "$LEGS/failures"
  } 9> "$LEGS/lock"
}

# leg_limit PID LOG: asks what a leg runs to end, should it take too long
leg_limit() {
  timeout "$LEG_SECONDS" tail --pid="$1" -f /dev/null && return
  : > "$2.late"
  printf '######## it has not ended within %d s\n' "$LEG_SECONDS" >> "$2"
  # shellcheck disable=SC2046
  kill -TERM $(cat "/proc/$1/task/$1/children") 2> /dev/null || true
}

# lane COMMAND...: in a process group of its own, so that it can be ended with all it has started
lane() {
  set -m
  "$@" &
  set +m
  lanes+=($!)
}

# those that have ended already are no matter
lanes_wait() { wait "${lanes[@]}" 2> /dev/null || true; }

lanes_end() {
  local pid
  for pid in "${lanes[@]}"; do
    kill -TERM -- "-$pid" 2> /dev/null || true
  done
  wait
}

# Tells what failed and how long everything took; false if a leg failed, or if there was none.
legs_sum() {
  local passed failed
  passed=$(grep -c ' passed ' "$LEGS/times") || true
  failed=$(grep -c ' FAILED ' "$LEGS/times") || true
  [[ ! -e $LEGS/failures ]] || cat "$LEGS/failures"
  printf '\n######## %d s in all\n' "$SECONDS"
  cat "$LEGS/times"
  echo "$passed passed, $failed failed"
  ((failed == 0 && passed > 0))
}
