# shellcheck shell=bash
# containers.sh: the container legs, step by step, under a project name of this run's own.

export COMPOSE_PROJECT_NAME=poc_barman_ci_$$ COMPOSE_FILE=compose.yaml:.ci/compose.yaml COMPOSE_PROFILES=tests,monitoring
# images of this run's own as well
export POC_IMAGE=$COMPOSE_PROJECT_NAME

# first_free FROM COUNT: the first of COUNT ports in a row that nobody listens on
first_free() {
  local from port
  for ((from = $1; from < $1 + 1000; from += $2)); do
    for ((port = from; port < from + $2; port++)); do
      if (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null; then
        continue 2
      fi
    done
    echo "$from"
    return
  done
  return 1
}

# containers_run [OPTION...] COMMAND: in a container of its own that has the checkout.  It comes by a pipe:
# the engine may be on another machine, and nothing is written into it.
containers_run() {
  tar -c --exclude-vcs . | docker compose run --rm -T --no-deps "${@:1:$#-1}" tests sh -c "tar -x --no-same-owner && ${*: -1}"
}

# What depends on the versions of PostgreSQL and Barman; the whole suite runs outside of containers.
CONTAINERS_TAP=${CONTAINERS_TAP:-t/021*.pl t/03[0146]*.pl t/05[04]*.pl t/07[0468]*.pl t/086*.pl}

# In there every test can run, so one that skips itself has failed.
containers_check() { containers_run -e POC_SKIPPED=fail -e "TAP_JOBS=$TAP_JOBS" -e "TAP_FILES=$CONTAINERS_TAP" 'docker/stack check unit tap'; }

# In there, because it is Debian's Chromium that the tests of the page know; 40 s to install.
containers_page() { containers_run -e POC_SKIPPED=fail 'docker/stack check page'; }

containers_build() {
  docker compose --progress plain build > "$LEGS/build.log" 2>&1 || {
    tail -n 60 "$LEGS/build.log"
    return 1
  }
}

# As late as can be, for others take ports as well; for all legs that follow, for with other ports Compose would make
# other containers.
containers_ports() {
  local instances
  POC_PORT=$(first_free 25432 1)
  instances=$(first_free 26500 10)
  POC_PROMETHEUS_PORT=$(first_free 29090 1)
  export POC_PROMETHEUS_PORT POC_PORT POC_INSTANCE_PORTS=$instances-$((instances + 9))
}

containers_up() {
  docker compose up -d --wait --wait-timeout 120 postgres1 barman || {
    docker compose ps -a
    docker compose logs --tail 50
    return 1
  }
  docker compose ps
  # healthy means that a backup can be taken: the first statement is one
  [[ $(docker compose exec -T postgres1 psql -U postgres -XAtq -c "SELECT status FROM poc_backup()") == DONE ]]
  # by the published port
  PGPASSWORD=$(containers_password) psql -X -At -h 127.0.0.1 -p "$POC_PORT" -U postgres \
    -c "SELECT format('PostgreSQL %s, Barman %s', current_setting('server_version'), barman_version) FROM poc_sidecar()"
}

# No process is root, and no image holds a secret.
containers_inspect() {
  local service image
  for service in postgres1 barman; do
    if docker compose top "$service" | awk 'NR > 2 && NF && ($1 == "root" || $1 == "0") {print; bad = 1} END {exit !bad}'; then
      echo "$service runs processes as root" >&2
      return 1
    fi
    image=$(docker compose images -q "$service")
    if [[ -n $(docker run --rm --entrypoint find "$image" /var/lib/poc_barman /var/lib/barman /var/lib/postgresql/data -type f) ]]; then
      echo "the image of $service holds files where the secrets belong" >&2
      return 1
    fi
  done
}

# containers_installcheck [TEST...]: all of them if none is named.  From among the containers, because the tests
# connect to restored servers by the name of their host.
containers_installcheck() {
  PGPASSWORD=$(containers_password) containers_run -e PGPASSWORD -e PGHOST=postgres1 -e PGUSER=postgres \
    "make -s installcheck ${*:+REGRESS='$*'} || { head -n 300 regression.diffs; exit 1; }"
}

# Prometheus of the profile scrapes the sidecar, and can evaluate its alarms.
containers_monitoring() {
  local api=http://127.0.0.1:$POC_PROMETHEUS_PORT/api/v1 tries
  docker compose up -d --wait --wait-timeout 120 prometheus
  for ((tries = 0; tries < 60; tries++)); do
    if curl -sS -g "$api/query?query=barman_up{check=\"directories\"}" | grep -q '"server":"postgres1"' &&
      curl -sS "$api/rules" | grep -q '"health":"ok"'; then
      ! curl -sS "$api/rules" | grep -o '"lastError":"[^"]*"'
      return
    fi
    sleep 2
  done
  docker compose logs --tail 50 prometheus barman
  return 1
}

containers_password() { docker compose exec -T postgres1 cat /var/lib/poc_barman/postgres; }

containers_scenario() {
  docker compose exec -T postgres1 psql -U postgres -v ON_ERROR_STOP=1 -c 'CALL poc_play()'
  # what it prints is where it says, for who is there
  docker compose exec -T postgres1 bash -euo pipefail -c '
    conninfo=$(psql -U postgres -XAtq -c "SELECT conninfo FROM poc_restore('"'printed'"')" 2> /dev/null)
    psql -w -XAt -d "$conninfo" -c "SELECT current_user, NOT pg_is_in_recovery()"
    psql -U postgres -XAtq -c "SELECT poc_drop_instance('"'printed'"')"'
  # it ended with a backup that is good
  [[ $(docker compose exec -T postgres1 psql -U postgres -X -At \
    -c "SELECT status FROM poc_backups() LIMIT 1") == DONE ]]
}

# What README and docs say of containers, in their order: from "up", which finds everything up, to "down -v".
containers_documented() {
  local commands
  # as a reader has it, who runs no tests
  export COMPOSE_FILE=compose.yaml COMPOSE_PROFILES=""
  # which it has as the others do
  docker compose rm -sf prometheus
  commands=$(awk '/^```/ {shown = $0 == "```sh in containers"; next} shown' README.md docs/*.md)
  [[ $commands == *"compose up"*"compose down -v"* ]]
  bash -euxo pipefail -c "$commands" < /dev/null
}

# What docs/three-hosts.md says, in its order, from "up" to "down -v", with the images of the other legs.
containers_three_hosts() {
  local commands
  containers_of_three_hosts
  POC_STANDBY_PORT=$(first_free 28432 1)
  export POC_STANDBY_PORT
  # what is wrong with it, Compose may only warn of
  [[ -z $(docker compose config -q 2>&1) ]] || { docker compose config -q && return 1; }
  commands=$(awk '/^```/ {shown = $0 == "```sh on three hosts"; next} shown' docs/three-hosts.md)
  [[ $commands == *"compose up"*"compose kill"*"compose down -v"* ]]
  bash -euxo pipefail -c "$commands" < /dev/null 2>&1 | tee "$LEGS/three-hosts" || {
    docker compose ps -a
    docker compose logs --tail 50
    return 1
  }
  printf '%s\n' barman_receive_wal standby DONE before t running 1000 t t \
    after running 'before|t' 'after|t' 1002 DONE later 'later|t' 'timeline|2' \
    'pair: standby is the primary now, and primary was it before: side by side they would go different ways' \
    'pair: primary copies the data of standby, to be its standby' barman_receive_wal primary |
    containers_printed "$LEGS/three-hosts"
  containers_left
}

containers_of_three_hosts() {
  export COMPOSE_FILE=compose.three-hosts.yaml COMPOSE_PROFILES="" COMPOSE_PROJECT_NAME=${COMPOSE_PROJECT_NAME}_three
}

# containers_printed FILE: has it these lines, in this order, perhaps with others between them?
containers_printed() {
  awk 'NR == FNR {wanted[++count] = $0; next} {sub(/\r$/, "")} $0 == wanted[found + 1] {found++}
    END {if (found < count) {print "not printed: " wanted[found + 1] > "/dev/stderr"; exit 1}}' - "$1"
}

containers_down() {
  docker compose down -v --rmi all
  containers_left "$COMPOSE_PROJECT_NAME*"
}

# containers_left [IMAGES]: nothing may be left of this project, and none of these images
containers_left() {
  local left
  left=$(
    docker ps -aq --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME"
    docker volume ls -q --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME"
    docker network ls -q --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME"
    [[ -z ${1:-} ]] || docker images -q --filter "reference=$1"
  )
  [[ -z $left ]] || { echo "left behind: $left" >&2; return 1; }
}

# Whatever happened before.
containers_remove() {
  if docker info > /dev/null 2>&1; then
    (containers_of_three_hosts && docker compose down -v --remove-orphans > /dev/null 2>&1) || true
    docker compose down -v --rmi all --remove-orphans > /dev/null 2>&1 || true
  fi
}
