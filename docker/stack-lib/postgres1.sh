# shellcheck shell=bash
# postgres1.sh: the PostgreSQL server of the stack: made, started, stopped, asked.

pgdata() { echo "$POC_HOME/postgres1"; }

conninfo() { echo "postgresql://postgres@/postgres?host=$POC_HOME/s&port=$(port_of postgres1)"; }

# The caller's own psql: root must not run programs that the servers' user could replace.
run_psql() { "$("$system_pg_config" --bindir)/psql" "$@"; }

# As the servers' user, for our own statements.
server_psql() {
  as_server env POC_SECRETS="$POC_HOME/secrets" "$(pg_bindir)/psql" -X -q -At -v ON_ERROR_STOP=1 \
    -h "$POC_HOME/s" -p "$(port_of postgres1)" -U postgres "$@"
}

# shellcheck disable=SC2016
postgres1_running() {
  [[ -n ${system_pg_config:-} ]] || find_postgres || return 1
  # after a crash of the machine the number may be that of anybody
  [[ -e $(pgdata)/postmaster.pid ]] && as_server "$(pg_bindir)/pg_ctl" -D "$(pgdata)" status > /dev/null 2>&1 &&
    [[ $(as_server sh -c 'readlink "/proc/$(head -n 1 postgres1/postmaster.pid)/cwd"') == "$(pgdata)" ]]
}

postgres1_start() {
  local major made_with
  major=$(postgres_major "$system_pg_config")
  if postgres1_running && [[ $(as_server cat run/library.sum 2> /dev/null) != "$(library_sum)" ]]; then
    say "postgres1 is started again: the library it has loaded is of an earlier build"
    postgres1_stop
  fi
  if ! postgres1_running; then
    made_with=$(as_server cat postgres1/PG_VERSION 2> /dev/null) || made_with=$major
    [[ $made_with == "$major" ]] ||
      die "postgres1 was made with PostgreSQL $made_with, this is $major ($system_pg_config)" \
        "give PG_CONFIG of the other, or start afresh: make down up"
    choose_port postgres1
    choose_port instances
    as_server env PATH="$(pg_bindir):$PATH" PGDATA="$(pgdata)" POC_SECRETS="$POC_HOME/secrets" \
      POC_LOCAL_CONF="$(local_conf)" "$POC_HOME/src/docker/postgres1/create-cluster" ||
      die "the data directory of postgres1 could not be made"
    as_server "$(pg_bindir)/pg_ctl" -D "$(pgdata)" -l "$(postgres1_log)" -w -t 60 -s start || {
      as_server tail -n 20 "$(postgres1_log)" >&2
      die "postgres1 does not start" "its log: $(postgres1_log)"
    }
    as_server sh -c "echo '$(library_sum)' > run/library.sum"
  fi
  server_psql -f "$POC_HOME/src/docker/postgres1/roles.sql"
  create_extension
}

library_sum() { as_server sha256sum "$("$(pg_bindir)/pg_config" --pkglibdir)/poc_barman.so"; }

postgres1_log() { echo "$POC_HOME/log/postgres1.log"; }

local_conf() {
  cat << CONF
port = $(port_of postgres1)
listen_addresses = '127.0.0.1'
unix_socket_directories = '$POC_HOME/s'
poc_barman.url = 'unix:$(sidecar_socket)'
poc_barman.token_file = '$POC_HOME/secrets/token'
CONF
  ! shm_is_small || echo "dynamic_shared_memory_type = mmap"
}

# While 1.0 is being written its script changes without a new version: then it is made anew.
create_extension() {
  local sum
  sum=$(as_server sh -c 'cat src/extension/poc_barman--*.sql | sha256sum')
  if [[ $(as_server cat run/extension.sum 2> /dev/null) != "$sum" ]]; then
    server_psql -c 'SET client_min_messages = warning' -c 'DROP EXTENSION IF EXISTS poc_barman' ||
      die "the extension's script has changed and something depends on the installed one" \
        "drop that, or start afresh: make down up"
    as_server sh -c "echo '$sum' > run/extension.sum"
  fi
  server_psql -c 'SET client_min_messages = warning' -c 'CREATE EXTENSION IF NOT EXISTS poc_barman'
}

postgres1_stop() {
  postgres1_running || return 0
  as_server "$(pg_bindir)/pg_ctl" -D "$(pgdata)" -m fast -w -t 60 -s stop ||
    as_server "$(pg_bindir)/pg_ctl" -D "$(pgdata)" -m immediate -w -t 30 -s stop ||
    die "postgres1 does not stop" "its log: $(postgres1_log)"
}

# For "eval $(docker/stack env)": the live stack as tests see it.
print_env() {
  local name value
  while IFS='=' read -r name value; do
    printf '%s=%q\n' "$name" "$value"
  done << ENV
PGHOST=$POC_HOME/s
PGPORT=$(port_of postgres1)
PGUSER=postgres
PGDATABASE=postgres
POC_HOME=$POC_HOME
POC_URL=unix:$(sidecar_socket)
POC_TOKEN_FILE=$POC_HOME/secrets/token
POC_SIDECAR=$(sidecar_program)
POC_BARMAN_CONFIG=$(barman_config)
RUN_USER=$RUN_USER
PG_BINDIR=$(pg_bindir)
ENV
}
