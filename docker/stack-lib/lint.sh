# shellcheck shell=bash
# lint.sh: what can be said of the files without running them.  Our own files only, warnings are errors.

lint() {
  : "${system_pg_config:=}"
  local failed=0 step steps=(scripts format sources layers static manifests)
  deps lint
  LINT_DIR=$(mktemp -d)
  trap 'rm -rf "$LINT_DIR"' EXIT
  rsync -rlpt --exclude='*.o' --exclude='*.so' --exclude='*.bc' --exclude='*.d' --exclude=/.git "${checkout:?}/" "$LINT_DIR/"
  for step in "${steps[@]}"; do
    say "== lint: $step"
    (cd "$LINT_DIR" && "lint_$step") || failed=$((failed + 1))
  done
  say "lint: $((${#steps[@]} - failed)) of ${#steps[@]} steps passed"
  ((failed == 0))
}

lint_scripts() {
  local scripts perls file pgxs status=0
  # by their first line alone: tests hold scripts within scripts
  mapfile -t scripts < <(find docker extension .ci -type f ! -path '*/fixtures/*' \
    -exec awk 'FNR == 1 && /^#!.*[ \/](ba)?sh$/ {print FILENAME} {nextfile}' {} +)
  shellcheck -x "${scripts[@]}" docker/stack-lib/*.sh .ci/*.sh || status=1

  pgxs=$("$system_pg_config" --pgxs)
  mapfile -t perls < <(find extension -name '*.pl' -o -name '*.pm')
  for file in "${perls[@]}"; do
    perl -I "${pgxs%/makefiles/pgxs.mk}/test/perl" -I extension/t/lib -c "$file" 2> lint.log || {
      cat lint.log >&2
      status=1
    }
  done

  # Markdown has trailing blanks on purpose, psql's output by nature
  ! grep -rnIE '[[:blank:]]+$' Makefile META.json compose*.yaml .ci docker extension sql \
    --exclude-dir=fixtures || status=1
  return "$status"
}

# Versions of clang-format lay out some lines differently, so one of them decides: Debian 12's.
lint_format() {
  local version files
  version=$(clang-format --version)
  if [[ ! $version =~ version\ 14\. ]]; then
    say "not compared: .clang-format is for version 14, and this is $version"
    return
  fi
  mapfile -t files < <(find extension docker/sidecar -name '*.[ch]')
  clang-format --dry-run --Werror "${files[@]}" 2> lint.log || {
    grep 'error:' lint.log >&2
    say 'make it so: clang-format -i FILE'
    return 1
  }
}

# gcc's and clang's opinions differ, so both are asked.
lint_sources() {
  local cc status=0
  for cc in gcc clang; do
    # flags that PostgreSQL was built with are gcc's own
    make -s clean with_llvm=no PG_CONFIG="$system_pg_config" > /dev/null
    make -s CC="$cc" with_llvm=no PG_CONFIG="$system_pg_config" \
      COPT="-Werror -Wno-unknown-warning-option -Wno-ignored-attributes -Wno-ignored-optimization-argument" > lint.log 2>&1 || {
      say "extension, $cc:"
      cat lint.log >&2
      status=1
    }
    make -s -C docker/sidecar clean > /dev/null
    make -s -C docker/sidecar CC="$cc" > lint.log 2>&1 || {
      say "sidecar, $cc:"
      cat lint.log >&2
      status=1
    }
  done
  return "$status"
}

# After lint_sources, whose objects tell who calls whom.
lint_layers() {
  docker/stack-lib/lint-layers --self-test && docker/stack-lib/lint-layers
}

# varFuncNullUB: POSIX makes NULL a pointer, so it may end a variable list of arguments.
# invalidLifetime, returnDanglingLifetime: cppcheck believes that a parsed value keeps pointers to the arguments of its
# parser; the sanitized unit tests look for the same.
lint_static() {
  local tree status=0
  for tree in extension/src docker/sidecar/src; do
    cppcheck --quiet --error-exitcode=1 --inline-suppr --enable=warning,performance,portability \
      --suppress=unknownMacro --suppress=missingInclude --suppress=missingIncludeSystem --suppress=varFuncNullUB \
      --suppress=invalidLifetime --suppress=returnDanglingLifetime \
      -I "$tree" "$tree" || status=1
  done
  return "$status"
}

# After the sources: what make builds is among the files that are to be there.
lint_manifests() {
  docker/stack-lib/lint-manifests
}
