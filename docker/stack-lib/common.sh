# shellcheck shell=bash
# common.sh: who runs what, where the home is, how to wait and how to fail.

# docker/stack sets it, the root of the checkout
: "${checkout:?}"

# The caller's own PostgreSQL and Barman settings must not lead us to their servers.
while IFS= read -r name; do
  unset "$name"
done < <(compgen -e | grep -E '^(PG[A-Z]+|BARMAN_.*)$' || true)

# In the C locale no message changes with the machine; LANGUAGE would outrank it.
export LC_ALL=C.UTF-8
unset LANGUAGE CDPATH

# What is private says so by itself; all else another user reads, the servers' or apt's.
umask 022

# Debian gives an ordinary user no sbin, where runuser and others are.
export PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

if [[ $(id -u) == 0 ]]; then
  RUN_USER=${POC_RUN_USER:-postgres}
elif ! RUN_USER=$(id -un 2> /dev/null); then
  echo "stack: the user $(id -u) has no name, and PostgreSQL does not run without: add one to /etc/passwd" >&2
  exit 1
fi

# Per user and checkout, and short: a socket's path may have 107 bytes only.
# Not /tmp, which may be a small file system in memory.
default_home() {
  local hash
  hash=$(printf '%s' "$checkout" | sha256sum)
  echo "$(realpath /var/tmp)/poc_barman-$(id -u)-${hash:0:8}"
}
POC_HOME=${POC_HOME:-$(default_home)}
# as programs tell it that are asked where they are; POC_HOME itself must be no link
[[ $POC_HOME != /* ]] || POC_HOME=$(realpath -m -- "$(dirname -- "$POC_HOME")/.")/$(basename -- "$POC_HOME")
POC_HOME=${POC_HOME/#\/\//\/}
# of the 107 bytes that the path of a socket has, those of a drill's instance take the rest
HOME_BYTES=49

# never fails: the terminal may be gone while we clean up
say() { printf '%s\n' "$*" >&2 || true; }

# die MESSAGE [HINT...]
die() {
  printf 'stack: %s\n' "$1" >&2
  shift
  (($# == 0)) || printf '  %s\n' "$@" >&2
  exit 1
}

# Runs a command as the servers' user, inside the home: the checkout may be closed to that user.
# A server must not keep what the caller has open, a lock or a pipe, nor our own lock.
as_server() {
  (
    for fd in /proc/self/fd/*; do
      fd=${fd##*/}
      ((fd < 3 || fd == 255)) || exec {fd}>&-
    done
    cd "$POC_HOME" 2> /dev/null || cd /
    export HOME=$POC_HOME
    if [[ $(id -un) == "$RUN_USER" ]]; then
      exec "$@"
    fi
    # the caller's may be closed to others
    unset TMPDIR TMP TEMP
    exec runuser -u "$RUN_USER" -- "$@"
  )
}

# wait_for SECONDS WHAT LOG COMMAND...: polls; on failure tells what did not come and the log's end
wait_for() {
  local seconds=$1 what=$2 log=$3
  shift 3
  local end=$((SECONDS + seconds))
  until "$@" > /dev/null 2>&1; do
    if ((SECONDS >= end)); then
      say "stack: gave up after $seconds s waiting for $what"
      say "$("$@" 2>&1 || true)"
      say "--- the end of $log"
      as_server tail -n 20 "$log" >&2 || true
      return 1
    fi
    sleep 0.1
  done
}

