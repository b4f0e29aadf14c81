# The tests of images in files need the component; without it they are built and run by nobody.

if(TARGET test_datasets_images)
  if(TARGET xgrad::images)
    target_link_libraries(test_datasets_images PRIVATE xgrad::images PNG::PNG JPEG::JPEG)
  else()
    set_target_properties(test_datasets_images PROPERTIES EXCLUDE_FROM_ALL ON)
    file(GLOB sources ${CMAKE_CURRENT_LIST_DIR}/*.cpp)
    foreach(source IN LISTS sources)
      cmake_path(GET source STEM name)
      set_tests_properties(datasets.images.${name} PROPERTIES DISABLED ON)
    endforeach()
  endif()
endif()
