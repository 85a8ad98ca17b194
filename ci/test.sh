#!/bin/bash
# All tests of this project, one step after the other, with a summary at the end.
#
#   ci/test.sh            everything
#   ci/test.sh quick      formatting, vet, project rules, and the tests without -race
#   ci/test.sh STEP...    these steps: format vet lint cross rules uring threadpool sysctl fuzz
#
# FUZZTIME is how long each fuzz target runs, 5s unless set.
set -euo pipefail
cd "$(dirname "$0")/.."

platforms=(linux/arm64 darwin/arm64 darwin/amd64 windows/amd64)

step_format() {
	local files
	files=$(gofmt -l .)
	[[ -z $files ]] || {
		echo "not formatted: $files"
		return 1
	}
}

step_vet() { go vet ./...; }

step_lint() { go tool staticcheck ./...; }

# Build and vet, the tests included, for the platforms that are not this one.
step_cross() {
	local platform
	for platform in "${platforms[@]}"; do
		echo "  $platform"
		GOOS=${platform%/*} GOARCH=${platform#*/} CGO_ENABLED=0 go build ./...
		GOOS=${platform%/*} GOARCH=${platform#*/} CGO_ENABLED=0 go vet ./...
	done
}

# Import graph, links in the documentation, what the top level holds.
step_rules() { go test -count=1 ./ci/...; }

# fsapi takes the engine from the environment where a test does not choose one.
step_uring() { FSAPI_BACKEND=uring go test -race -count=1 -timeout=8m ./...; }
step_threadpool() { FSAPI_BACKEND=threadpool go test -race -count=1 -timeout=8m ./...; }
step_once() { go test -timeout=8m ./...; }

# What kernel.io_uring_disabled does. The setting is the whole machine's: the
# test runs alone, as root, and what it has set is set back whatever happens.
step_sysctl() {
	local setting=/proc/sys/kernel/io_uring_disabled sudo=() value dir
	if [[ ! -e $setting ]]; then
		echo "SKIPPED, NOTHING IS TESTED: no $setting"
		return
	fi
	if ((EUID)); then
		sudo -n true 2>/dev/null || {
			echo "SKIPPED, NOTHING IS TESTED: neither root nor sudo"
			return
		}
		sudo=(sudo -n)
	fi
	value=$(<"$setting")
	dir=$(mktemp -d)
	trap "echo $value | ${sudo[*]} tee $setting >/dev/null || true; rm -rf $dir" EXIT
	go test -c -o "$dir/fsapi.test" ./fsapi
	"${sudo[@]}" env RINGBOX_SYSCTL=1 "$dir/fsapi.test" -test.run='^TestSysctl$' -test.v -test.timeout=1m
}

# One fuzz target. When the time ends in the middle of a run, the go command may
# call that a failure: "context deadline exceeded", and no input that fails. That is
# no finding, unless it happens each time.
fuzz_target() {
	local log try status=1
	log=$(mktemp)
	for try in 1 2 3; do
		if go test -run='^$' -fuzz="^$2\$" -fuzztime="${FUZZTIME:-5s}" "$1" 2>&1 | tee "$log"; then
			status=0
			break
		fi
		if ! grep -q 'context deadline exceeded' "$log" || grep -q 'Failing input' "$log"; then
			break
		fi
		echo "  $2 again: its time ended in the middle of a run"
	done
	rm -f "$log"
	return $status
}

# Every fuzz target of every package, for a moment.
step_fuzz() {
	local packages package listing target
	packages=$(go list ./...)
	for package in $packages; do
		listing=$(go test -list='^Fuzz' "$package")
		for target in $(grep '^Fuzz' <<<"$listing" || true); do
			echo "  $package $target"
			fuzz_target "$package" "$target"
		done
	done
}

case ${1:-all} in
all) steps=(format vet lint cross rules uring threadpool sysctl fuzz) ;;
quick) steps=(format vet rules once) ;;
*) steps=("$@") ;;
esac

for step in "${steps[@]}"; do
	[[ $(type -t "step_$step") == function ]] || {
		echo "unknown step: $step" >&2
		exit 2
	}
done

summary=() failed=0
for step in "${steps[@]}"; do
	echo "== $step"
	begin=$SECONDS status=0
	# A shell of its own: errexit does not work inside a condition.
	set +e
	(set -e; "step_$step")
	status=$?
	set -e
	if ((status == 0)); then result=ok; else result=FAILED failed=1; fi
	line=$(printf '%-12s %-7s %4d s' "$step" "$result" $((SECONDS - begin)))
	echo "-- $line"
	summary+=("$line")
done

echo "== summary ($(go version))"
printf '%s\n' "${summary[@]}" "$(printf '%-12s %-7s %4d s' all '' "$SECONDS")"
exit "$failed"
