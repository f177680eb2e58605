# shellcheck shell=bash
# packages.sh: what people install.  The archive of what is committed, unpacked elsewhere, installs from itself and makes
# the packages; these are installed, upgraded and purged on a host that has Debian's own PostgreSQL and Barman, by
# the commands of docs/production.md.

# What systemd needs to be the first process of a container, with cgroups of either version.  That of Debian 13 takes the
# old ones only when told to.
PACKAGES_INIT=(--cgroupns=host -v /sys/fs/cgroup:/sys/fs/cgroup:rw --cap-add SYS_ADMIN --security-opt seccomp=unconfined
  --security-opt apparmor=unconfined --tmpfs /run --tmpfs /run/lock --stop-signal SIGRTMIN+3
  -e container=docker -e "SYSTEMD_PROC_CMDLINE=systemd.unified_cgroup_hierarchy=0 SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1")

# packages_legs SUITE: their names tell what failed
packages_legs() {
  leg "bare: $1, archive and packages" packages_build "$1"
  [[ ${outcome:-} == passed ]] || return 0
  leg "bare: $1, a Barman host" packages_host "$1"
  [[ ${outcome:-} == passed ]] || return 0
  leg "bare: $1, packages without systemd" packages_without_systemd "$1"
  leg "bare: $1, packages on a Barman host" packages_story "$1"
}

# packages_start IMAGE SUITE "FIRST PROCESS" [OPTION...]: with the volume of the packages; sets $machine, which ends
# with the leg
packages_start() {
  # shellcheck disable=SC2086
  machine=$(docker run -d --pull never --label "poc_barman_ci=$BARE" --hostname stranger -v "$BARE-apt-$2:/var/cache/apt/archives" \
    -v "$BARE-packages-$2:/mnt/packages" "${@:4}" "$1" $3)
  # shellcheck disable=SC2064
  trap "docker rm -f $machine > /dev/null" EXIT
}

# packages_there FUNCTION [WHO]: a function of this file, sent alone (with apt), on the machine
packages_there() {
  docker exec -i -u "${2:-root}" "$machine" bash -euo pipefail -c "$(declare -f "$1" apt packages_files); cd /mnt/packages; $1"
}

packages_build() {
  local suite=$1 machine dir image=$BARE:$1-bare
  # which has the compiler already
  ! docker image inspect "$BARE:$suite-ready" > /dev/null 2>&1 || image=$BARE:$suite-ready
  docker volume create "$BARE-packages-$suite" > /dev/null
  packages_start "$image" "$suite" "sleep infinity"
  dir=$(mktemp -d "$LEGS/archive.XXXXXX")
  make -s dist DIST_DIR="$dir"
  docker cp "$dir"/poc_barman-*.zip "$machine:/mnt/packages/" > /dev/null
  packages_there build_from_archive
}

# As root: the archive is unpacked elsewhere, by somebody else.
build_from_archive() {
  local version
  apt update
  apt install --no-install-recommends unzip lintian
  su alice -c 'mkdir ~/elsewhere && cd ~/elsewhere && unzip -q /mnt/packages/poc_barman-*.zip'
  # shellcheck disable=SC2164
  cd ~alice/elsewhere/poc_barman-*
  docker/stack deps deb
  version=$(basename "$PWD")
  [[ ! -e docker/packaging/build ]]

  # README's way, into another place than the system's
  # shellcheck disable=SC2016
  su alice -c 'make -s -j "$(nproc)" with_llvm=no && make -s with_llvm=no install DESTDIR="$HOME/installed"'
  find ~alice/installed -type f | sort
  [[ $(find ~alice/installed -name 'poc_barman.so' -o -name 'poc_barman.control' -o -name 'poc_barman--*.sql' | wc -l) == 3 ]]

  su alice -c 'make deb'
  cp docker/packaging/build/*.deb /mnt/packages/
  echo "$version: $(ls /mnt/packages)"

  # an older version, which is upgraded: the same but for its number
  local package dir
  mkdir /mnt/packages/older
  for package in docker/packaging/build/*.deb; do
    dir=$(mktemp -d)
    dpkg-deb -R "$package" "$dir"
    sed -i 's/^Version: .*/Version: 0.9-1/' "$dir/DEBIAN/control"
    dpkg-deb --root-owner-group -b "$dir" /mnt/packages/older/ > /dev/null
  done
}

