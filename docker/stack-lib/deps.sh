# shellcheck shell=bash
# deps.sh: installs with apt what is missing, and says what and why.  Asks nothing, starts no service.

# docker/stack sets it, the root of the checkout
: "${checkout:?}"

# What each purpose needs: "probe|package|why".  A probe is cmd:PROGRAM, pc:PKG-CONFIG-MODULE,
# perl:MODULE, python:MODULE or file:PATH.
DEPS_BUILD=(
  "cmd:make|make|builds"
  "cmd:gcc|gcc|compiles the extension and the sidecar"
  "file:/usr/include/stdlib.h|libc6-dev|compiles the extension and the sidecar"
  "cmd:pkg-config|pkg-config|finds the libraries"
  "pc:libcurl|libcurl4-openssl-dev|HTTP client of the extension, and of the sidecar as a plugin"
  "pc:libmicrohttpd|libmicrohttpd-dev|HTTP server of the sidecar"
  "pc:gnutls|libgnutls28-dev|TLS of the sidecar"
  "pc:jansson|libjansson-dev|JSON in the sidecar"
  "pc:zlib|zlib1g-dev|archived WAL in the sidecar"
  "file:/usr/include/bzlib.h|libbz2-dev|archived WAL in the sidecar"
  "pc:liblzma|liblzma-dev|archived WAL in the sidecar"
  "pc:libzstd|libzstd-dev|archived WAL in the sidecar"
  "pc:liblz4|liblz4-dev|archived WAL in the sidecar"
  "cmd:rsync|rsync|restores; copies the sources"
)
DEPS_DEMO=(
  "cmd:barman|barman|takes the backups"
)
# only root has somebody else to become
[[ $(id -u) != 0 ]] || DEPS_DEMO+=("cmd:runuser|util-linux|drops root")
DEPS_CHECK=(
  "pc:cmocka|libcmocka-dev|unit tests of the sidecar"
  "cmd:prove|perl|TAP tests"
  "perl:IPC::Run|libipc-run-perl|TAP tests"
  "cmd:curl|curl|the commands of docs/http.md"
  "cmd:bzip2|bzip2|compressed WAL"
  "cmd:xz|xz-utils|compressed WAL"
  "cmd:zstd|zstd|compressed WAL"
  "cmd:lz4|lz4|compressed WAL"
  "cmd:promtool|prometheus|metrics, rules and queries"
  "cmd:sshd|openssh-server|backups by rsync, WAL by ssh"
  "cmd:ssh|openssh-client|the same"
  "cmd:barman-wal-archive|barman-cli|WAL by archive_command"
  "cmd:gpg|gnupg|encrypted backups"
)
# a large package, which only the tests of the page need
DEPS_PAGE=(
  "cmd:chromedriver|chromium-driver|the page in a real browser"
  "file:/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf|fonts-dejavu-core|letters for it"
)
DEPS_LINT=(
  "cmd:clang|clang|second compiler for warnings"
  "cmd:clang-format|clang-format|what C looks like"
  "cmd:cppcheck|cppcheck|static analysis"
  "cmd:shellcheck|shellcheck|shell scripts"
  "python:yaml|python3-yaml|reads openapi.yaml and compose*.yaml"
)

# builds packages, and starts nothing
DEPS_DEB=(
  "cmd:dh|debhelper|builds packages"
  "cmd:dpkg-buildpackage|dpkg-dev|builds packages"
)

DEPS_FUZZ=(
  "cmd:clang|clang|builds the fuzzers"
  "clang:fuzzer,address,undefined|libclang-rt-dev|libFuzzer and the sanitizers of clang"
)

