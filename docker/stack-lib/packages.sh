# shellcheck shell=bash
# packages.sh: Debian's packages of the extension, one for each PostgreSQL whose headers are here, and of the sidecar.

# docker/stack sets it, the root of the checkout
: "${checkout:?}"

PACKAGES=${POC_PACKAGES:-$checkout/docker/packaging/build}

deb() {
  local dir majors
  deps deb
  majors=$(majors_with_headers)
  [[ -n $majors ]] || die "no PostgreSQL $MIN_VERSION or later has its headers here" "install postgresql-server-dev-NN"
  mkdir -p "$PACKAGES"
  # a name without blanks, in which programs may run
  dir=$(mktemp -d /var/tmp/poc_barman-deb.XXXXXX)
  # shellcheck disable=SC2064
  trap "rm -rf '$dir'" EXIT
  rsync -rlpt --chmod=Du+rwx,Fu+rw,go+rX,go-w "${SOURCES[@]}" --include='/LICENSE' --exclude='/*' "$checkout/" "$dir/source/"
  debian_directory "$dir/source" "$majors"
  say "building packages of the sidecar and of the extension for PostgreSQL ${majors//$'\n'/ }"
  # -d: deps has seen to what is needed, and build-essential has more
  (cd "$dir/source" && DEB_BUILD_OPTIONS="noautodbgsym parallel=$(nproc)" MAKEFLAGS='' dpkg-buildpackage -b -d -us -uc) > "$dir/log" 2>&1 || {
    tail -n 40 "$dir/log" >&2
    die "the packages do not build"
  }
  check_packages "$dir"
  rm -f "$PACKAGES"/*.deb
  cp "$dir"/*.deb "$PACKAGES/"
  printf '%s\n' "$PACKAGES"/*.deb
}

# of every server that is installed, the newest last; of a client's package there is only pg_config
majors_with_headers() {
  local candidate
  for candidate in /usr/lib/postgresql/*/bin/pg_config; do
    [[ -e $candidate && -e $("$candidate" --includedir-server)/postgres.h ]] && postgres_major "$candidate"
  done | awk -v least="$MIN_VERSION" '$1 >= least' | sort -n
}

find_headers() { [[ -n $(majors_with_headers) ]]; }

# debian_directory SOURCE MAJORS: made from docker/packaging/debian
debian_directory() {
  local debian=$1/debian templates=$1/docker/packaging/debian version maintainer major
  cp -r "$templates" "$debian"
  version=$(of_meta "$1" version)
  maintainer=$(of_meta "$1" maintainer)
  sed -i "s|@MAINTAINER@|$maintainer|" "$debian/control"
  for major in $2; do
    sed "s/@MAJOR@/$major/g" "$debian/control.major" >> "$debian/control"
  done
  rm "$debian/control.major"
  {
    sed '/^@COPYRIGHT@/,$d' "$debian/copyright"
    echo "Copyright: $(sed -nE 's/^.*Copyright \(c\) //p' "$1/LICENSE")"
    echo "License: PostgreSQL"
    sed -n '/^Permission/,$p' "$1/LICENSE" | sed -E 's/^$/./; s/^/ /'
  } > "$debian/copyright.new"
  mv "$debian/copyright.new" "$debian/copyright"
  # one version of ours is other packages on each Debian, the newer of the newer
  cat > "$debian/changelog" << CHANGELOG
poc-barman ($version-${POC_REVISION:-1}+$(distribution)) unstable; urgency=medium

  * As CHANGELOG.md says.

 -- $maintainer  $(date -R -u -d "@$(stat -c %Y "$1/CHANGELOG.md")")
CHANGELOG
}

# of_meta SOURCE KEY: a text of META.json, whose top has one key a line
of_meta() { sed -nE "s/^   \"$2\": \"(.*)\",\$/\1/p" "$1/META.json"; }

# debian12, ubuntu24.04; of one without numbers its name
distribution() { (. /etc/os-release && echo "$ID${VERSION_ID:-$VERSION_CODENAME}"); }

# What lintian calls an error is one.
check_packages() {
  if ! command -v lintian > /dev/null; then
    say "lintian is not installed: nobody has looked at the packages"
    return
  fi
  lintian --allow-root --fail-on error "$1"/*.deb > "$1/lintian.log" 2>&1 || {
    cat "$1/lintian.log" >&2
    die "lintian calls the packages wrong"
  }
  sed 's/^/  /' "$1/lintian.log" >&2
}
