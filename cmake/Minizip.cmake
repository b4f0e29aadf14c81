# The target xgrad::minizip: minizip, which CMake has no module for. Where it is not found there is none.

find_path(XGRAD_MINIZIP_DIR minizip/unzip.h DOC "Folder of minizip/unzip.h")
find_library(XGRAD_MINIZIP_LIBRARY minizip DOC "The library minizip")
mark_as_advanced(XGRAD_MINIZIP_DIR XGRAD_MINIZIP_LIBRARY)
if(XGRAD_MINIZIP_DIR AND XGRAD_MINIZIP_LIBRARY AND NOT TARGET xgrad::minizip)
  add_library(xgrad::minizip UNKNOWN IMPORTED)
  set_target_properties(xgrad::minizip PROPERTIES IMPORTED_LOCATION ${XGRAD_MINIZIP_LIBRARY}
                                                  INTERFACE_INCLUDE_DIRECTORIES ${XGRAD_MINIZIP_DIR}
                                                  INTERFACE_LINK_LIBRARIES ZLIB::ZLIB)
endif()