# The machine of somebody who has backups already: Debian's PostgreSQL with a cluster, Debian's Barman with a server.
packages_host() {
  local machine
  packages_start "$BARE:$1-bare" "$1" "sleep infinity"
  packages_there existing_host
  docker commit "$machine" "$BARE:$1-host" > /dev/null
}

existing_host() {
  local major password=a_secret_of_this_machine
  apt update
  apt install --no-install-recommends postgresql-common
  # one that somebody makes, rather than the package
  echo 'create_main_cluster = false' >> /etc/postgresql-common/createcluster.conf
  apt install --no-install-recommends postgresql barman barman-cli cron systemd systemd-sysv procps
  # no update of the packages' lists while the test installs
  systemctl mask apt-daily.timer apt-daily-upgrade.timer
  rm -rf /var/lib/apt/lists/* /tmp/apt.log
  major=$(ls /usr/lib/postgresql)
  pg_createcluster --start "$major" shop
  su postgres -c 'psql -X -q -v ON_ERROR_STOP=1' << SQL
CREATE ROLE barman SUPERUSER LOGIN PASSWORD '$password';
CREATE ROLE streaming_barman REPLICATION LOGIN PASSWORD '$password';
SQL
  pg_ctlcluster "$major" shop stop
  su barman -c "umask 077 && echo '*:*:*:*:$password' > ~/.pgpass"
  cat > /etc/barman.d/shop.conf << CONF
[shop]
description = "the shop's server"
conninfo = host=localhost user=barman dbname=postgres connect_timeout=3
streaming_conninfo = host=localhost user=streaming_barman dbname=postgres connect_timeout=3
backup_method = postgres
streaming_archiver = on
slot_name = barman
create_slot = auto
path_prefix = /usr/lib/postgresql/$major/bin
CONF
}

# Every file but those of dpkg and apt themselves, and what is written all the time.
packages_files() {
  find / -xdev \( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /mnt -o -path /var/cache -o -path /var/log -o -path /var/lib/apt \
    -o -path /var/lib/dpkg -o -path '/usr/share/mime' \) -prune -o ! -type d -print | grep -vE '^/etc/ld\.so\.cache$|/__pycache__/|-old$|^/etc/\.pwd\.lock$' | sort
}

# Nothing is started, and after the purge nothing is left.
packages_without_systemd() {
  local machine
  packages_start "$BARE:$1-host" "$1" "sleep infinity"
  packages_there installed_without_systemd
}

installed_without_systemd() {
  local before after packages along
  before=$(packages_files)
  packages=$(dpkg-query -W -f '${Package}\n')
  apt update
  apt install ./older/*.deb
  [[ -z $(pgrep -x barman-sidecar) ]]
  [[ $(stat -c '%U %G %a' /var/lib/barman-sidecar/token) == 'barman barman 600' ]]
  [[ $(stat -c '%U %G %a' /etc/barman-sidecar.conf) == 'root root 644' ]]
  runuser -u barman -- barman-sidecar --config /etc/barman-sidecar.conf --check-config
  cp /var/lib/barman-sidecar/token /tmp/token
  echo 'max-jobs = 9' >> /etc/barman-sidecar.conf
  # upgrade: what was changed and what was made stays
  apt install ./*.deb
  [[ $(dpkg-query -W -f '${Version}' barman-sidecar) == 1* ]]
  cmp /tmp/token /var/lib/barman-sidecar/token
  grep -qx 'max-jobs = 9' /etc/barman-sidecar.conf
  # a second installation changes nothing either
  apt install --reinstall ./*.deb
  cmp /tmp/token /var/lib/barman-sidecar/token
  # images of a registry leave manual pages out
  [[ -e /usr/share/man/man8/barman-sidecar.8.gz || -e /etc/dpkg/dpkg.cfg.d/docker ]]
  apt remove barman-sidecar
  [[ -e /etc/barman-sidecar.conf && -e /var/lib/barman-sidecar/token && ! -e /usr/bin/barman-sidecar ]]
  apt install ./barman-sidecar_*.deb
  cmp /tmp/token /var/lib/barman-sidecar/token
  apt purge barman-sidecar 'postgresql-*-poc-barman'
  # what came along, others might recommend by now
  mapfile -t along < <(comm -13 <(echo "$packages") <(dpkg-query -W -f '${Package}\n'))
  apt purge "${along[@]}"
  after=$(packages_files)
  diff <(echo "$before") <(echo "$after") || { echo "left behind or taken away, see above" >&2; return 1; }
}

# The documented commands on a host with systemd, then an upgrade under way, and removal.
packages_story() {
  local machine commands
  commands=$(awk '/^```/ {shown = $0 == "```sh on a Barman host"; next} shown' docs/production.md)
  [[ $commands == *"apt-get install"*"poc_restore_drill"* ]]
  packages_start "$BARE:$1-host" "$1" /sbin/init "${PACKAGES_INIT[@]}"
  packages_there host_is_up
  docker exec "$machine" su - alice -c "cd /mnt/packages && bash -euxo pipefail -c $(printf '%q' "$commands")" < /dev/null
  packages_there host_is_proven
  packages_there host_is_upgraded
  packages_there host_without_packages
}

host_is_up() {
  local up=""
  for _ in {1..600}; do
    if [[ $(systemctl is-system-running 2> /dev/null) =~ ^(running|degraded)$ && $(pg_lsclusters -h) == *' online '* ]]; then
      up=yes
      break
    fi
    sleep 0.1
  done
  systemctl --failed --no-pager
  [[ -n $up ]]
  apt update
}

# What the documented commands have left.
host_is_proven() {
  systemctl status --no-pager barman-sidecar
  [[ $(su postgres -c "psql -XAtc 'SELECT ok, tables, rows FROM poc_drills'") == 't|1|1000' ]]
  [[ $(ps -o user= -p "$(systemctl show -p MainPID --value barman-sidecar)") == barman ]]
  [[ $(systemctl show -p NRestarts --value barman-sidecar) == 0 ]]
  # the file system is closed to what it starts, but for Barman's
  [[ $(awk '$5 == "/" {options = $6} END {print options}' "/proc/$(systemctl show -p MainPID --value barman-sidecar)/mountinfo") == ro,* ]]
  systemd-analyze security --no-pager barman-sidecar | tail -n 1
}

host_is_upgraded() {
  local receiver main
  receiver=$(pgrep -x pg_receivewal)
  apt install --allow-downgrades ./older/*.deb
  main=$(systemctl show -p MainPID --value barman-sidecar)
  apt install ./*.deb
  [[ $(systemctl is-active barman-sidecar) == active ]]
  [[ $(systemctl show -p MainPID --value barman-sidecar) != "$main" ]]
  [[ $(pgrep -x pg_receivewal) == "$receiver" ]]
  [[ $(su postgres -c "psql -XAtc 'SELECT count(*) FROM poc_backups()'") == 1 ]]
}

host_without_packages() {
  apt purge barman-sidecar 'postgresql-*-poc-barman'
  [[ -z $(pgrep -x barman-sidecar) ]]
  [[ ! -e /etc/barman-sidecar.conf && ! -e /var/lib/barman-sidecar ]]
  [[ -z $(systemctl list-unit-files --no-legend 'barman-sidecar*') ]]
  # Barman goes on as before
  [[ $(su barman -c 'barman list-backups --minimal shop' | wc -l) == 1 ]]
  su barman -c 'barman check shop'
}
