# The program golden: ops against reference values made by other programs; one line a case.
find_package(CLI11 REQUIRED)
file(GLOB golden_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.cpp)
add_executable(golden ${golden_sources})
target_link_libraries(golden PRIVATE xgrad::xgrad nlohmann_json::nlohmann_json CLI11::CLI11)
target_compile_definitions(golden PRIVATE XGRAD_TEST_DATA="${CMAKE_CURRENT_SOURCE_DIR}/data")
add_test(NAME golden COMMAND golden)
set_tests_properties(golden PROPERTIES TIMEOUT 300)

# Wrong values, gradients and second gradients are failures; ops and attributes that it does not know are unknown.
add_test(NAME golden.wrong COMMAND golden ${CMAKE_CURRENT_LIST_DIR}/wrong.json)
set_tests_properties(golden.wrong PROPERTIES PASS_REGULAR_EXPRESSION "\n1 passed, 3 failed, 2 unknown\n")
