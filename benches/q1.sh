#!/bin/sh
# q1 from a file, packed, as a triangle, and from a loaded database: q1.sh VOTEKIT EVENTS.tsv [RUNS]
# Needs GNU time and gzip. Prints wall and cpu seconds and peak memory of each run; the answers must be the same.
set -eu
votekit=$1 events=$2 runs=${3:-3}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
timed() { /usr/bin/time -f "%e s wall, %U s user, %S s sys, %M KiB: $1" "$@" >"$dir/answer"; }
gzip -1 -c "$events" >"$dir/events.tsv.gz"
timed "$votekit" q1 load --events "$events" --db "$dir/events.db"
i=0
while [ "$i" -lt "$runs" ]; do
    for source in "--events $events" "--events $dir/events.tsv.gz" "--db $dir/events.db"; do
        # The words of $source are options.
        # shellcheck disable=SC2086
        timed "$votekit" q1 $source
        echo "  $source: $(cat "$dir/answer")"
    done
    timed "$votekit" q1 --events "$events" --cohorts 2017-03-29..2017-04-11
    echo "  --cohorts: $(wc -l <"$dir/answer") rows"
    i=$((i + 1))
done
