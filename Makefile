# posoffline: build, test, install. `make help` lists the targets.

PREFIX ?= /usr/local
DESTDIR ?=
LIBDIR ?= $(PREFIX)/lib
CC ?= gcc

VERSION := $(shell sed -n 's/^\#define POSOFFLINE_VERSION "\(.*\)"/\1/p' include/posoffline.h)
BUILD := build
LIBRARY := $(BUILD)/libposoffline.so
POSCODE := poscode/.build/release/poscode
POSGATEWAY := gateway/.build/release/posgateway
ARM_SYSROOT := $(BUILD)/arm-sysroot
ARM_LIBRARIES := $(ARM_SYSROOT)/unpacked/usr/lib/arm-linux-gnueabihf

# Debian packages, by use. The SET_UP_GOALS install missing packages. Other targets name them and print `make deps`.
SET_UP_GOALS := deps packages demo gateway e2e test test-gateway test-firmware test-sanitizers
PACKAGES := scripts/$(if $(filter $(SET_UP_GOALS),$(MAKECMDGOALS)),install,require)-packages.sh
LIB_PACKAGES := gcc libc6-dev libsecp256k1-dev libssl-dev pkg-config
TOOL_PACKAGES := libpng-dev libqrencode-dev zbar-tools
TEST_PACKAGES := clang-14 dosfstools e2fsprogs f2fs-tools g++ kmod libc6-dbg man-db python3 qemu-user user-mode-linux valgrind

FIRMWARE_TARGETS := x86_64 i686 aarch64 armhf armel armv4t
FIRMWARE := $(FIRMWARE_TARGETS:%=dist/%/libposoffline.so)
FIRMWARE_PACKAGES := gcc-i686-linux-gnu gcc-aarch64-linux-gnu gcc-arm-linux-gnueabihf gcc-arm-linux-gnueabi \
    libc6-dev-i386-cross libc6-dev-arm64-cross libc6-dev-armhf-cross libc6-dev-armel-cross
FIRMWARE_TEST_PACKAGES := musl-tools qemu-user
GATEWAY_PACKAGES := libsqlite3-dev
BENCH_PACKAGES := qemu-user
GATEWAY_TEST_PACKAGES := chromium chromium-driver fonts-noto-cjk gcc libc6-dev openssl python3-venv sqlite3
SANITIZER_PACKAGES := gcc libc6-dbg valgrind
CHECK_PACKAGES := git python3
LINT_PACKAGES := clang-format-19 git python3-venv shellcheck
ALL_PACKAGES := $(sort $(LIB_PACKAGES) $(TOOL_PACKAGES) $(TEST_PACKAGES) $(FIRMWARE_PACKAGES) $(FIRMWARE_TEST_PACKAGES) \
    $(BENCH_PACKAGES) $(GATEWAY_PACKAGES) $(GATEWAY_TEST_PACKAGES) $(SANITIZER_PACKAGES) $(CHECK_PACKAGES) $(LINT_PACKAGES))

SOURCES := $(shell find Sources include -name '*.swift' -o -name '*.[ch]' -o -name '*.map' -o -name '*.modulemap')
POSCODE_SOURCES := $(shell find poscode/Sources poscode/Package.swift -type f 2>/dev/null)
POSGATEWAY_SOURCES := $(shell find gateway/Sources gateway/Package.swift -type f 2>/dev/null)

# Each step of the tests is a target, so that `make -jN` runs N at a time. The longest steps come first. A step prints
# its name and its time.
STEP := Tests/Support/step.sh

.PHONY: all lib poscode demo bench install uninstall clean help
.PHONY: soak fuzz mutation coverage traps firmware footprint
.PHONY: posgateway gateway gateway-tests e2e bench-gateway
.PHONY: deps packages
all: lib

## deps         installs all Debian packages, and downloads the ARM libraries for `make bench`; uses sudo. Of the other
##              targets only demo, gateway, e2e, test and test-... install what they need
deps: packages $(ARM_LIBRARIES)

