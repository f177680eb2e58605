# shellcheck shell=bash
# bare.sh: the README's commands on machines as strangers have them: a table of situations, each on a machine of its
# own, a container of a minimal Debian that has nothing but what its row names.

# Where each runs: the installation from nothing once per suite, each time as somebody else would do it; the rest is
# spread over the two stable suites.  Playing the scenario costs a build, so what has nothing to do with each other is
# met on one machine; a refusal costs nothing and has a machine of its own.
#
# The machine "bare" has make and sudo; "ready" is what the installation from nothing of its suite has left.  Options
# for the engine follow.  alice may use sudo, bob may not.  Preparations are in machines.sh.  Expected is one of
#   works          make demo plays the scenario, make psql shows its backup, make down leaves nothing
#   says REGEX     the command fails within SOON seconds (of a busy machine) with one line that matches, and leaves nothing
#   passes         the command succeeds, and leaves nothing
#   installs       packages.sh: the archive and the packages, on the machine of somebody who has Debian's own Barman
SOON=60
bare_table() {
  cat << 'TABLE'
bookworm | nothing installed                         | bare                  | root  | | make demo | works
bookworm | nothing installed, no network             | bare --network none   | root  | | make demo | says cannot install gcc .*: apt-get reaches none of its sources
bookworm | a server without headers, umask 077       | ready                 | alice | without_headers umask_077 | make demo | works
bookworm | a server without headers, no sudo         | ready                 | bob   | without_headers | make demo | says missing: postgresql-server-dev-15; to install them needs root
bookworm | a server without headers, PGXS            | ready                 | bob   | without_headers | make | says headers of the PostgreSQL 15 server are missing: install postgresql-server-dev-15,
bookworm | cluster on 5432, Barman, PG* and BARMAN_* | ready                 | bob   | system_cluster barman_configuration foreign_environment | make demo | works
bookworm | Latin-1 in German, a blank in the path    | ready                 | root  | latin1_locale blank_in_path | make demo | works
bookworm | packages                                  | bare                  | alice | | make deb | installs
trixie   | nothing installed                         | bare                  | alice | | make demo | works
trixie   | nothing installed, no sudo                | bare                  | bob   | | make demo | says missing: gcc .*; to install them needs root
trixie   | libpq-dev alone                           | ready                 | root  | without_server | make demo | works
trixie   | headers of another major                  | ready                 | alice | headers_of_bookworm | make demo | works
trixie   | read-only, no network, noexec /tmp        | ready --network none --tmpfs /tmp | bob | read_only_checkout c_locale | make demo | works
trixie   | one package missing, no network           | ready --network none  | root  | without_headers | make demo | says cannot install postgresql-server-dev-17: apt-get reaches none of its sources
trixie   | noexec /var/tmp                           | ready --tmpfs /var/tmp | bob  | | make demo | says is on a file system that runs no programs
trixie   | 64 MB of /dev/shm                         | ready                 | bob   | for_tests | docker/stack check tap | passes
trixie   | packages                                  | bare                  | alice | | make deb | installs
sid      | nothing installed                         | bare                  | root  | | make demo | works
TABLE
}

BARE=poc_barman_ci_bare_$$

# Rows whose suite or situation matches a regex, if there is one.
bare_rows() { bare_table | sed -E 's/ *\| */|/g; s/^ +| +$//g' | grep -E "${BARE_ONLY:-.}"; }

# Each suite's base, and the checkout in a volume: the engine may be on another machine.
bare_machines() {
  local suite
  [[ -n $(bare_rows) ]] || { echo "no row matches BARE_ONLY=${BARE_ONLY:-}" >&2; return 1; }
  for suite in $(bare_rows | cut -d'|' -f1 | uniq); do
    engine_base "$suite"
    docker volume create "$BARE-apt-$suite" > /dev/null
    bare_build "$suite"
  done
  tar -c --exclude-vcs . | docker run --rm -i -v "$BARE-checkout:/checkout" "$BARE:$suite-bare" tar -xC /checkout --no-same-owner
}

