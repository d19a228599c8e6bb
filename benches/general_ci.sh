#!/usr/bin/env bash
# Regenerates src/retention/general_ci.rs from a MariaDB or MySQL server: general_ci.sh [CLIENT OPTIONS…]
# It queries the weight of every code point of the BMP in utf8_general_ci.
set -euo pipefail
cd "$(dirname "$0")/.."
mariadb --batch --skip-column-names --database=mysql "$@" -e "
  SET NAMES utf8mb3;
  SELECT seq, HEX(WEIGHT_STRING(CONVERT(CHAR(seq USING utf32) USING utf8mb3) COLLATE utf8mb3_general_ci))
  FROM seq_128_to_65535 WHERE seq NOT BETWEEN 0xD800 AND 0xDFFF" |
python3 -c '
import sys
rows = [(int(code), int(weight, 16)) for code, weight in (line.split() for line in sys.stdin)]
pairs = ["(0x%04x, 0x%04x)" % row for row in rows if row[0] != row[1]]
print("//! Weights of MySQL utf8_general_ci, generated from a server by benches/general_ci.sh: do not edit.\n")
print("/// Code points above ASCII whose weight is not themselves, in order: `(code point, weight)`.\n#[rustfmt::skip]")
print("pub(super) const WEIGHTS: [(u16, u16); %d] = [" % len(pairs))
for start in range(0, len(pairs), 6):
    print("    " + ", ".join(pairs[start:start + 6]) + ",")
print("];")
' >src/retention/general_ci.rs.new
mv src/retention/general_ci.rs.new src/retention/general_ci.rs