## packages     installs the Debian packages only
packages:
	@scripts/install-packages.sh $(ALL_PACKAGES)

## lib          build/libposoffline.so, the library that ships
lib: $(LIBRARY)

$(LIBRARY): $(SOURCES) scripts/build-library.sh | lib-packages
	@$(STEP) "Building $@" scripts/build-library.sh host $(BUILD)

## poscode      the tool that issues and inspects codes
poscode: $(POSCODE)

$(POSCODE): $(POSCODE_SOURCES) $(SOURCES) Package.swift | lib-packages tool-packages
	@$(STEP) "Building poscode" swift build --package-path poscode -c release \
	    --static-swift-stdlib -debug-info-format none -Xlinker -s --product poscode
	touch $@

$(BUILD)/demo: demo/demo.c $(LIBRARY)
	$(CC) -std=c99 -Wall -Wextra -Wpedantic -Iinclude demo/demo.c -o $@ -L$(BUILD) -lposoffline -Wl,-rpath,'$$ORIGIN'

## demo         issue a code, verify it, refuse it the second time
demo: lib poscode $(BUILD)/demo
	demo/run.sh $(POSCODE) $(BUILD)/demo

## posgateway   the payment platform's interfaces on one machine
posgateway: $(POSGATEWAY)

$(POSGATEWAY): $(POSGATEWAY_SOURCES) $(SOURCES) Package.swift | lib-packages tool-packages gateway-packages
	@$(STEP) "Building posgateway" swift build --package-path gateway -c release \
	    --static-swift-stdlib -debug-info-format none -Xlinker -s --product posgateway
	touch $@

## gateway      build posgateway and start it: http://127.0.0.1:8080; DATA (posgateway-data) is where it keeps everything
DATA ?= posgateway-data
gateway: posgateway
	$(POSGATEWAY) serve --data "$(DATA)"

PYTHON := $(BUILD)/python/bin/python

gateway-tests: posgateway $(BUILD)/demo | gateway-test-packages
	scripts/python-environment.sh gateway/Tests/requirements.txt $(BUILD)/python

## e2e          a ride from the rider's screen to the charge on it: browser, zbar, C demo, the official SDK
e2e: gateway-tests
	@$(STEP) "A ride, from the rider's screen to the charge on it" \
	    $(PYTHON) gateway/Tests/walk.py $(POSGATEWAY) $(BUILD)/demo $(BUILD)/e2e

## test-gateway   every test of the gateway, and e2e
GATEWAY_STEPS := test-gateway-1 test-gateway-2
.PHONY: test-gateway test-gateway-unit $(GATEWAY_STEPS)
test-gateway: e2e test-gateway-unit $(GATEWAY_STEPS)

# Waits for the build of the server, because SwiftPM runs one process at a time in a package.
test-gateway-unit: posgateway
	@$(STEP) "The gateway's rules and protocol" gateway/Tests/Unit/run.sh

# Runs after e2e, because both use the same port.
$(GATEWAY_STEPS): test-gateway-%: gateway-tests poscode | e2e
	@$(STEP) "The gateway, share $* of $(words $(GATEWAY_STEPS))" \
	    $(PYTHON) gateway/Tests/run.py $(POSGATEWAY) $(POSCODE) --share $*/$(words $(GATEWAY_STEPS))

## bench-gateway  settlements and key queries a second, and how long they take
bench-gateway: gateway-tests poscode
	$(PYTHON) gateway/Tests/bench.py $(POSGATEWAY) $(POSCODE)

BENCH_FLAGS := -std=c11 -O2 -Wall -Wextra -Iinclude

$(BUILD)/bench: bench/bench.c include/pos_crypto.h include/posoffline.h | lib
	$(CC) $(BENCH_FLAGS) bench/bench.c -o $@ -lcrypto -lsecp256k1 -lpthread -ldl

