# shellcheck shell=bash
# build.sh: finds PostgreSQL and builds the extension and the sidecar in a copy of the checkout.
# Nothing is written into the checkout or into the system's PostgreSQL: the extension is installed
# into a private tree of links to it, so that two checkouts can run side by side.

MIN_VERSION=15

# docker/stack sets it, the root of the checkout
: "${checkout:?}"

# Sets system_pg_config; false if there is no PostgreSQL to build with.
find_postgres() {
  local candidate lacks
  if [[ -n ${PG_CONFIG:-} ]]; then
    candidate=$(command -v "$PG_CONFIG") || die "PG_CONFIG=$PG_CONFIG: no such program"
    lacks=$(lacks_of_postgres "$candidate")
    [[ -z $lacks ]] || die "PG_CONFIG=$PG_CONFIG: $lacks"
    system_pg_config=$candidate
    return
  fi
  # Debian's places and those of PGDG's RPMs
  while IFS= read -r candidate; do
    if [[ -z $(lacks_of_postgres "$candidate") ]]; then
      system_pg_config=$candidate
      return
    fi
  done < <(printf '%s\n' /usr/lib/postgresql/*/bin/pg_config /usr/pgsql-*/bin/pg_config | sort -rV
    command -v pg_config || true)
  return 1
}

# Prints what that PostgreSQL lacks to be built with.  A client's package brings pg_config and PGXS without
# the server's headers, and libpq's another pg_config without a server.
lacks_of_postgres() {
  local bindir major
  if ! bindir=$("$1" --bindir 2> /dev/null) || ! major=$(postgres_major "$1") || [[ ! $major =~ ^[0-9]+$ ]]; then
    echo "no pg_config"
  elif ((major < MIN_VERSION)); then
    echo "PostgreSQL $major, $MIN_VERSION or later is needed"
  elif [[ ! -x $bindir/postgres || ! -x $bindir/initdb ]]; then
    echo "no server in $bindir, install it (Debian: postgresql-$major)"
  elif [[ ! -e $("$1" --pgxs) || ! -e $("$1" --includedir-server)/postgres.h ]]; then
    echo "no headers of the server in $("$1" --includedir-server), install them (Debian: postgresql-server-dev-$major)"
  fi
}

postgres_major() { "$1" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/'; }

build() {
  local jobs
  jobs=$(nproc)
  copy_sources
  # anew after PostgreSQL's package has been upgraded, but not under a running server
  if ! cmp -s "$("$system_pg_config" --bindir)/postgres" "$(pg_bindir)/postgres" && ! postgres1_running; then
    make_tree
  fi
  say "building the extension and the sidecar in $POC_HOME/src"
  # without bitcode: it doubles the time and nothing here is inlined by JIT
  as_server make -s -C "$POC_HOME/src" -j "$jobs" PG_CONFIG="$(pg_bindir)/pg_config" with_llvm=no \
    all install > "$(build_log extension)" 2>&1 || build_failed extension
  as_server make -s -C "$POC_HOME/src/docker/sidecar" -j "$jobs" WERROR= > "$(build_log sidecar)" 2>&1 ||
    build_failed sidecar
}

build_log() {
  as_server touch "$POC_HOME/log/build-$1.log"
  echo "$POC_HOME/log/build-$1.log"
}

build_failed() {
  as_server tail -n 40 "$POC_HOME/log/build-$1.log" >&2
  die "the $1 does not build" "all of it: $POC_HOME/log/build-$1.log"
}

# For rsync: what is built from, without what make has built; the rest is left out by whoever copies.
SOURCES=(
  --exclude='*.o' --exclude='*.so' --exclude='*.bc' --exclude='*.a'
  --exclude='*.d' --exclude='/docker/sidecar/barman-sidecar' --exclude='/docker/sidecar/tests/test_*[!.]?'
  --exclude='/extension/poc_barman--*.sql' --exclude='tmp_check' --exclude='/results' --exclude='/.git'
  --exclude='/docker/packaging/build'
  --include='/Makefile' --include='/META.json' --include='/compose*.yaml' --include='/extension/***'
  --include='/*.md' --include='/docs/***'
  --include='/sql/***' --include='/expected/***' --include='/docker/***'
)

copy_sources() {
  local owner=()
  if [[ $(id -un) != "$RUN_USER" ]]; then
    owner=(--chown="$RUN_USER:")
  fi
  as_server mkdir -p "$POC_HOME/src"
  # --delete, or a file that is gone from the checkout would still be compiled
  # the checkout may be read-only
  rsync -rlpt --chmod=Du+rwx,Fu+rw --delete "${owner[@]}" "${SOURCES[@]}" --exclude='/*' \
    "$checkout/" "$POC_HOME/src/"
}

# The tree: PostgreSQL finds its share and lib directories relative to its own program file, so real
# copies of the programs beside links to everything else make an installation of our own.
make_tree() {
  local bindir pkglibdir sharedir prefix name
  bindir=$("$system_pg_config" --bindir)
  pkglibdir=$("$system_pg_config" --pkglibdir)
  sharedir=$("$system_pg_config" --sharedir)
  prefix=$(tree_prefix)
  # shellcheck disable=SC2016
  as_server bash -euc '
    tree=$1 prefix=$2 bindir=$3 pkglibdir=$4 sharedir=$5 include=$6
    mkdir -p "$tree${bindir#"$prefix"}" "$tree${pkglibdir#"$prefix"}" "$tree${sharedir#"$prefix"}/extension" \
      "$(dirname "$tree${include#"$prefix"}")"
    for program in "$bindir"/*; do
      test "${program##*/}" = postgres || cp -L "$program" "$tree${bindir#"$prefix"}/"
    done
    ln -sfn "$include" "$tree${include#"$prefix"}"
    for dir in "$pkglibdir" "$sharedir" "$sharedir/extension"; do
      entries=()
      for entry in "$dir"/*; do
        case ${entry##*/} in
          extension | poc_barman*) ;;
          *) entries+=("$entry") ;;
        esac
      done
      ln -sfn -t "$tree${dir#"$prefix"}" "${entries[@]}"
    done
    # last, because where it is the tree is whole
    cp -L "$bindir/postgres" "$tree${bindir#"$prefix"}/"' make_tree "$POC_HOME/pg" "$prefix" "$bindir" "$pkglibdir" "$sharedir" \
    "$("$system_pg_config" --pkgincludedir)"
  for name in sharedir pkglibdir pgxs; do
    [[ $("$(pg_bindir)/pg_config" "--$name") == "$POC_HOME/pg$("$system_pg_config" "--$name" | cut -c $((${#prefix} + 1))-)" ]] ||
      die "the PostgreSQL of $system_pg_config cannot be relocated (its --$name is fixed)"
  done
}

# The directory that holds all of that PostgreSQL: /usr for Debian's.
tree_prefix() {
  local prefix directory
  prefix=$("$system_pg_config" --bindir)
  for directory in pkglibdir sharedir pkgincludedir; do
    directory=$("$system_pg_config" "--$directory")
    while [[ $directory != "$prefix"/* ]]; do
      prefix=$(dirname "$prefix")
    done
  done
  echo "${prefix%/}"
}

pg_bindir() {
  local bindir
  bindir=$("$system_pg_config" --bindir)
  echo "$POC_HOME/pg${bindir#"$(tree_prefix)"}"
}