# What README tells a stranger to install by hand, and who works there.
bare_build() {
  local machine
  machine=$(bare_start "debian:$1-slim" "$1")
  docker exec -i "$machine" bash -euo pipefail > "$LEGS/bare-$1.log" 2>&1 << 'MACHINE' || {
export DEBIAN_FRONTEND=noninteractive
# these machines are thrown away: no package is flushed to disk
echo force-unsafe-io > /etc/dpkg/dpkg.cfg.d/thrown-away
apt-get -q update
apt-get -q -y install --no-install-recommends make sudo
rm -rf /var/lib/apt/lists/*
useradd --create-home --shell /bin/bash alice
useradd --create-home --shell /bin/bash bob
echo 'alice ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/alice
MACHINE
    tail -n 40 "$LEGS/bare-$1.log"
    return 1
  }
  docker commit "$machine" "$BARE:$1-bare" > /dev/null
  docker rm -f "$machine" > /dev/null
}

# bare_start IMAGE SUITE [OPTION...]: packages are fetched once per suite.  There is no init, as in most containers.
bare_start() {
  docker run -d --pull never --label "poc_barman_ci=$BARE" --hostname stranger -v "$BARE-apt-$2:/var/cache/apt/archives" \
    -v "$BARE-checkout:/mnt/checkout:ro" "${@:3}" "$1" sleep infinity
}

lane_bare() {
  local suite situation machine who preparation command expected
  leg "bare: machines" bare_machines
  # of legs.sh
  : "${outcome:?}"
  [[ $outcome == passed ]] || return 0
  while IFS='|' read -r suite situation machine who preparation command expected; do
    if [[ $expected == installs ]]; then
      packages_legs "$suite"
      continue
    fi
    leg "bare: $suite, $situation" bare_situation "$suite" "$machine" "$who" "$preparation" "$command" "$expected"
  done < <(bare_rows)
}

# bare_situation SUITE MACHINE WHO "PREPARATION..." COMMAND EXPECTED
bare_situation() {
  local suite=$1 who=$3 preparation command=$5 expected=$6 kind options machine
  read -r kind options <<< "$2"
  # shellcheck disable=SC2086
  machine=$(bare_start "$BARE:$suite-$kind" "$suite" $options)
  # shellcheck disable=SC2064
  trap "docker rm -f $machine > /dev/null" EXIT
  for preparation in $4; do
    bare_root "$preparation"
  done
  # shellcheck disable=SC2016
  bare_as 'checkout=${CHECKOUT:-poc_barman}; test -e "$checkout" || { mkdir -p "$checkout" && cp -r /mnt/checkout/. "$checkout"; }'
  bare_root traces > "$LEGS/before"
  "bare_${expected%% *}" "${expected#* }"
  bare_root traces > "$LEGS/after"
  # whatever else is found here, the rows that follow need it
  if [[ $kind == bare && $expected == works ]]; then
    docker exec "$machine" rm -rf /root/poc_barman /home/{alice,bob}/poc_barman
    docker commit "$machine" "$BARE:$suite-ready" > /dev/null
  fi
  # the machines "ready" have them already
  [[ $kind != bare ]] || traces_without_packages "$LEGS/before" "$LEGS/after"
  diff "$LEGS/before" "$LEGS/after" || { echo "left behind or taken away, see above" >&2; return 1; }
}

# A function of machines.sh, on the machine.
bare_root() { docker exec -i "$machine" bash -euo pipefail -c "$(declare -f "$1" apt); $1"; }

# As somebody who has logged in; what preparations export is in /etc/profile.d.
bare_as() { docker exec "$machine" su - "$who" -c "$1"; }
# shellcheck disable=SC2016
bare_there() { bare_as 'cd "${CHECKOUT:-poc_barman}" && '"$1"; }

bare_works() {
  local began=$SECONDS
  bare_there "$command" 2>&1 | tee "$LEGS/demo"
  # its last line: as many steps as it promised
  grep -qE '^INFO: +([0-9]+)/\1 ' "$LEGS/demo"
  [[ $(bare_there "echo \"SELECT 'status=' || status FROM poc_backups() LIMIT 1\" | make -s psql") == *status=DONE* ]]
  bare_there 'make down'
  echo "$((SECONDS - began)) s from make demo to the end of make down"
}

bare_says() {
  local began=$SECONDS status=0
  bare_there "$command" > "$LEGS/said" 2>&1 || status=$?
  cat "$LEGS/said"
  ((status != 0)) || { echo "it has not failed" >&2; return 1; }
  [[ $(grep -cE -- "$1" "$LEGS/said") == 1 ]] || { echo "no line of it, or more than one, matches: $1" >&2; return 1; }
  ((SECONDS - began <= SOON)) || { echo "it took $((SECONDS - began)) s to say so" >&2; return 1; }
}

bare_passes() { bare_there "$command"; }

# Whatever happened before.
bare_remove() {
  if docker info > /dev/null 2>&1; then
    docker ps -aq --filter "label=poc_barman_ci=$BARE" | xargs -r docker rm -f
    docker images -q --filter "reference=$BARE" | xargs -r docker rmi -f
    docker volume ls -q --filter "name=$BARE" | xargs -r docker volume rm
  fi > /dev/null 2>&1 || true
}