# The benchmark for ARM, with Debian's libraries for ARM for comparison. It has fewer rounds, because it runs emulated.
$(ARM_LIBRARIES): bench/arm-sysroot.sh | bench-packages
	$(if $(filter deps,$(MAKECMDGOALS)),,@echo "Debian's libraries for ARM are missing. Download them with: make deps" >&2; exit 1)
	bench/arm-sysroot.sh $(ARM_SYSROOT)
	touch $@

$(BUILD)/bench-arm: bench/bench.c include/pos_crypto.h include/posoffline.h $(ARM_LIBRARIES) | firmware
	arm-linux-gnueabihf-gcc $(BENCH_FLAGS) -DROUNDS=11 -DBATCH=10 -I$(ARM_SYSROOT)/unpacked/usr/include \
	    -I$(ARM_SYSROOT)/unpacked/usr/include/arm-linux-gnueabihf bench/bench.c -o $@ \
	    -L$(ARM_LIBRARIES) -lcrypto -lsecp256k1 -lpthread -ldl

## bench        measures the speed, also of libcrypto and libsecp256k1; writes build/bench.json, build/bench-arm.json
bench: $(ARM_LIBRARIES) lib firmware $(BUILD)/bench $(BUILD)/bench-arm | bench-packages
	$(BUILD)/bench $(BUILD)/bench.json host=$(LIBRARY) firmware=dist/x86_64/libposoffline.so
	@echo
	@echo "ARM, emulated by qemu:"
	LD_LIBRARY_PATH=$(ARM_LIBRARIES) qemu-arm -L /usr/arm-linux-gnueabihf \
	    $(BUILD)/bench-arm $(BUILD)/bench-arm.json armhf=dist/armhf/libposoffline.so

