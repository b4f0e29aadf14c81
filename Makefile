# The two commands are `make demo` and `make test`; `make help` lists the others.

JOBS ?= $(shell nproc)
PACKAGES ?= yes# no: do not look for Debian packages
CLANG_FORMAT ?= clang-format-14
THREADS ?= 1# of the benchmarks
NATIVE ?= ON# OFF: what runs on every x86-64-v3, as CI builds
RANKS ?= 2# of make distributed
SECONDS ?= 20# of make fuzz, for each format

install = $(if $(filter no,$(PACKAGES)),@true,@.ci/packages $(1))
configure-release = cmake --preset release -DXGRAD_NATIVE=$(NATIVE)
build = cmake --build --preset $(1) --parallel $(JOBS)
portable = $(if $(filter OFF,$(NATIVE)),release,portable)
mpirun = XGRAD_NUM_THREADS=1 mpirun -np $(RANKS) $(shell mpirun --version 2>&1 | grep -q 'Open MPI\|OpenRTE' && echo --allow-run-as-root --oversubscribe --bind-to none)
test = ctest --preset $(1) --parallel $(JOBS)
formatted = find include simd core nn optim data files train parallel tools examples tests benchmarks \
              \( -name '*.hpp' -o -name '*.cpp' \) -print0 2>/dev/null | xargs -0 --no-run-if-empty $(CLANG_FORMAT)

.DEFAULT_GOAL := help
.PHONY: build-release site onnxruntime help demo distributed test test-full examples examples-full headers bench bench-peers bench-cliffs instructions docs asan fuzz tsan clang tidy coverage format check-format clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

demo: ## install what is missing, build, train a classifier of handwritten digits
	$(call install,demo)
	$(configure-release) -DXGRAD_BUILD_TESTS=OFF -DXGRAD_BUILD_BENCHMARKS=OFF
	$(call build,release) --target digits
	build/release/examples/digits

distributed: ## train the digits and a language model on RANKS processes: RANKS=2
	$(call install,demo parallel)
	$(configure-release) -DXGRAD_BUILD_TESTS=OFF -DXGRAD_BUILD_BENCHMARKS=OFF
	$(call build,release) --target distributed_digits distributed_text
	$(mpirun) build/release/examples/distributed_digits
	$(mpirun) build/release/examples/distributed_text

build-release:
	$(call install,test onnx parallel)
	$(configure-release)
	$(call build,release)

test: build-release ## install what is missing, build, run the tests
	$(call test,release)

test-full: build-release ## the same with the slow tests
	$(call test,full)

examples: build-release ## run every example
	$(call test,release) --label-regex '^example$$' --verbose

examples-full: build-release ## the same, with those that take minutes
	$(call test,full) --label-regex '^example' --verbose

headers: build-release ## compile each public header alone
	$(call build,release) --target all_verify_interface_header_sets

bench: build-release ## time every work of benchmarks/ beside the same written by hand
	$(call install,test bench)
	/usr/bin/python3 benchmarks/run.py --threads $(THREADS) build/release/benchmarks

bench-peers: build-release ## the same beside LibTorch, under glibc's allocator and under jemalloc
	$(call install,test bench peers)
	$(configure-release)
	$(call build,release) --target peers
	/usr/bin/python3 benchmarks/run.py --peers --threads $(THREADS) build/release/benchmarks

bench-cliffs: build-release ## ops and their gradients beside LibTorch's, the largest ratio first
	$(call install,test peers)
	$(configure-release)
	$(call build,release) --target cliffs_peers
	OMP_NUM_THREADS=$(THREADS) build/release/benchmarks/cliffs_peers --threads=$(THREADS)

instructions: ## count the instructions of small steps under callgrind, against benchmarks/instructions/expected.txt
	$(call install,ci)
	$(if $(filter OFF,$(NATIVE)),$(configure-release),cmake --preset portable)
	$(call build,$(portable)) --target steps
	benchmarks/instructions/check build/$(portable)/benchmarks/instructions/steps

onnxruntime: ## install onnxruntime by npm, and run what xgrad::onnx exports with it
	@command -v npm >/dev/null || { echo 'make onnxruntime needs node and npm (Debian: nodejs, npm)'; exit 1; }
	$(call install,test onnx)
	npm install --ignore-scripts --no-audit --no-fund --prefix build/onnxruntime onnxruntime-node@1
	$(configure-release)
	$(call build,release) --target test_onnx_runtime
	$(call test,release) --tests-regex '^onnx[.](runtime|onnxruntime)' --verbose

docs: ## list the ops in docs/ops.md from their declarations
	LC_ALL=C awk -f docs/ops.awk core/include/xgrad/core/ops/*.hpp > docs/ops.md

site: ## the guides and the reference of the public headers as build/site/index.html
	$(call install,demo docs)
	@mkdir -p build
	doxygen docs/site/Doxyfile

asan: ## the tests under the address, undefined behaviour and leak sanitizers
	$(call install,test onnx parallel)
	cmake --preset asan
	$(call build,asan)
	$(call test,asan)

fuzz: ## give the readers of files damaged input by libFuzzer, 20 s each: SECONDS=20
	$(call install,ci)
	$(configure-release)
	$(call build,release) --target xgrad
	cmake -S tests/fuzz -B build/fuzz -G Ninja -DCMAKE_CXX_COMPILER=clang++-14 -DXGRAD_LIBRARY=$(CURDIR)/build/release/libxgrad.a
	cmake --build build/fuzz --parallel $(JOBS)
	tests/fuzz/run $(SECONDS)

tsan: ## the tests under the thread sanitizer
	$(call install,test)
	cmake --preset tsan
	$(call build,tsan)
	$(call test,tsan)

clang: ## build with clang 14, run the tests
	$(call install,tools)
	cmake --preset clang
	$(call build,clang)
	$(call test,clang)

tidy: ## build under clang-tidy
	$(call install,tools)
	cmake --preset tidy
	$(call build,tidy)

coverage: ## which lines the tests reach: build/coverage/report.html
	$(call install,tools)
	cmake --preset coverage
	$(call build,coverage)
	$(call test,coverage)
	gcovr --root . --filter '(simd|core|nn|optim|data|files|train|parallel|tools)/' --html-details build/coverage/report.html --print-summary build/coverage

format: ## format every source
	$(call install,ci)
	$(formatted) -i

check-format: ## fail when a source is not formatted
	$(call install,ci)
	$(formatted) --dry-run --Werror

clean: ## remove every build
	rm -rf build
