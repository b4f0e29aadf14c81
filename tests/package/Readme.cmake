# Writes the blocks of CMake in the README to files, so that what it promises is what is tested.

# readme_block(COMMAND FILE): the block that calls COMMAND, with the path of these sources for the one it makes up.
function(readme_block command file)
  file(READ ${PROJECT_SOURCE_DIR}/README.md readme)
  string(REGEX MATCHALL "\n```cmake\n[^`]*\n```" blocks "${readme}")
  list(FILTER blocks INCLUDE REGEX "\n${command} *\\(")
  list(LENGTH blocks count)
  if(NOT count EQUAL 1)
    message(FATAL_ERROR "README.md has ${count} blocks of CMake that call ${command}: it needs one")
  endif()
  string(REGEX REPLACE "\n```(cmake\n)?" "" block "${blocks}")
  string(REPLACE "/path/to/xgrad" "${PROJECT_SOURCE_DIR}" block "${block}")
  file(CONFIGURE OUTPUT ${file} CONTENT "${block}\n" @ONLY)
endfunction()

set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/README.md)
