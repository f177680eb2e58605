# shellcheck shell=bash
# versions.sh: the story on versions newer than those of the other lanes: the images are built, a backup can be
# taken, the regression tests of what depends on the version pass and the scenario is played; and with the newest
# Barman the ways to back up that an older one has not.  The whole suite runs on the system's version alone, most of
# it on that of the images.

VERSIONS=("18 sid" "19 experimental")

# what uses PostgreSQL's internals or its catalogs, and one of each kind that asks Barman
versions_tests() {
  printf '%s\n' sql/*.sql | sed -E 's#^sql/(.*)\.sql$#\1#' | grep -E '^(rows_.*|fingerprint.*|mark.*|privileges|settings|wal|backup|incremental|restore|doctor)$'
}

lane_versions() {
  local version chosen=()
  for version in "${VERSIONS[@]}"; do
    [[ -n ${VERSIONS_ONLY:-} && $version != "$VERSIONS_ONLY "* ]] || chosen+=("$version")
  done
  ((${#chosen[@]} > 0)) || leg "no version is VERSIONS_ONLY=$VERSIONS_ONLY" false
  for version in "${chosen[@]}"; do
    # shellcheck disable=SC2086
    versions_story $version
  done
}

# versions_story MAJOR SUITE: leaves the variables of the container legs as they were
versions_story() (
  export COMPOSE_PROJECT_NAME=${COMPOSE_PROJECT_NAME}_$1 BASE=debian:$2-slim PG_VERSION=$1
  export POC_IMAGE=$COMPOSE_PROJECT_NAME
  trap containers_remove EXIT
  leg "PostgreSQL $1: images" versions_images "$2"
  [[ ${outcome:-} == passed ]] || return 0
  containers_ports
  leg "PostgreSQL $1: up --wait" containers_up
  [[ ${outcome:-} == passed ]] || return 0
  # shellcheck disable=SC2046
  leg "PostgreSQL $1: make installcheck" containers_installcheck $(versions_tests)
  leg "PostgreSQL $1: the scenario" containers_scenario
  # they depend on Barman and on libraries, which are the same for all
  [[ $1 != "${VERSIONS[0]%% *}" ]] || leg "PostgreSQL $1: unit tests, and the ways of a newer Barman" versions_ways
)

# The newest cmocka and compiler; encryption, and what else the Barman of the other lanes is too old for; where its
# files lie otherwise (t/111), and PostgreSQL's roles are otherwise (t/126)
versions_ways() { containers_run -e POC_SKIPPED=fail -e "TAP_JOBS=$TAP_JOBS" -e "TAP_FILES=t/17[15]*.pl t/111*.pl t/126*.pl" 'docker/stack check unit tap'; }

versions_images() {
  if [[ $1 == experimental ]]; then
    versions_experimental
  else
    engine_base "$1"
  fi
  containers_build
}

# Debian experimental is sid and a few packages besides: PostgreSQL's, and nothing else
versions_experimental() {
  local image=debian:experimental-slim
  if docker image inspect "$image" > /dev/null 2>&1; then
    return
  fi
  engine_base sid
  docker build -q -t "$image" - << 'DOCKERFILE'
FROM debian:sid-slim
# in the form of our own images, or of those of a registry
RUN cd /etc/apt && if [ -e sources.list.d/debian.sources ]; \
      then sed 's/^Suites: .*/Suites: experimental/' sources.list.d/debian.sources > sources.list.d/experimental.sources; \
      else sed -n 's/^deb \(.*\) sid main.*/deb \1 experimental main/p' sources.list > sources.list.d/experimental.list; fi \
    && grep -q experimental sources.list.d/experimental.* \
    && printf '%s\n' 'Package: postgresql*-19* libpq* postgresql-common* postgresql-client-common*' \
      'Pin: release a=experimental' 'Pin-Priority: 900' > /etc/apt/preferences.d/postgresql
DOCKERFILE
}
