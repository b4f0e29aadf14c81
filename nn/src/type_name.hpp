#pragma once

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <typeinfo>

namespace xgrad::nn::detail {

/// The name of a type as C++ code writes it.
inline std::string type_name(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), std::free);
  return name ? name.get() : type.name();
}

/// The same without namespaces in front.
inline std::string short_type_name(const std::type_info& type) {
  const std::string name = type_name(type);
  std::size_t start = 0;
  for (std::size_t i = 0; i + 1 < name.size() && name[i] != '<'; ++i)
    if (name[i] == ':' && name[i + 1] == ':') start = i + 2;
  return name.substr(start);
}

}  // namespace xgrad::nn::detail
