#!/usr/bin/env bash
# Measures memory and time of logsum --by url --top 10 over many distinct URLs, and checks the answer with sort and awk.
#   benches/group_memory.sh [URLS] [MEMORY]     default 5000000 256MiB; needs GNU time, mawk, about 1.5 GB in TMPDIR
set -euo pipefail
cd "$(dirname "$0")/.."
urls=${1:-5000000}
memory=${2:-256MiB}
votekit=${VOTEKIT:-target/release/votekit}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Deterministic: every URL twice, far apart, and a few much more often.
mawk -v n="$urls" 'BEGIN {
  print "# date\ttime\tsize\turl"
  for (i = 0; i < 2 * n; i++) {
    u = i % n
    printf "2019-08-%02d\t10:00:00\t%d\t/media/photos/%07d/%d.jpg\n", 1 + i % 28, (u * 7919) % 100003, u, u % 17
    if (i % 1000 == 0) printf "2019-08-01\t10:00:00\t%d\t/popular/%d.jpg\n", 50000, i % 7000
  }
}' >"$folder/log.tsv"
echo "$(wc -l <"$folder/log.tsv") lines, $(stat -c %s "$folder/log.tsv") bytes"

/usr/bin/time -f "votekit: %e s, %U s user, %M KiB at most" \
  "$votekit" logsum "$folder/log.tsv" --by url --top 10 --memory "$memory" >"$folder/votekit.tsv"

tail -n +2 "$folder/log.tsv" | cut -f3,4 | LC_ALL=C sort -t$'\t' -k2,2 -S 2G | mawk -F'\t' '
  $2 != url { if (NR > 1) print url "\t" requests "\t" bytes; url = $2; requests = 0; bytes = 0 }
  { requests++; bytes += $1 }
  END { print url "\t" requests "\t" bytes }' |
  LC_ALL=C sort -t$'\t' -k3,3nr -k2,2nr -k1,1 -S 2G | mawk 'NR <= 10' >"$folder/expected.tsv"

if diff <(head -10 "$folder/votekit.tsv" | cut -f1-3) "$folder/expected.tsv"; then
  echo "the same ten as sort and awk"
else
  echo "NOT the same as sort and awk" >&2
  exit 1
fi
