# Makes docs/ops.md from the declarations in core/include/xgrad/core/ops/*.hpp:
#
#     awk -f docs/ops.awk core/include/xgrad/core/ops/*.hpp > docs/ops.md
#
# A group is what stands between two empty lines: its documentation, then the declarations that share it. A
# comment behind a declaration documents that one alone.

BEGIN {
  print "# Ops\n"
  print "Made from the declarations by `make docs`; the families are the headers in `core/include/xgrad/core/ops`."
  print "Every op can be differentiated as often as asked, unless it says otherwise."
}

function flush_group(  i) {
  if (count > 0) {
    print ""
    for (i = 1; i <= count; i++) print "- `" signature[i] "`" (own[i] != "" ? "  \n  " own[i] : "")
    if (doc != "") print "\n  " doc
  }
  doc = ""; count = 0; pending = ""; fields = 0
}

FNR == 1 {
  flush_group()
  name = FILENAME
  sub(/.*\//, "", name); sub(/\.hpp$/, "", name)
  print "\n## " name
  inside = 0; struct = 0; hidden = 0
}

/^namespace xgrad \{/ { inside = 1; if (intro != "") print "\n" intro; intro = ""; next }
!inside && /^\/\/ / { sub(/^\/\/ /, ""); intro = intro (intro == "" ? "" : " ") $0; next }
!inside { next }
/^namespace detail/ { hidden = 1 }
/^}  \/\/ namespace detail/ { hidden = 0; doc = ""; next }
hidden { next }
/^}  \/\/ namespace/ { flush_group(); inside = 0; next }

# Options and results: shown whole, as they are written.
/^(struct|enum class|class) / { flush_group(); struct = ($0 !~ /;( *\/\/.*)?$/); if (struct) print "\n```text"; else next }
struct { print; if ($0 ~ /^};/) { print "```"; struct = 0; doc = "" } next }

/^$/ { flush_group(); next }
/^\/\/\/ ?/ {
  if (count > 0) flush_group()
  sub(/^\/\/\/ ?/, "")
  doc = doc (doc == "" ? "" : " ") $0
  next
}
/^\/\/|^#/ { doc = ""; next }
/^inline Tensor operator|^inline Tensor [a-z]+\(Tensor&& |^template/ { doc = ""; skip = ($0 !~ /[;}]$/); next }
skip { skip = ($0 !~ /[;}]$/); next }
{
  line = $0
  sub(/^ +/, "", line)
  note = ""
  if (match(line, /\/\/\/< ?/)) { note = substr(line, RSTART + RLENGTH); line = substr(line, 1, RSTART - 1) }
  sub(/ +$/, "", line)
  sub(/ *\/\/ NOLINT.*$/, "", line)
  pending = pending (pending == "" ? "" : " ") line
  if (line ~ /;$/) {
    sub(/;$/, "", pending)
    signature[++count] = pending; own[count] = note; pending = ""
  }
}
END { flush_group() }
