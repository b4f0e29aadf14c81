# Doxygen's input filter: makes of our documents and comments, which know no commands of Doxygen, what it reads.
#
# - Text outside of code keeps its characters: < > @ # % \ and, in headers, * and _ are themselves.
# - Documents: a page's name is guide_NAME; links to documents and public headers lead to their pages, other
#   links to files of the repository become text; the words behind the fence of a block of C++ go.
# - Headers: the comment above the namespace describes the file, and declarations that share a comment have it each.

# Stars, and underscores that begin a word, where emphasis would begin; between quotes nothing does.
function without_emphasis(text,  parts, n, i, out) {
  n = split(text, parts, "\"")
  out = ""
  for (i = 1; i <= n; i++) {
    if (i % 2 == 1) {
      gsub(/\*/, "\\*", parts[i])
      gsub(/ _/, " \\_", parts[i])
      gsub(/\(_/, "(\\_", parts[i])
    }
    out = out (i > 1 ? "\"" : "") parts[i]
  }
  return out
}

function escaped(text) {
  gsub(/\\/, "\\\\", text)
  gsub(/&/, "\\&amp;", text)
  gsub(/</, "\\&lt;", text)
  gsub(/>/, "\\&gt;", text)
  gsub(/@/, "\\@", text)
  gsub(/#/, "\\#", text)
  gsub(/%/, "\\%", text)
  gsub(/::/, "\\&zwj;:\\&zwj;:\\&zwj;", text)
  if (header) text = without_emphasis(text)
  return text
}

# Code as HTML. A brief sentence would end at the dot of `a.<b>`, which becomes a.b.
function as_html(code) {
  if (code ~ /\.</) gsub(/[<>]/, "", code)
  gsub(/</, "\\&lt;", code)
  gsub(/>/, "\\&gt;", code)
  return "<code>" code "</code>"
}

# Text with its code in backticks left alone; `open` says whether the line before ended inside of some.
function prose(text,  parts, n, i, out) {
  n = split(text, parts, "`")
  out = open ? parts[1] : escaped(parts[1])
  for (i = 2; i <= n; i++) {
    open = !open
    if (open && header && i < n && parts[i] ~ /</) {
      out = out as_html(parts[i]) escaped(parts[i + 1])
      open = 0
      i++
    } else {
      out = out "`" (open ? parts[i] : escaped(parts[i]))
    }
  }
  return out
}

# The name that a line declares.
function name_of(line) {
  sub(/ *\(.*/, "", line)
  sub(/.*[ *&]/, "", line)
  return line
}

function title_of(page,  file, line) {
  file = "docs/" page ".md"
  getline line < file
  close(file)
  sub(/^# */, "", line)
  return line
}

function links(text,  before, label, target, at, out) {
  out = ""
  while (match(text, /\[[^][]*\]\([^()]*\)/)) {
    before = substr(text, 1, RSTART - 1)
    label = substr(text, RSTART + 1, RLENGTH - 2)
    at = index(label, "](")
    target = substr(label, at + 2)
    label = substr(label, 1, at - 1)
    text = substr(text, RSTART + RLENGTH)
    out = out before
    if (target ~ /^https?:/) {
      out = out "[" label "](" target ")"
    } else if (target ~ /\.md$/ && target !~ /site\//) {
      sub(/.*\//, "", target)
      sub(/\.md$/, "", target)
      if (target ~ /^[A-Z]/ && target !~ /^(README|CONTRIBUTING)$/) out = out label
      else if (label ~ /\.md$/) out = out "[" title_of(target) "](@ref guide_" target ")"
      else out = out "[" label "](@ref guide_" target ")"
    } else if (target ~ /include\/xgrad\/.*\.hpp$/) {
      sub(/.*include\//, "", target)
      out = out "[" label "](@ref " target ")"
    } else {
      out = out label
    }
  }
  return out text
}

# In the index of ops each name leads to its place in the reference.
function op_links(text,  out, name) {
  out = ""
  while (match(text, /`[a-z_0-9]+`/)) {
    name = substr(text, RSTART + 1, RLENGTH - 2)
    out = out substr(text, 1, RSTART - 1) "@ref xgrad::" name " \"" name "\""
    text = substr(text, RSTART + RLENGTH)
  }
  return out text
}

FNR == 1 {
  header = FILENAME ~ /\.hpp$/
  page = FILENAME
  sub(/.*\//, "", page)
  sub(/\.md$/, "", page)
}

# Documents ---------------------------------------------------------------------------------------------------

FILENAME ~ /\.dox$/ || FILENAME ~ /site\/index\.md$/ { print; next }

!header && /^```/ {
  fenced = !fenced
  if (fenced) sub(/^```cpp.*/, "```cpp")
  if (fenced && $0 == "```") print "```txt"
  else print
  next
}
!header && fenced { print; next }
!header && /^    / && !open { print; next }
!header && /^# / { print "# " prose(substr($0, 3)) " {#guide_" page "}"; next }
!header && /^#+ / {
  marks = $0
  sub(/ .*/, "", marks)
  print marks " " links(prose(substr($0, length(marks) + 2)))
  next
}
!header && /^\| / && page == "ops-by-task" { print op_links($0); next }
!header {
  if ($0 == "") open = 0
  print links(prose($0))
  next
}

# Headers -----------------------------------------------------------------------------------------------------

/^namespace / { inside = 1 }

# The comment of a file.
!inside && /^\/\/ / && described < 2 {
  print (described ? "/// " : "/// @file\n/// ") prose(substr($0, 4))
  described = 1
  next
}
!inside && described == 1 { described = 2 }

function indentation(line) {
  match(line, /^ */)
  return RLENGTH
}

/^ *\/\/\// && !/^ *\/\/\/ ?</ {
  depth = indentation($0)
  text = substr($0, depth + 4)
  if (!was_comment) {
    shared = shared_name = ""
    open = 0
  }
  if (text == "") open = 0
  else if (text !~ /^     /) text = " " prose(substr(text, 2))
  line = substr($0, 1, depth) "///" text
  shared = shared (shared == "" ? "" : "\n") line
  shared_depth = depth
  was_comment = 1
  ended = 0
  print line
  next
}
/^ *$/ { shared = ""; ended = 0; was_comment = 0; print; next }
{
  was_comment = 0
  depth = indentation($0)
  if (shared != "" && shared_name == "") shared_name = name_of($0)
  if (shared != "" && ended && depth == shared_depth && $0 ~ /^ *[A-Za-z]/ && (depth == 0 || name_of($0) == shared_name))
    print shared
  at = index($0, "///<")
  line = $0
  if (at) {
    open = 0
    line = substr($0, 1, at + 3) prose(substr($0, at + 4))
  }
  code = at ? substr($0, 1, at - 1) : $0
  sub(/ *\/\/.*$/, "", code)
  ended = (depth == shared_depth && code ~ /[;}] *$/)
  print line
}