make_home() {
  [[ $POC_HOME == /* && $POC_HOME != *[^A-Za-z0-9_./@+-]* ]] ||
    die "POC_HOME must be an absolute path of letters, digits and _ . / @ + -: $POC_HOME"
  ((${#POC_HOME} <= HOME_BYTES)) ||
    die "POC_HOME is too long for the path of a socket (${#POC_HOME} bytes, at most $HOME_BYTES): $POC_HOME"
  id "$RUN_USER" > /dev/null 2>&1 ||
    die "the servers' user \"$RUN_USER\" does not exist" "set POC_RUN_USER, or run docker/stack deps"
  [[ $(id -u "$RUN_USER") != 0 ]] ||
    die "PostgreSQL does not run as root" "set POC_RUN_USER to an unprivileged user"

  if [[ ! -e $POC_HOME ]]; then
    as_server mkdir -m 700 "$POC_HOME" ||
      die "$RUN_USER cannot make $POC_HOME" "set POC_HOME to a path that $RUN_USER may create"
  fi
  # someone else's directory under our name would see our secrets
  [[ ! -L $POC_HOME && $(stat -c %U "$POC_HOME") == "$RUN_USER" ]] || not_our_home
  # just made, or by an "up" that was interrupted there
  if [[ -z $(as_server ls -A "$POC_HOME") ]]; then
    if ! runs_programs "$POC_HOME"; then
      as_server rmdir "$POC_HOME"
      die "$POC_HOME is on a file system that runs no programs (mounted with noexec)" "set POC_HOME to a path elsewhere"
    fi
    as_server touch "$POC_HOME/.poc_barman"
  fi
  [[ -e $POC_HOME/.poc_barman ]] || not_our_home
  as_server mkdir -p -m 700 "$POC_HOME"/{log,run,s,secrets,barman,jobs}
}

not_our_home() { die "$POC_HOME exists and is not a home of this stack" "remove it, or set POC_HOME"; }

# Makes the home and lets one "up" or "down" at a time work in it.
hold_home() {
  [[ -z ${home_lock:-} ]] || return 0
  make_home
  exec {home_lock}< "$POC_HOME"
  if ! flock -n "$home_lock"; then
    say "stack: another docker/stack works in $POC_HOME, waiting for it"
    flock "$home_lock"
  fi
  # a "down" has removed it meanwhile
  if [[ ! /proc/self/fd/$home_lock -ef $POC_HOME ]]; then
    release_home
    hold_home
  fi
}

release_home() {
  exec {home_lock}<&-
  home_lock=""
}

# runs_programs DIRECTORY: the kernel calls no file executable where noexec is mounted
runs_programs() {
  # shellcheck disable=SC2016
  as_server sh -c 'probe=$(mktemp "$1/probe.XXXXXX") && chmod 700 "$probe" && test -x "$probe"
    status=$?; rm -f "$probe"; exit "$status"' sh "$1"
}

# Parallel queries share memory in /dev/shm, and in a container there is little: less than this, and they share files.
SHM_MB=256
shm_is_small() {
  local room
  room=$(df --output=size -B 1M /dev/shm 2> /dev/null | tail -n 1) || room=0
  ((room < SHM_MB))
}

port_in_use() { (exec 3<> "/dev/tcp/127.0.0.1/$1") 2> /dev/null; }

# Below the kernel's range for outgoing connections, so that none of these sits on our port.
free_port() {
  local port
  for _ in {1..200}; do
    port=$((20000 + RANDOM % 12000))
    if ! port_in_use "$port"; then
      echo "$port"
      return
    fi
  done
  die "no free port found between 20000 and 32000"
}

# The remembered port; digits only, because the file belongs to the servers' user.
port_of() {
  local port=""
  read -r port 2> /dev/null < "$POC_HOME/run/$1.port" || true
  [[ $port =~ ^[0-9]{4,5}$ ]] && echo "$port"
}

# choose_port NAME: keeps the remembered port if nobody else took it meanwhile
choose_port() {
  local port
  port=$(port_of "$1") || port=""
  if [[ -z $port ]] || port_in_use "$port"; then
    port=$(free_port)
    as_server sh -c "echo $port > run/$1.port"
  fi
}

need_up() {
  if ! postgres1_running; then
    die "nothing is up at $POC_HOME" "start it with: make up"
  fi
}

# sweep DIRECTORY...: ends every process that names one of these directories (of our home, unless they are absolute)
# in its arguments (a pg_receivewal, a pg_basebackup), each by its id.
sweep() {
  local pid signal
  for signal in INT TERM KILL; do
    for pid in $(our_processes "$@"); do
      kill "-$signal" "$pid" 2> /dev/null || true
    done
    for _ in {1..50}; do
      [[ -n $(our_processes "$@") ]] || return 0
      sleep 0.1
    done
  done
  die "processes that would not end: $(our_processes "$@" | tr '\n' ' ')"
}

# The patterns come by a pipe, so that grep does not find itself.
our_processes() {
  local user directory file
  user=$(id -u "$RUN_USER")
  grep -lszE -f <(for directory in "$@"; do
    [[ $directory == /* ]] || directory=$POC_HOME/$directory
    sed 's/[^A-Za-z0-9_/-]/[&]/g; s|.*|(^\|=)&/|' <<< "$directory"
  done) /proc/[0-9]*/cmdline |
    while IFS= read -r file; do
      if [[ $(stat -c %u "$file" 2> /dev/null) == "$user" ]]; then
        basename "${file%/cmdline}"
      fi
    done || true
}
