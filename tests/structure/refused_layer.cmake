# Compiles programs that give a Sequential what is no layer, and fails unless the compiler refuses each with the words of
# the assertion. The same program without that line has to compile.

foreach(folder IN ITEMS . core nn optim data files train)
  list(APPEND includes -I${SOURCE}/${folder}/include)
endforeach()
set(words "a layer of a Sequential or an AnyModule is called with one tensor: derive it from nn::Module")

# compile(STATEMENT): the result and the messages of a program with that statement.
function(compile statement)
  file(WRITE ${OUT}.cpp "
#include <xgrad/nn.hpp>
using namespace xgrad;
struct Two : nn::ModuleBase {
  Tensor operator()(const Tensor& x, const Tensor&) const { return x; }
};
struct One : nn::ModuleBase {
  Tensor operator()(const Tensor& x) const { return x; }
};
void f(nn::Sequential& net) {
  const Two two;
  ${statement};
}
")
  execute_process(COMMAND ${COMPILER} -std=c++20 -fsyntax-only ${includes} ${OUT}.cpp
                  RESULT_VARIABLE result ERROR_VARIABLE messages)
  set(result ${result} PARENT_SCOPE)
  set(messages "${messages}" PARENT_SCOPE)
endfunction()

compile("net.push_back(nn::ReLU())")
if(NOT result EQUAL 0)
  message(FATAL_ERROR "a layer does not compile:\n${messages}")
endif()
foreach(statement IN ITEMS
        "net.push_back(two)" "net.push_back(One())" "nn::AnyModule any = Two()" "net = nn::Sequential{two}"
        "net = nn::Sequential{nn::ReLU(), One(), two}" "(void)nn::mlp({1, 2, 1}, {.activation = One()})")
  compile("${statement}")
  if(result EQUAL 0)
    message(FATAL_ERROR "this compiles: ${statement}")
  endif()
  string(FIND "${messages}" "${words}" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "another message for: ${statement}\n${messages}")
  endif()
endforeach()
