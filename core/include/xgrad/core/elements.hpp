#pragma once

#include <compare>
#include <cstddef>
#include <iterator>
#include <type_traits>

#include "xgrad/core/tensor.hpp"

namespace xgrad {

/// The elements of a temporary tensor, with a handle that keeps them alive: what data() and mutable_data() of
/// a temporary return; of a named tensor they are a plain std::span.
///
///     for (float v : exp(x).data<float>()) ...     // safe
///     auto g = w.grad().data<float>();             // safe; a std::span of it is valid while g is
///     std::span<const float> s = exp(x).data<float>();  // does not compile: it would outlive the elements
///
/// For that it is no contiguous range, of which std::span would take a temporary: its iterators are of random
/// access. While it is itself a temporary it gives no iterator and no reference to an element, and its
/// address as void*: to be compared, or copied from at once. std::begin and std::data take a temporary for
/// something const, so the iterators of a const one keep the elements alive, and its address is void*, too.
template <class T>
class Elements {
  using Value = std::remove_const_t<T>;
  using Address = std::conditional_t<std::is_const_v<T>, const void*, void*>;

 public:
  /// One element of a temporary, to be read or set at once: `x[0].mutable_data<float>()[2] = 5`.
  class Reference {
   public:
    explicit Reference(T* at) : at_(at) {}
    Reference(const Reference&) = delete;
    Reference& operator=(const Reference&) = delete;
    operator Value() && { return *at_; }  // NOLINT(google-explicit-constructor)
    void operator=(Value v) && { *at_ = v; }

   private:
    T* at_;
  };

  /// Owner is what an iterator keeps of the elements: Nothing, or a handle on their tensor.
  template <class Owner>
  class Iterator {
   public:
    using iterator_category = std::random_access_iterator_tag;
    using value_type = Value;
    using difference_type = std::ptrdiff_t;
    using pointer = T*;
    using reference = T&;

    Iterator() = default;
    explicit Iterator(T* at, Owner owner = {}) : at_(at), owner_(std::move(owner)) {}

    T& operator*() const { return *at_; }
    T* operator->() const { return at_; }
    T& operator[](std::ptrdiff_t n) const { return at_[n]; }
    Iterator& operator++() { return ++at_, *this; }
    Iterator& operator--() { return --at_, *this; }
    Iterator operator++(int) { return Iterator(at_++, owner_); }
    Iterator operator--(int) { return Iterator(at_--, owner_); }
    Iterator& operator+=(std::ptrdiff_t n) { return at_ += n, *this; }
    Iterator& operator-=(std::ptrdiff_t n) { return at_ -= n, *this; }
    friend Iterator operator+(Iterator i, std::ptrdiff_t n) { return i += n; }
    friend Iterator operator+(std::ptrdiff_t n, Iterator i) { return i += n; }
    friend Iterator operator-(Iterator i, std::ptrdiff_t n) { return i -= n; }
    friend std::ptrdiff_t operator-(const Iterator& i, const Iterator& j) { return i.at_ - j.at_; }
    friend bool operator==(const Iterator& i, const Iterator& j) { return i.at_ == j.at_; }
    friend auto operator<=>(const Iterator& i, const Iterator& j) { return i.at_ <=> j.at_; }

   private:
    T* at_ = nullptr;
    [[no_unique_address]] Owner owner_;
  };
  struct Nothing {};

  Elements(Tensor owner, std::span<T> elements) : owner_(std::move(owner)), elements_(elements) {}

  std::size_t size() const { return elements_.size(); }
  bool empty() const { return elements_.empty(); }

  Iterator<Nothing> begin() & { return Iterator<Nothing>(elements_.data()); }
  Iterator<Nothing> end() & { return Iterator<Nothing>(elements_.data() + elements_.size()); }
  Iterator<Tensor> begin() const& { return Iterator<Tensor>(elements_.data(), owner_); }
  Iterator<Tensor> end() const& { return Iterator<Tensor>(elements_.data() + elements_.size(), owner_); }
  T* data() & { return elements_.data(); }
  Address data() const& { return elements_.data(); }
  T& operator[](std::size_t i) const& { return elements_[i]; }
  T& front() const& { return elements_.front(); }
  T& back() const& { return elements_.back(); }
  operator std::span<T>() const& { return elements_; }  // NOLINT(google-explicit-constructor)
  operator std::span<const T>() const& requires(!std::is_const_v<T>) { return elements_; }  // NOLINT

  Iterator<Tensor> begin() const&& = delete;
  Iterator<Tensor> end() const&& = delete;
  Address data() const&& { return elements_.data(); }
  auto operator[](std::size_t i) const&& {
    if constexpr (std::is_const_v<T>)
      return elements_[i];
    else
      return Reference(&elements_[i]);
  }
  Value front() const&& { return elements_.front(); }
  Value back() const&& { return elements_.back(); }
  operator std::span<T>() const&& = delete;
  operator std::span<const T>() const&& requires(!std::is_const_v<T>) = delete;

 private:
  Tensor owner_;
  std::span<T> elements_;
};

template <Element T>
Elements<const T> Tensor::data() const&& {
  return {*this, data<T>()};
}

template <Element T>
Elements<T> Tensor::mutable_data() && {
  Tensor owner = std::move(to_change("mutable_data"));
  const std::span<T> elements = owner.mutable_data<T>();
  return {std::move(owner), elements};
}

}  // namespace xgrad
