# What a shared xgrad exports: what its public headers declare, and nothing else.

# only_names_of_xgrad(TARGET): a shared library exports namespace xgrad, and none of the code of other libraries in it.
function(only_names_of_xgrad target)
  target_link_options(${target} PRIVATE LINKER:--version-script=${PROJECT_SOURCE_DIR}/cmake/exports.map)
  set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/exports.map)
endfunction()

# only_public_names(TARGET HEADER...): and of that namespace only what the headers declare. All else is hidden. Each
# source reads them first as visible, which counts from then on.
function(only_public_names target)
  set(visible ${PROJECT_BINARY_DIR}/visible.hpp)
  list(TRANSFORM ARGN REPLACE "(.+)" "#include \"\\1\"" OUTPUT_VARIABLE includes)
  list(JOIN includes "\n" includes)
  file(CONFIGURE OUTPUT ${visible} @ONLY
       CONTENT "#pragma GCC visibility push(default)\n${includes}\n#pragma GCC visibility pop\n")
  target_compile_options(${target} PRIVATE -fvisibility=hidden "SHELL:-include ${visible}")
endfunction()
