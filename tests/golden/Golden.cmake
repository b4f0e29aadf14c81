# The program golden: ops against reference values made by other programs; one line a case.
find_package(CLI11 REQUIRED)
file(GLOB golden_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.cpp)
add_executable(golden ${golden_sources})
target_link_libraries(golden PRIVATE xgrad::xgrad nlohmann_json::nlohmann_json CLI11::CLI11)
target_compile_definitions(golden PRIVATE XGRAD_TEST_DATA="${CMAKE_CURRENT_SOURCE_DIR}/data")
add_test(NAME golden COMMAND golden)
set_tests_properties(golden PROPERTIES TIMEOUT 300)
