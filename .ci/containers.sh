# shellcheck shell=bash
# containers.sh: the container leg, step by step, under a project name of its own.

export COMPOSE_PROJECT_NAME=${COMPOSE_PROJECT_NAME:-poc_barman_ci}
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
POC_PORT=$(first_free 25432 1)
instances=$(first_free 26500 10)
export POC_PORT POC_INSTANCE_PORTS=$instances-$((instances + 9))

containers_build() { docker compose --progress plain build > build.log 2>&1 || { tail -n 60 build.log; return 1; }; rm -f build.log; }

containers_up() {
  docker compose up -d --wait --wait-timeout 120 || {
    docker compose ps -a
    docker compose logs --tail 50
    return 1
  }
  docker compose ps
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

# The tests connect to restored servers by the name that their host has among the containers; a copy
# of /etc/hosts that only they see makes it known here.
containers_installcheck() {
  local passfile hosts address failed=0
  passfile=$(mktemp) hosts=$(mktemp)
  docker compose exec -T postgres1 sh -c 'printf "*:*:*:postgres:%s\n" "$(cat "$POC_SECRETS/postgres")"' > "$passfile"
  chmod 600 "$passfile"
  address=$(docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$(docker compose ps -q barman)")
  { cat /etc/hosts; echo "$address barman"; } > "$hosts"
  chmod 644 "$hosts"
  # shellcheck disable=SC2016
  PGHOST=127.0.0.1 PGPORT=$POC_PORT PGUSER=postgres PGPASSFILE=$passfile \
    unshare --mount sh -c 'mount --bind "$1" /etc/hosts && exec make -s installcheck PG_CONFIG="$2"' sh \
    "$hosts" "$(containers_pg_config)" || failed=1
  rm -f "$passfile" "$hosts"
  ((failed == 0)) || head -n 300 regression.diffs
  return "$failed"
}

# the host's pg_regress and psql
containers_pg_config() { printf '%s\n' /usr/lib/postgresql/*/bin/pg_config | sort -V | tail -n 1; }

containers_scenario() {
  docker compose exec -T postgres1 psql -U postgres -v ON_ERROR_STOP=1 -c 'CALL poc_play()'
  # it ended with a backup that is good
  [[ $(docker compose exec -T postgres1 psql -U postgres -X -At \
    -c "SELECT status FROM poc_backups() LIMIT 1") == DONE ]]
}

containers_down() {
  local left
  docker compose down -v --rmi local
  left=$(
    docker ps -aq --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME"
    docker volume ls -q --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME"
    docker network ls -q --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME"
    docker images -q --filter "reference=$COMPOSE_PROJECT_NAME*"
  )
  [[ -z $left ]] || { echo "left behind: $left" >&2; return 1; }
}

# Whatever happened before.
containers_remove() {
  if docker info > /dev/null 2>&1; then
    docker compose down -v --rmi local --remove-orphans > /dev/null 2>&1 || true
  fi
}
