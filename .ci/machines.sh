# shellcheck shell=bash
# machines.sh: what makes a machine another's: preparations that run there as root, and the traces that it shows.
# Each function is sent alone (with apt), so it calls no other.

apt() { DEBIAN_FRONTEND=noninteractive apt-get -q -y "$@" > /tmp/apt.log 2>&1 || { cat /tmp/apt.log; return 1; }; }

without_headers() {
  local packages
  mapfile -t packages < <(dpkg-query -W -f '${Package}\n' 'postgresql-server-dev-*')
  apt purge "${packages[@]}"
  # the client's package has brought these, and they are not enough
  [[ $(pg_config --pgxs) == /* && -e $(pg_config --pgxs) ]]
}

# libpq's headers stay, and its pg_config
without_server() {
  local packages
  mapfile -t packages < <(dpkg-query -W -f '${Package}\n' 'postgresql-[0-9]*' 'postgresql-client-[0-9]*' 'postgresql-server-dev-*')
  apt purge "${packages[@]}"
  pg_config --version
}

# The server is this suite's, the headers and the client are the older suite's: unpacked, because two libpq-dev would
# not live side by side.
headers_of_bookworm() {
  local dir uri package packages
  mapfile -t packages < <(dpkg-query -W -f '${Package}\n' 'postgresql-server-dev-*')
  apt purge "${packages[@]}"
  dir=$(mktemp -d)
  # shellcheck disable=SC2016
  uri=$(apt-get indextargets --format '$(COMPONENT) $(REPO_URI)' 'Created-By: Packages' | awk '$1 == "main" {print $2; exit}')
  mkdir -p "$dir/lists/partial"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri bookworm main" > "$dir/sources.list"
  local options=(-o "Dir::Etc::SourceList=$dir/sources.list" -o Dir::Etc::SourceParts=/dev/null -o "Dir::State::Lists=$dir/lists"
    -o APT::Sandbox::User=root)
  apt "${options[@]}" update
  (cd "$dir" && apt "${options[@]}" download postgresql-server-dev-15 postgresql-client-15)
  for package in "$dir"/*.deb; do
    dpkg-deb -x "$package" /
  done
  rm -rf "$dir"
  /usr/lib/postgresql/15/bin/pg_config --version
}

system_cluster() {
  pg_createcluster --start "$(ls /usr/lib/postgresql)" main
  # its processes are part of the machine's traces
  [[ $(su postgres -c 'psql -XAtc "SHOW port"') == 5432 ]]
}

foreign_environment() {
  cat > /etc/profile.d/environment.sh << 'PROFILE'
export PGHOST=nowhere PGHOSTADDR=192.0.2.1 PGPORT=1 PGUSER=nobody PGPASSWORD=wrong PGDATABASE=nothing PGSERVICE=none
export PGDATA=/nowhere PGOPTIONS='-c default_transaction_read_only=on' PGSSLMODE=verify-full PGTZ=Asia/Kathmandu
export PGCLIENTENCODING=LATIN1 PGDATESTYLE=German PGCHANNELBINDING=require PGREQUIREAUTH=scram-sha-256 PGGSSENCMODE=require
export BARMAN_HOME=/nowhere BARMAN_CONFIG=/nowhere BARMAN_VERSION=0 CDPATH=.:/usr
PROFILE
}

latin1_locale() {
  apt update
  apt install --no-install-recommends locales
  localedef -i de_DE -f ISO-8859-1 de_DE.ISO-8859-1
  rm /tmp/apt.log
  echo 'export LANG=de_DE.ISO-8859-1 LANGUAGE=de_DE:de' > /etc/profile.d/locale.sh
}

barman_configuration() {
  printf '[barman]\nbarman_home = /nowhere\nbarman_user = nobody\nconfiguration_files_directory = /etc/barman.d\n' > /etc/barman.conf
  printf '[postgres1]\nconninfo = host=nowhere\nbackup_method = rsync\nactive = false\n' > /etc/barman.d/postgres1.conf
  printf 'not even a section\n' > /home/bob/.barman.conf
}

# the volume itself, which nobody can write to, root included
read_only_checkout() { echo 'export CHECKOUT=/mnt/checkout' > /etc/profile.d/checkout.sh; }

blank_in_path() { echo "export CHECKOUT='my checkouts/poc barman'" > /etc/profile.d/checkout.sh; }

umask_077() { echo 'umask 077' > /etc/profile.d/umask.sh; }

c_locale() { echo 'export LC_ALL=C' > /etc/profile.d/locale.sh; }

# Those tests that want a small file system, and may mount none; as a user who is not root.
for_tests() {
  /mnt/checkout/docker/stack deps check
  [[ $(df --output=size -B 1M /dev/shm | tail -n 1) -eq 64 ]]
  echo 'export TAP_FILES="t/021_doctor_live.pl t/033_restore_full_disk.pl t/072_drill_disk.pl"' > /etc/profile.d/tests.sh
}

# The directories that packages make for themselves while they are installed are nobody's traces.
traces_without_packages() { sed -i -E '\#^/run/|^/root/\.ssh$|^/tmp/\.[A-Za-z0-9]+-unix$#d' "$@"; }

# What must be the same after "make down" as before: files, shared memory and processes, by their ids.
traces() {
  local process status processes=(/proc/[0-9]*)
  for process in "${processes[@]}"; do
    { status=$(< "$process/stat"); } 2> /dev/null || continue
    # neither one that has ended nor the reader himself
    [[ $status != *') Z '* && $process != "/proc/$$" ]] || continue
    tr '\0\n' '  ' < "$process/cmdline" | sed "s|^|process ${process#/proc/}: |"
    echo
  done | grep -v -e 'autovacuum worker' -e '^$'
  find /tmp /var/tmp /dev/shm /run /root /home -mindepth 1 ! -name apt.log ! -path '/run/postgresql' ! -path '/run/sudo*' | sort
  find /usr/sbin/policy-rc.d /etc/postgresql-common/createcluster.conf.* /nowhere 2> /dev/null || true
  tail -n +2 -q /proc/sysvipc/* | awk '{print "System V object " $2}'
}
