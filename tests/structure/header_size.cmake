# Fails when xgrad/xgrad.hpp, preprocessed, has grown by a fifth over the figure beside this file: what a user's
# program pays for is what its compiler reads. Where the growth is worth it, write the new figure into
# header_size.txt and say why in the commit.

foreach(folder IN ITEMS . core nn optim data files train)
  list(APPEND includes -I${SOURCE}/${folder}/include)
endforeach()
file(WRITE ${OUT}.cpp "#include <xgrad/xgrad.hpp>\n")
execute_process(COMMAND ${COMPILER} -std=c++20 -E -P ${includes} ${OUT}.cpp -o ${OUT}.ii COMMAND_ERROR_IS_FATAL ANY)
file(SIZE ${OUT}.ii bytes)
file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/header_size.txt line LIMIT_COUNT 1)
string(REGEX MATCH "^[0-9]+" figure "${line}")
math(EXPR limit "${figure} * 6 / 5")
message(STATUS "xgrad/xgrad.hpp: ${bytes} bytes preprocessed, ${figure} recorded, limit ${limit}")
if(bytes GREATER limit)
  message(FATAL_ERROR "xgrad/xgrad.hpp has grown by more than a fifth: ${bytes} bytes preprocessed, ${figure} recorded")
endif()