# deps FOR...: demo, check, bench, lint, fuzz, page, or deb alone
deps() {
  local purpose entries=("${DEPS_BUILD[@]}") missing=() postgres=find_postgres
  [[ $* == deb ]] || entries+=("${DEPS_DEMO[@]}")
  for purpose in "$@"; do
    case $purpose in
      demo | bench) ;;
      deb)
        entries+=("${DEPS_DEB[@]}")
        # packages are built with the headers alone
        [[ $* != deb ]] || postgres=find_headers
        ;;
      check) entries+=("${DEPS_CHECK[@]}") ;;
      lint) entries+=("${DEPS_CHECK[@]}" "${DEPS_LINT[@]}") ;;
      page) entries+=("${DEPS_CHECK[@]}" "${DEPS_PAGE[@]}") ;;
      fuzz) entries+=("${DEPS_CHECK[@]}" "${DEPS_FUZZ[@]}") ;;
      *) die "deps: unknown purpose \"$purpose\"" "one of: demo check bench lint fuzz page deb" ;;
    esac
  done

  mapfile -t missing < <(missing_of "${entries[@]}")
  "$postgres" || add_postgres_packages
  if ((${#missing[@]} == 0)); then
    deps_cron "$@"
    return
  fi
  command -v apt-get > /dev/null ||
    die "missing: $(packages_of "${missing[@]}")" \
      "this machine has no apt-get: install them by its own means (docs/install.md, \"Requirements\")"
  can_be_root ||
    die "missing: $(packages_of "${missing[@]}"); to install them needs root" \
      "as root, once: $checkout/docker/stack deps $*"

  apt_update "$(packages_of "${missing[@]}")"
  # now known by their versions
  mapfile -t missing < <(missing_of "${entries[@]}")
  "$postgres" || add_postgres_packages
  say "installing what is missing, with apt:"
  printf '%s\n' "${missing[@]}" | awk -F'|' '{printf "  %-28s %s\n", $1, $2}' >&2
  apt_install "$(packages_of "${missing[@]}")"
  hash -r

  mapfile -t missing < <(missing_of "${entries[@]}")
  ((${#missing[@]} == 0)) || die "still missing after apt-get: $(packages_of "${missing[@]}")"
  "$postgres" || die "apt-get did not bring a PostgreSQL $MIN_VERSION or later" \
    "set PG_CONFIG to one that has its server and development files"
  deps_cron "$@"
}

# deps_cron FOR...: pg_cron of the PostgreSQL that is tested, where the system has it for that one; without it
# t/187_prove.pl leaves out what needs it
# shellcheck disable=SC2154 # find_postgres sets it
deps_cron() {
  local package
  [[ " $* " == *" check "* || " $* " == *" lint "* ]] || return 0
  find_postgres || return 0
  [[ $system_pg_config == /usr/lib/postgresql/*/bin/pg_config && ! -e $("$system_pg_config" --pkglibdir)/pg_cron.so ]] || return 0
  package=postgresql-$(postgres_major "$system_pg_config")-cron
  if [[ -n $(apt-cache show "$package" 2> /dev/null) ]] && can_be_root; then
    say "installing $package, with apt: proofs on a schedule"
    apt_install "$package"
  else
    say "without $package: proofs are not tested with pg_cron"
  fi
}

# "package|why"... as words
packages_of() { printf '%s\n' "$@" | cut -d'|' -f1 | paste -sd ' '; }

# prints "package|why" of what is not there
missing_of() {
  local entry probe package why
  for entry in "$@"; do
    IFS='|' read -r probe package why <<< "$entry"
    have "$probe" || echo "$package|$why"
  done
}

have() {
  local what=${1#*:}
  case $1 in
    cmd:*) command -v "$what" > /dev/null ;;
    pc:*) pkg-config --exists "$what" 2> /dev/null ;;
    perl:*) perl "-M$what" -e 1 2> /dev/null ;;
    python:*) /usr/bin/python3 -c "import $what" 2> /dev/null ;;
    clang:*) clang -fsanitize="$what" -x c -o /dev/null - <<< 'int LLVMFuzzerTestOneInput(void) {return 0;}' 2> /dev/null ;;
    file:*) [[ -e $what ]] ;;
  esac
}

# Adds to "missing": the development files of a server that is there, else the server this system offers,
# by the name of whatever version while apt's index is not there.
add_postgres_packages() {
  local major server=""
  # an older one is no use, nor one whose headers no source has, left over from before an upgrade of the system
  major=$(printf '%s\n' /usr/lib/postgresql/*/bin/postgres | sed -nE 's|.*/([0-9]+)/bin/postgres|\1|p' | sort -rn | head -n 1)
  if [[ -n $major ]] && { ((major < MIN_VERSION)) ||
    { [[ -n $apt_updated ]] && ! apt-cache show "postgresql-server-dev-$major" > /dev/null 2>&1; }; }; then
    major=""
  fi
  # an unknown package fails, too
  if [[ -z $major ]]; then
    major=$(apt-cache depends postgresql 2> /dev/null | sed -nE 's/.*Depends: postgresql-([0-9]+)$/\1/p' | head -n 1) || true
    server=postgresql${major:+-$major}
  fi
  if [[ -z $major && -n $apt_updated ]] || { [[ -n $major ]] && ((major < MIN_VERSION)); }; then
    die "this system offers PostgreSQL ${major:-in no version at all}, $MIN_VERSION or later is needed" \
      "add a newer one (https://apt.postgresql.org), or set PG_CONFIG"
  fi
  [[ -z $server || ${postgres:-} == find_headers ]] || missing+=("$server|the server")
  missing+=("postgresql-server-dev-${major:-all}|builds the extension")
}

# apt_update "PACKAGE PACKAGE...": always, because an old index names files that the mirror no longer has, and
# because it tells within seconds when there is no network.  A source that fails is no matter while another answers.
apt_updated=""
apt_update() {
  local log
  say "missing: $1"
  as_root true || die "missing: $1; to install them needs root, and sudo does not give it" \
    "as root, once: $checkout/docker/stack deps"
  log=$(as_root env LC_ALL=C apt-get -q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=0 -o Acquire::http::Timeout=15 \
    -o Acquire::https::Timeout=15 update 2>&1) || true
  if grep -qE '^(Err|Ign):' <<< "$log" && ! grep -qE '^(Hit|Get):' <<< "$log"; then
    die "cannot install $1: apt-get reaches none of its sources (no network?)" \
      "$(grep -m 1 -A 1 '^Err:' <<< "$log" | paste -sd ' ')" "by hand: apt-get install $1"
  fi
  apt_updated=yes
}

# apt_install "PACKAGE PACKAGE...": one root shell, so that whatever happens it puts back what it changed
apt_install() {
  local packages=()
  read -r -a packages <<< "$1"
  as_root bash -s -- "${packages[@]}" << 'ROOT' || die "apt-get failed" "by hand: apt-get install $1"
set -euo pipefail
# what is changed here for a moment another run would take for what was there
exec 9< /root
flock 9
log=$(mktemp)
policy=/usr/sbin/policy-rc.d
config=/etc/postgresql-common/createcluster.conf
made_policy=no
put_back() {
  if [[ -e $config.poc_barman ]]; then mv "$config.poc_barman" "$config"; fi
  if [[ $made_policy == yes ]]; then rm -f "$policy"; fi
  rm -f "$log"
}
trap put_back EXIT
export DEBIAN_FRONTEND=noninteractive
install() {
  apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@" > "$log" 2>&1 < /dev/null && return
  tail -n 30 "$log" >&2
  return 1
}
# no service is started by its package
if [[ ! -e $policy ]]; then
  printf '#!/bin/sh\nexit 101\n' > "$policy"
  chmod 755 "$policy"
  made_policy=yes
fi
# and PostgreSQL's makes no cluster: the stack has its own
if [[ " $* " =~ \ postgresql-[0-9]+\  ]]; then
  install postgresql-common
  cp -p "$config" "$config.poc_barman"
  echo "create_main_cluster = false" >> "$config"
fi
install "$@"
ROOT
}

# as_root COMMAND...: by the proxy that apt may need, which sudo would not pass on; never among the arguments, which
# all users of the machine see, for it may hold a password
as_root() {
  local name proxies=()
  if [[ $(id -u) == 0 ]]; then
    "$@"
    return
  fi
  for name in http_proxy https_proxy no_proxy; do
    [[ -z ${!name:-} ]] || proxies+=("--preserve-env=$name")
  done
  sudo "${proxies[@]}" "$@"
}

# sudo may ask for its password where somebody can answer
can_be_root() { [[ $(id -u) == 0 ]] || { command -v sudo > /dev/null && { sudo -n true 2> /dev/null || [[ -t 2 ]]; }; }; }