$(BUILD)/soak $(BUILD)/double-accept: $(BUILD)/%: Tests/Conformance/%.c $(wildcard Tests/Harness/*) $(LIBRARY)
	Tests/Harness/build.sh $* $@ -O2 -L$(BUILD) -lposoffline -Wl,-rpath,'$$ORIGIN'

## soak         COUNT (1000000) mixed verifications by THREADS (4), COUNT attempts to have a code accepted twice; for
##              SECONDS (600) random cases against libcrypto
COUNT ?= 1000000
THREADS ?= 4
SEED ?= 1
SECONDS ?= 600
soak: $(BUILD)/soak $(BUILD)/double-accept tool-packages
	$(BUILD)/soak $(COUNT) $(THREADS) $(SEED)
	$(BUILD)/double-accept $(COUNT) $(SEED)
	swift build -c release -Xswiftc -enable-testing --build-tests --quiet
	POSOFFLINE_SOAK_SECONDS=$(SECONDS) swift test -c release -Xswiftc -enable-testing --skip-build \
	    --disable-xctest --filter 'DifferentialTests|SmallGroupTests'

## fuzz         coverage-guided fuzzing of everything that reads bytes from outside, for SECONDS in all (600)
fuzz: | lib-packages test-packages
	@$(STEP) "Fuzzing" Tests/Fuzz/run.sh $(SECONDS)

## mutation     makes wrong changes to the library, one at a time: a test must fail for each (SAMPLE=N, FILES=..., ALL=1)
mutation: lib-packages test-packages
	Tests/Adequacy/Mutation/run.py $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(ALL),--all) $(FILES)

## coverage     lists the parts of the core that no test runs; fails when one is not explained
coverage: lib-packages tool-packages test-packages
	Tests/Adequacy/Coverage/run.py

## firmware     dist/TARGET/: for each architecture one file that needs libc alone, and the headers
firmware: $(FIRMWARE)

dist/%/libposoffline.so: $(SOURCES) scripts/build-library.sh | lib-packages firmware-packages
	@$(STEP) "Building $@" scripts/build-library.sh $* dist/$*
	cp include/pos_crypto.h include/posoffline.h dist/$*/

## footprint    lists the size and the needs of each of those files; fails when a limit is exceeded
footprint: firmware
	Tests/Artifacts/footprint.py $(foreach target,$(FIRMWARE_TARGETS),$(target)=dist/$(target)/libposoffline.so)

LINT_PYTHON := $(BUILD)/lint-python
.PHONY: lint format
$(LINT_PYTHON): Tests/Repository/requirements.txt | lint-packages
	@scripts/python-environment.sh $< $@
	@touch $@

## lint         checks the format of all sources, the links in the documents, paths and versions
lint: $(LINT_PYTHON) | lint-packages
	@$(STEP) "Lint" Tests/Repository/lint.sh check $(LINT_PYTHON)

## format       formats the sources as lint requires
format: $(LINT_PYTHON) | lint-packages
	@Tests/Repository/lint.sh format $(LINT_PYTHON)

## traps        lists every trap instruction in the shipped files, with the reason why no input reaches it
traps: firmware lib
	Tests/Artifacts/Traps/traps.py

## check        runs the quick tests of the library, in less than a minute; prints at the end what it left out
.PHONY: check
check: lib | tool-packages check-packages
	@$(STEP) "Check" Tests/Support/check.py $(BUILD)

## test         every test of the library and poscode
TEST_STEPS := $(addprefix test-,swift crash conformance-host surroundings-host secrets-host poscode install)
.PHONY: test $(TEST_STEPS)
test: $(TEST_STEPS)

test-swift: | lib-packages tool-packages
	@$(STEP) "Swift modules" Tests/Unit/run.sh

test-crash: lib | test-packages
	@$(STEP) "Power cuts, failing disks, killed processes" Tests/PowerLoss/run.sh $(BUILD)

test-conformance-host: lib | test-packages
	@$(STEP) "The library that ships, through the C interface" Tests/Conformance/run.sh $(BUILD)

test-surroundings-host: lib | test-packages
	@$(STEP) "Surroundings" Tests/Surroundings/run.sh $(BUILD)

test-secrets-host: lib | test-packages
	@$(STEP) "Key material" Tests/Secrets/run.sh $(BUILD) host

test-poscode: lib poscode | test-packages
	@$(STEP) "poscode" python3 poscode/Tests/run.py $(POSCODE)

test-install: lib poscode | test-packages
	@$(STEP) "Installation, and the demo built against it" Tests/Artifacts/install.sh $(POSCODE)

## test-firmware  every test of the firmware files, the foreign ones under qemu
FIRMWARE_STEPS := $(foreach step,conformance secrets surroundings reproducible demo,$(FIRMWARE_TARGETS:%=test-$(step)-%)) \
    test-bounds test-traps
.PHONY: test-firmware $(FIRMWARE_STEPS)
test-firmware: $(FIRMWARE_STEPS)

$(FIRMWARE_TARGETS:%=test-conformance-%): test-conformance-%: dist/%/libposoffline.so | test-packages firmware-test-packages
	@$(STEP) "Conformance of $*" Tests/Artifacts/firmware.sh conformance $*

$(FIRMWARE_TARGETS:%=test-secrets-%): test-secrets-%: dist/%/libposoffline.so | test-packages firmware-test-packages
	@$(STEP) "Key material on $*" Tests/Artifacts/firmware.sh secrets $*

$(FIRMWARE_TARGETS:%=test-surroundings-%): test-surroundings-%: dist/%/libposoffline.so | test-packages firmware-test-packages
	@$(STEP) "Surroundings of $*" Tests/Artifacts/firmware.sh surroundings $*

$(FIRMWARE_TARGETS:%=test-reproducible-%): test-reproducible-%: dist/%/libposoffline.so
	@$(STEP) "$* built twice, the same bytes" Tests/Artifacts/reproducible.sh $*

$(FIRMWARE_TARGETS:%=test-demo-%): test-demo-%: dist/%/libposoffline.so poscode | test-packages firmware-test-packages
	@$(STEP) "The demo, packaged for $*" Tests/Artifacts/firmware.sh demo $* $(POSCODE)

test-bounds: firmware
	@$(STEP) "Bounds" Tests/Artifacts/footprint.py $(foreach target,$(FIRMWARE_TARGETS),$(target)=dist/$(target)/libposoffline.so)

test-traps: firmware lib
	@$(STEP) "Every trap is explained, and a new one would be found" Tests/Artifacts/Traps/run.sh

## test-sanitizers  the C suite under AddressSanitizer, ThreadSanitizer and valgrind; the Swift tests under the first
SANITIZER_STEPS := $(addprefix test-sanitizers-,valgrind address thread swift)
.PHONY: test-sanitizers $(SANITIZER_STEPS)
test-sanitizers: $(SANITIZER_STEPS)

$(SANITIZER_STEPS): test-sanitizers-%: lib dist/x86_64/libposoffline.so | tool-packages sanitizer-packages
	@$(STEP) "Sanitizers: $*" Tests/Sanitizers/run.sh $* $(BUILD) dist/x86_64

## install      library, headers, pkg-config file and man pages under PREFIX (/usr/local), below DESTDIR
install: lib
	install -d "$(DESTDIR)$(LIBDIR)/pkgconfig" "$(DESTDIR)$(PREFIX)/include" \
	    "$(DESTDIR)$(PREFIX)/share/man/man1" "$(DESTDIR)$(PREFIX)/share/man/man3"
	install -m 755 $(LIBRARY) "$(DESTDIR)$(LIBDIR)/libposoffline.so"
	install -m 644 include/pos_crypto.h include/posoffline.h "$(DESTDIR)$(PREFIX)/include/"
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@VERSION@|$(VERSION)|' posoffline.pc.in \
	    > "$(DESTDIR)$(LIBDIR)/pkgconfig/posoffline.pc"
	install -m 644 man/libposoffline.3 "$(DESTDIR)$(PREFIX)/share/man/man3/"
	install -m 644 man/poscode.1 "$(DESTDIR)$(PREFIX)/share/man/man1/"
	if [ -x $(POSCODE) ]; then install -D -m 755 $(POSCODE) "$(DESTDIR)$(PREFIX)/bin/poscode"; fi

## uninstall    removes the files that install created, and no others
uninstall:
	rm -f "$(DESTDIR)$(LIBDIR)/libposoffline.so" "$(DESTDIR)$(LIBDIR)/pkgconfig/posoffline.pc" \
	    "$(DESTDIR)$(PREFIX)/include/pos_crypto.h" "$(DESTDIR)$(PREFIX)/include/posoffline.h" \
	    "$(DESTDIR)$(PREFIX)/share/man/man3/libposoffline.3" "$(DESTDIR)$(PREFIX)/share/man/man1/poscode.1" \
	    "$(DESTDIR)$(PREFIX)/bin/poscode"

## clean        removes everything that was built
clean:
	rm -rf $(BUILD) dist .build .build-* poscode/.build gateway/.build

## help         prints this list
help:
	@sed -n 's/^## //p' Makefile

PACKAGE_SETS := lib tool test firmware firmware-test bench gateway gateway-test sanitizer check lint
.PHONY: $(PACKAGE_SETS:%=%-packages)
lib-packages: PACKAGE_SET := $(LIB_PACKAGES)
tool-packages: PACKAGE_SET := $(TOOL_PACKAGES)
test-packages: PACKAGE_SET := $(TEST_PACKAGES)
firmware-packages: PACKAGE_SET := $(FIRMWARE_PACKAGES)
firmware-test-packages: PACKAGE_SET := $(FIRMWARE_TEST_PACKAGES)
bench-packages: PACKAGE_SET := $(BENCH_PACKAGES)
gateway-packages: PACKAGE_SET := $(GATEWAY_PACKAGES)
gateway-test-packages: PACKAGE_SET := $(GATEWAY_TEST_PACKAGES)
sanitizer-packages: PACKAGE_SET := $(SANITIZER_PACKAGES)
check-packages: PACKAGE_SET := $(CHECK_PACKAGES)
lint-packages: PACKAGE_SET := $(LINT_PACKAGES)
$(PACKAGE_SETS:%=%-packages):
	@$(PACKAGES) $(PACKAGE_SET)
