#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include "xgrad/nn/module.hpp"

namespace xgrad::nn {

/// A function from tensor to tensor as a module. What a lambda captures is no member: it is neither learnt by
/// an optimizer nor copied by `clone`.
class Function : public Module {
 public:
  explicit Function(std::function<Tensor(const Tensor&)> f) : f_(std::move(f)) {}
  Tensor forward(const Tensor& x) const override;  ///< throws Error where the function is empty

 private:
  std::function<Tensor(const Tensor&)> f_;
};

/// What has members and is no Module: as a mere function it would be neither trained nor saved.
template <class L>
concept CalledOtherwise = Visitable<std::decay_t<L>> && !std::derived_from<std::decay_t<L>, Module>;

/// A Module of any type, or a function from tensor to tensor.
template <class L>
concept Layer = std::derived_from<std::decay_t<L>, Module> ||
    (!CalledOtherwise<L> && std::is_invocable_r_v<Tensor, std::decay_t<L>&, const Tensor&>);

/// What is given as a layer: what is none because it is called otherwise is taken, and told so as it is
/// compiled.
template <class L>
concept GivenAsLayer = Layer<L> || CalledOtherwise<L>;

/// The same, but no holder of that kind itself: that is copied, and not put into another.
template <class L, class Holder>
concept LayerFor = GivenAsLayer<L> && !std::derived_from<std::decay_t<L>, Holder>;

/// One module of any type, held by value: copying it copies the module, which shares its tensors.
class AnyModule {
 public:
  /// Takes a module or a function. Does not compile for a ModuleBase that is no Module. Throws Error for a
  /// module of a type derived from L, which would be cut off.
  template <LayerFor<AnyModule> L>
  AnyModule(L&& layer)  // NOLINT(google-explicit-constructor): a layer is what a holder of layers takes
      : AnyModule(std::in_place_type<Held<std::decay_t<L>>>, std::forward<L>(layer)) {}

  AnyModule(const AnyModule& o) : module_(o.module_ ? o.copy_(*o.module_) : nullptr), copy_(o.copy_) {}
  AnyModule(AnyModule&&) noexcept = default;  ///< leaves the other one empty
  AnyModule& operator=(AnyModule o) noexcept {
    module_ = std::move(o.module_);
    copy_ = o.copy_;
    return *this;
  }
  ~AnyModule() = default;

  explicit operator bool() const { return module_ != nullptr; }
  // Of an empty one, all of these throw Error.
  Module& operator*() { return held(); }
  const Module& operator*() const { return held(); }
  Module* operator->() { return &held(); }
  const Module* operator->() const { return &held(); }
  Tensor operator()(const Tensor& x) const { return held()(x); }

 private:
  Module& held() const {
    if (!module_) [[unlikely]]
      empty();
    return *module_;
  }
  [[noreturn]] static void empty();

  template <class L>
  using Held = std::conditional_t<std::derived_from<L, Module>, L, Function>;

  template <class M, class L>
  AnyModule(std::in_place_type_t<M>, L&& layer) {
    static_assert(!CalledOtherwise<L>,
                  "a layer of a Sequential or an AnyModule is called with one tensor: derive it from "
                  "nn::Module and override forward(const Tensor&) const, or wrap it in a module that does");
    static_assert(std::is_copy_constructible_v<M>,
                  "layers are held by value: a layer needs a copy constructor");
    if constexpr (Layer<L>) {
      if constexpr (std::derived_from<std::decay_t<L>, Module>)
        detail::check_exact_type("AnyModule", layer, typeid(M));
      module_ = std::make_unique<M>(std::forward<L>(layer));
      copy_ = [](const Module& m) -> std::unique_ptr<Module> {
        return std::make_unique<M>(static_cast<const M&>(m));
      };
    }
  }

  std::unique_ptr<Module> module_;
  std::unique_ptr<Module> (*copy_)(const Module&) = nullptr;
};

/// Modules and functions in a row: the output of each is the input of the next; none at all is the identity.
///
///     nn::Sequential net{nn::Linear{2, 4}, [](const Tensor& x) { return tanh(x); }, nn::Linear{4, 1}};
///
/// Its members are called 0, 1, ...: "0.weight". Layers are held by value. Braces around one Sequential copy
/// it, as everywhere in C++; push_back puts one into another.
class Sequential : public Module {
 public:
  Sequential() = default;
  template <LayerFor<Sequential> Only>
  explicit Sequential(Only&& only) {
    push_back(std::forward<Only>(only));
  }
  template <GivenAsLayer First, GivenAsLayer Second, GivenAsLayer... Rest>
  Sequential(First&& first, Second&& second, Rest&&... rest) {
    layers_.reserve(2 + sizeof...(Rest));
    push_back(std::forward<First>(first));
    push_back(std::forward<Second>(second));
    (push_back(std::forward<Rest>(rest)), ...);
  }

  Tensor forward(const Tensor& x) const override;
  void visit(Visitor& v) override;

  void push_back(AnyModule layer) { layers_.push_back(std::move(layer)); }
  std::size_t size() const { return layers_.size(); }
  bool empty() const { return layers_.empty(); }

  /// Layer i. Throws Error when there is none.
  Module& operator[](std::size_t i) { return *layers_[checked(i)]; }
  const Module& operator[](std::size_t i) const { return *layers_[checked(i)]; }

  /// Layer i by its own type: `net.at<nn::Linear>(0).weight`. Throws Error when it is another.
  template <std::derived_from<Module> M>
  M& at(std::size_t i) {
    if (auto* m = dynamic_cast<M*>(&(*this)[i])) return *m;
    wrong_type(i, typeid(M));
  }
  template <std::derived_from<Module> M>
  const M& at(std::size_t i) const {
    return const_cast<Sequential&>(*this).at<M>(i);  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  }

 private:
  std::size_t checked(std::size_t i) const;
  [[noreturn]] void wrong_type(std::size_t i, const std::type_info& wanted) const;

  std::vector<AnyModule> layers_;
};

}  // namespace xgrad::nn
