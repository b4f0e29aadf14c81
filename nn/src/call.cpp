#include "xgrad/nn/call.hpp"

#include "type_name.hpp"

namespace xgrad::nn {

Tensor Module::operator()(const Tensor& x) const {
  return detail::called(*this, [&] { return forward(x); });
}

namespace detail {

namespace {

/// An Error on its way through the modules that called each other: each of them tells the path anew.
class ErrorInModule : public Error {
 public:
  ErrorInModule(const std::string& message, std::string original, std::string type, const ModuleBase* module)
      : Error(message), original_(std::move(original)), type_(std::move(type)), module_(module) {}

  const std::string& original() const { return original_; }
  const std::string& type() const { return type_; }
  const ModuleBase* module() const { return module_; }  ///< compared only: it may be gone

 private:
  std::string original_, type_;
  const ModuleBase* module_;
};

/// The path from one module to another within it; empty where there is none.
std::string path_to(const ModuleBase& from, const ModuleBase* to) {
  std::vector<std::string> names;
  for (const Visitor::Part& part : Visitor::of(from).parts()) {
    names.resize(part.depth);
    if (part.depth) names.back() = part.path;
    if (part.object != static_cast<const Stateful*>(to)) continue;
    std::string path;
    for (const std::string& name : names) path += (path.empty() ? "" : ".") + name;
    return path;
  }
  return "";
}

/// `Type: wrong` as `Type "path": wrong`; what an op says gets its module behind it.
std::string placed(const std::string& message, const std::string& type, const std::string& path) {
  if (path.empty()) return message;
  const std::string place = type + " \"" + path + '"';
  if (message.starts_with(type + ':')) return place + message.substr(type.size());
  return message + "; in " + place;
}

}  // namespace

CallListener*& call_listener() {
  thread_local CallListener* listener = nullptr;
  return listener;
}

void rise(const ModuleBase& module, const Error& error) {
  const auto* inner = dynamic_cast<const ErrorInModule*>(&error);
  if (!inner) throw ErrorInModule(error.what(), error.what(), short_type_name(typeid(module)), &module);
  const std::string path = path_to(module, inner->module());
  if (path.empty()) throw;  // it is no member of this one: what is known is kept
  throw ErrorInModule(placed(inner->original(), inner->type(), path), inner->original(), inner->type(),
                      inner->module());
}

}  // namespace detail

}  // namespace xgrad::nn
