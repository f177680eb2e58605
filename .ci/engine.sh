# shellcheck shell=bash
# engine.sh: a container engine with Compose v2 and the base image, where there may be none of them
# and no registry.  Everything comes from Debian's packages.

BASE_SUITE=${BASE_SUITE:-trixie}
# whose Compose runs on Debian 12
COMPOSE_SUITE=trixie
export BASE=debian:$BASE_SUITE-slim
ENGINE_RUN=${ENGINE_RUN:-/run/poc_barman-ci}

engine_start() {
  engine_install
  engine_compose
  engine_base "$BASE_SUITE"
  docker version --format 'engine {{.Server.Version}}'
  docker compose version
}

engine_apt() { engine_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@"; }
engine_root() { if [[ $(id -u) == 0 ]]; then "$@"; else sudo -n "$@"; fi; }

# The daemon that is there, else Debian's, started by its service or else by ourselves.
engine_install() {
  if docker info > /dev/null 2>&1; then
    return
  fi
  if ! engine_root true 2> /dev/null; then
    echo "no container engine answers, and only root can start one:" >&2
    docker info 2>&1 | tail -n 2 >&2
    echo "run this as root, or as a user who may use docker" >&2
    return 1
  fi
  if ! command -v dockerd > /dev/null || ! command -v docker > /dev/null; then
    engine_apt install --no-install-recommends docker.io iptables > /dev/null
  fi
  if docker info > /dev/null 2>&1; then
    return
  fi
  engine_root install -d -o "$(id -u)" "$ENGINE_RUN"
  # a file, for a leg is a process of its own: what it sets nobody else sees
  touch "$ENGINE_RUN/started_by_$$"
  # its own id: that of the job would be a shell's
  # shellcheck disable=SC2016
  engine_root setsid sh -c 'echo $$ > "$1" && exec dockerd' sh "$ENGINE_RUN/dockerd.pid" > "$ENGINE_RUN/dockerd.log" 2>&1 < /dev/null &
  for _ in {1..60}; do
    if docker info > /dev/null 2>&1; then
      return
    fi
    sleep 1
  done
  echo "dockerd does not answer after 60 s:" >&2
  tail -n 30 "$ENGINE_RUN/dockerd.log" >&2
  return 1
}

# Debian 12 has no Compose v2; the package of the next release needs nothing that this one lacks.
engine_compose() {
  local dir uri codename
  if docker compose version > /dev/null 2>&1; then
    return
  fi
  codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
  # the mirror that this machine uses
  # shellcheck disable=SC2016
  uri=$(apt-get indextargets --format '$(ORIGIN) $(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk -v release="$codename" '$1 == "Debian" && $2 == release && $3 == "main" {print $4; exit}')
  [[ -n $uri ]] || { echo "no Debian mirror in this machine's apt sources" >&2; return 1; }
  dir=$(mktemp -d)
  mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $COMPOSE_SUITE main" > "$dir/sources.list"
  local options=(-o "Dir::Etc::SourceList=$dir/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o "Dir::State::Lists=$dir/lists" -o "Dir::Cache=$dir/cache" -o APT::Sandbox::User=root)
  engine_apt "${options[@]}" update
  (cd "$dir" && engine_apt "${options[@]}" download docker-compose)
  dpkg-deb -x "$dir"/docker-compose_*.deb "$dir/unpacked"
  mkdir -p ~/.docker/cli-plugins
  find "$dir/unpacked" -type f -name docker-compose -perm -u+x -exec cp {} ~/.docker/cli-plugins/ \;
  rm -rf "$dir"
  docker compose version > /dev/null
}

# engine_base SUITE
engine_base() {
  local dir image=debian:$1-slim
  if docker image inspect "$image" > /dev/null 2>&1 || timeout 120 docker pull -q "$image" 2> /dev/null; then
    return
  fi
  echo "$image cannot be pulled: making it from Debian's packages"
  engine_apt install --no-install-recommends mmdebstrap > /dev/null
  dir=$(mktemp -d)
  # a mirror's copy of sid may be past its date; signatures are checked all the same
  engine_root mmdebstrap --quiet --variant=minbase --aptopt="Acquire::Check-Valid-Until \"false\"" "$1" "$dir/base.tar"
  docker import "$dir/base.tar" "$image"
  rm -rf "$dir"
}

# Only the daemon that we started ourselves.
engine_stop() {
  local pid
  # of a daemon that another run has started, others have need
  [[ -e $ENGINE_RUN/started_by_$$ ]] || return 0
  pid=$(< "$ENGINE_RUN/dockerd.pid")
  if [[ $(cat "/proc/$pid/comm" 2> /dev/null) == dockerd ]]; then
    engine_root kill -TERM "$pid"
    for _ in {1..100}; do
      [[ -e /proc/$pid ]] || break
      sleep 0.1
    done
  fi
  rm -rf "$ENGINE_RUN"
}
