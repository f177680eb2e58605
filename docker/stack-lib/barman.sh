# shellcheck shell=bash
# barman.sh: Barman's configuration for postgres1, and the sidecar beside it.

# Often enough that a receive-wal that died is back before anybody waits for it.
CRON_INTERVAL=15

# The tests and the figures take many.
MAX_BACKUPS_PER_HOUR=1000

# Longest wait for Barman to be ready: a busy machine starts it three times in the meantime.
START_SECONDS=${POC_START_SECONDS:-90}

# For restored servers, from the remembered one on; the sidecar passes over those in use.
INSTANCE_PORTS=20

barman_config() { echo "$POC_HOME/barman/barman.conf"; }
sidecar_program() { echo "$POC_HOME/src/docker/sidecar/barman-sidecar"; }
# a socket and no port: other users of this machine are not asked to guess a token
sidecar_socket() { echo "$POC_HOME/s/sidecar"; }
sidecar_log() { echo "$POC_HOME/log/sidecar.log"; }

barman_start() {
  as_server src/docker/barman/configure "$POC_HOME/barman" "$RUN_USER" "$POC_HOME/barman" \
    "$POC_HOME/log/barman.log" 127.0.0.1 "$(port_of postgres1)" "$(pg_bindir)" "$POC_HOME/secrets/pgpass"
  as_server src/docker/barman/write-passfile "$POC_HOME/secrets" "$POC_HOME/secrets/pgpass"

  # an older program, or one that knew an older port
  if sidecar_running && ! sidecar_current; then
    sidecar_stop
  fi
  if ! sidecar_running; then
    sidecar_start
  fi
  wait_for "$START_SECONDS" "Barman: the sidecar's /healthz and a running receive-wal" "$(sidecar_log)" \
    as_server src/docker/barman/healthy "$(sidecar_socket)" "$POC_HOME/barman/" || exit 1
}

sidecar_start() {
  port_of instances > /dev/null || choose_port instances
  as_server cp "$(sidecar_program)" run/sidecar.program
  # in the containers a group reads it; here nobody but the servers' user
  as_server chmod 600 secrets/token
  # a session of its own: Ctrl-C in the terminal is not meant for it
  as_server setsid -f sh -c 'echo $$ > run/sidecar.pid; exec "$@" >> log/sidecar.log 2>&1 < /dev/null' sh \
    "$(sidecar_program)" --listen "unix:$(sidecar_socket)" --token-file "operate=$POC_HOME/secrets/token" \
    --state-dir "$POC_HOME/jobs" --barman-config "$(barman_config)" --cron-interval "$CRON_INTERVAL" \
    --max-backups-per-hour "$MAX_BACKUPS_PER_HOUR" \
    --instance-root "$POC_HOME/instances" --pg-bindir "$(pg_bindir)" --confinement best-effort \
    --instance-ports "$(port_of instances)-$(($(port_of instances) + INSTANCE_PORTS - 1))" \
    --instance-host socket
  wait_for 10 "the sidecar to start" "$(sidecar_log)" sidecar_running || exit 1
}

sidecar_pid() {
  local pid=""
  read -r pid 2> /dev/null < "$POC_HOME/run/sidecar.pid" || true
  [[ $pid =~ ^[0-9]+$ ]] && echo "$pid"
}

# A number alone may belong to anyone by now: its program must be ours.
sidecar_running() {
  local pid
  pid=$(sidecar_pid) || return 1
  # /proc/PID/exe is closed to others: the sidecar's memory is not for its user's other programs
  [[ $(tr '\0' '\n' 2> /dev/null < "/proc/$pid/cmdline" | head -n 1) == "$(sidecar_program)" ]]
}

sidecar_current() {
  as_server cmp -s "$(sidecar_program)" run/sidecar.program &&
    tr '\0' ' ' < "/proc/$(sidecar_pid)/cmdline" | grep -qF -- "unix:$(sidecar_socket) "
}

sidecar_stop() {
  local pid
  sidecar_running || return 0
  pid=$(sidecar_pid)
  kill -TERM "$pid"
  for _ in {1..150}; do
    sidecar_running || return 0
    sleep 0.1
  done
  say "stack: the sidecar did not end within 15 s, killing it"
  kill -KILL "$pid"
}

barman_stop() {
  sidecar_stop
  # the receive-wal that cron left running, a backup that somebody started by hand
  sweep barman src/docker/sidecar
}
