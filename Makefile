# poc_barman: the extension (PGXS) and the stack around it.
#
#   make, make install, make installcheck   as any PGXS extension's
#   make demo, make check, make up, ...     docker/stack (see README)
#   make test TEST=rows_types               one test on the running stack (see CONTRIBUTING)
#   make compile_commands.json              for clangd and the like
#   make deb                                Debian's packages, into docker/packaging/build
#   make check-newest                       the containers on Debian sid
#   make dist                               the archive for PGXN, of what is committed, into DIST_DIR

# ---- the install script: chapters, joined in the order of their names ----
# the control file is the one source of the version
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" extension/poc_barman.control)
SCRIPT     := extension/poc_barman--$(EXTVERSION).sql
joined      = awk 'BEGIN {print "/* $(SCRIPT): built by make from the chapters in extension/script */"} FNR == 1 {print ""} {print}' $(1)

# ---- the stack: works before PostgreSQL's development files are there ----
STACK_GOALS := demo check up down psql conninfo bench lint test compile_commands.json deb

ifneq ($(filter $(STACK_GOALS),$(MAKECMDGOALS)),)

.PHONY: $(STACK_GOALS)
$(STACK_GOALS):
	@bash docker/stack $@ $(if $(filter test,$@),$(TEST))

# ---- in containers, with the newest PostgreSQL and Barman there are ----
else ifneq ($(filter check-newest,$(MAKECMDGOALS)),)

.PHONY: check-newest
check-newest:
	@BASE_SUITE=sid PG_VERSION=18 .ci/run containers

# ---- the archive ----
else ifneq ($(filter dist,$(MAKECMDGOALS)),)

DIST_DIR ?= .
RELEASE := poc_barman-$(shell sed -n '/"version"/{s/.*"version": "\(.*\)",.*/\1/p;q}' META.json)

.PHONY: dist
dist:
	tmp=$$(mktemp -d) && trap 'rm -rf "$$tmp"' EXIT \
	&& git archive HEAD extension/script | tar -x -C "$$tmp" && mkdir "$$tmp/out" \
	&& (cd "$$tmp" && LC_ALL=C && $(call joined,extension/script/*.sql)) > "$$tmp/out/$(notdir $(SCRIPT))" \
	&& git archive --format=zip --prefix=$(RELEASE)/extension/ --add-file="$$tmp/out/$(notdir $(SCRIPT))" \
		--prefix=$(RELEASE)/ -o $(DIST_DIR)/$(RELEASE).zip HEAD

else

# ---- the extension ----
sources    = $(wildcard $(addsuffix /*.$1,extension/src extension/src/* extension/src/*/*))

EXTENSION  = extension/poc_barman
MODULE_big = poc_barman
OBJS       = $(patsubst %.c,%.o,$(sort $(call sources,c)))
CHAPTERS   = $(sort $(wildcard extension/script/*.sql))
DATA_built = $(SCRIPT)
DATA       = $(wildcard extension/script/upgrade/*.sql)
PGFILEDESC = "poc_barman - drive and prove a Barman backup scenario from SQL"

PG_CPPFLAGS = -Iextension/src
PG_CFLAGS  = -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers
SHLIB_LINK = -lcurl
# for docker/stack check backend; AddressSanitizer would have to be in the server's own program
ifneq ($(SANITIZE),)
SANITIZER   = -fsanitize=undefined -fno-sanitize-recover=undefined
PG_CFLAGS  += $(SANITIZER) -fno-omit-frame-pointer
SHLIB_LINK += $(SANITIZER)
endif

REGRESS      = $(patsubst sql/%.sql,%,$(sort $(wildcard sql/*.sql)))
REGRESS_OPTS = --inputdir=.

# without PGHOST or the like, the running stack's server is the one to test
ifneq ($(filter installcheck,$(MAKECMDGOALS)),)
ifeq ($(PGHOST)$(PGPORT)$(PGSERVICE),)
$(foreach assignment,$(shell docker/stack env 2>/dev/null),$(eval export $(assignment)))
endif
endif

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
# a client's package brings pg_config and PGXS without the server's headers
ifeq ($(shell test -e "$(PGXS)" && test -e "$$($(PG_CONFIG) --includedir-server)/postgres.h" && echo yes),)
PG_MAJOR := $(or $(shell $(PG_CONFIG) --version 2>/dev/null | sed -nE 's/^[^0-9]*([0-9]+).*/\1/p'),NN)
$(error the headers of the PostgreSQL $(if $(filter NN,$(PG_MAJOR)),server,$(PG_MAJOR) server) are missing: install postgresql-server-dev-$(PG_MAJOR), or give PG_CONFIG=, or run "make demo", which installs them)
endif
include $(PGXS)

$(OBJS): $(call sources,h)

# the directory too: it is newer when a chapter has gone
$(SCRIPT): $(CHAPTERS) extension/script Makefile
	$(call joined,$(CHAPTERS)) > $@

endif
