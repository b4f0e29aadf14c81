#include "safetensors_parser.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <string_view>
#include <utility>

namespace xgrad::files {

namespace {

using Kind = ElementCode::Kind;

/// A type of elements that is read, by its name in a header.
struct StoredType {
  std::string_view name;
  ElementCode code;
};

constexpr StoredType types[] = {{"BOOL", {Kind::boolean, 1}},
                                {"U8", {Kind::unsigned_integer, 1}},
                                {"I8", {Kind::signed_integer, 1}},
                                {"I16", {Kind::signed_integer, 2}},
                                {"U16", {Kind::unsigned_integer, 2}},
                                {"F16", {Kind::real, 2}},
                                {"BF16", {Kind::brain_real, 2}},
                                {"I32", {Kind::signed_integer, 4}},
                                {"U32", {Kind::unsigned_integer, 4}},
                                {"F32", {Kind::real, 4}},
                                {"F64", {Kind::real, 8}},
                                {"I64", {Kind::signed_integer, 8}},
                                {"U64", {Kind::unsigned_integer, 8}}};
constexpr int most_depth = 64;  ///< of a field that is passed over

}  // namespace

bool HeaderParser::wrong(std::string what) {
  if (fault_.empty()) fault_ = std::move(what);
  return false;
}

/// A value that is neither of a type that its place takes, nor in a field that is passed over.
bool HeaderParser::other() {
  switch (in_) {
    case In::nothing:
      return wrong("the header must be an object");
    case In::header:
      return wrong("the entry of " + in_quotes(name_) + " must be an object");
    case In::metadata:
      return wrong("the metadata of " + in_quotes(name_) + " must be a text");
    case In::shape:
      return wrong_tensor("its shape must be a list of sizes");
    case In::offsets:
      return wrong_tensor("its data_offsets must be two numbers");
    case In::other:
      return true;
    case In::tensor:
      break;
  }
  if (field_ == Field::other) return true;
  return wrong_tensor("its " + in_quotes(name_) + " has another form than it must have");
}

bool HeaderParser::null() {
  if (in_ == In::header && name_ == "__metadata__") return true;
  return other();
}

bool HeaderParser::number_unsigned(std::uint64_t v) {
  if (in_ == In::shape) return take_size(v);
  if (in_ != In::offsets) return other();
  if (offsets_.size() == 2) return wrong_tensor("its data_offsets must be two numbers");
  offsets_.push_back(v);
  return true;
}

bool HeaderParser::take_size(std::uint64_t v) {
  if (sizes_.size() == Shape::max_rank)
    return wrong_tensor("a tensor must have at most " + std::to_string(Shape::max_rank) + " axes");
  if (v > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return wrong_tensor("the size " + std::to_string(v) + " of an axis must be below 2^63");
  sizes_.push_back(static_cast<std::int64_t>(v));
  return true;
}

bool HeaderParser::string(std::string& text) {
  if (in_ == In::tensor && field_ == Field::dtype) return take_type(text);
  if (in_ != In::metadata) return other();
  if (!header_.metadata.emplace(name_, std::move(text)).second)
    return wrong("the metadata name " + in_quotes(name_) + " must occur once");
  return true;
}

bool HeaderParser::take_type(const std::string& text) {
  if (const auto* found = std::ranges::find(types, text, &StoredType::name); found != std::end(types)) {
    tensor_.code = found->code;
    return true;
  }
  return wrong_tensor("the dtype must be BOOL, U8 to U64, I8 to I64, F16, BF16, F32 or F64: it is " +
                      in_quotes(text));
}

bool HeaderParser::start_object(std::size_t) {
  if (in_ == In::nothing) {
    in_ = In::header;
  } else if (in_ == In::header && name_ == "__metadata__") {
    if (std::exchange(has_metadata_, true)) return wrong("the entry of \"__metadata__\" must occur once");
    in_ = In::metadata;
  } else if (in_ == In::header) {
    in_ = In::tensor;
    tensor_ = {.name = std::move(name_), .code = {}, .shape = {}};
    sizes_.clear(), offsets_.clear();
    for (bool& seen : seen_) seen = false;
  } else if (in_ == In::other || (in_ == In::tensor && field_ == Field::other)) {
    in_ = In::other;
    if (++depth_of_other_ > most_depth) return wrong_tensor("a field must not be nested so deeply");
  } else {
    return other();
  }
  return true;
}

bool HeaderParser::key(std::string& name) {
  if (in_ == In::tensor) return take_field(name);
  if (in_ != In::other) name_ = std::move(name);
  return true;
}

bool HeaderParser::take_field(const std::string& name) {
  name_ = name;
  field_ = name == "dtype"          ? Field::dtype
           : name == "shape"        ? Field::shape
           : name == "data_offsets" ? Field::data_offsets
                                    : Field::other;
  if (field_ != Field::other && std::exchange(seen_[static_cast<int>(field_)], true))
    return wrong_tensor("its field " + in_quotes(name) + " must occur once");
  return true;
}

bool HeaderParser::end_object() {
  switch (in_) {
    case In::header:
      in_ = In::nothing;
      return true;
    case In::metadata:
      in_ = In::header;
      return true;
    case In::tensor:
      in_ = In::header;
      return finish_tensor();
    default:
      break;
  }
  if (--depth_of_other_ == 0) in_ = In::tensor;
  return true;
}

bool HeaderParser::start_array(std::size_t) {
  if (in_ == In::other || (in_ == In::tensor && field_ == Field::other)) return start_object(0);
  if (in_ == In::tensor && field_ == Field::shape)
    in_ = In::shape;
  else if (in_ == In::tensor && field_ == Field::data_offsets)
    in_ = In::offsets;
  else
    return other();
  return true;
}

bool HeaderParser::end_array() {
  if (in_ == In::other) return end_object();
  in_ = In::tensor;
  return true;
}

bool HeaderParser::finish_tensor() {
  if (!seen_[static_cast<int>(Field::dtype)] || !seen_[static_cast<int>(Field::shape)] ||
      !seen_[static_cast<int>(Field::data_offsets)])
    return wrong_tensor("it needs a dtype, a shape and data_offsets");
  if (offsets_.size() != 2) return wrong_tensor("its data_offsets must be two numbers");
  tensor_.shape = Shape(sizes_);
  tensor_.begin = offsets_[0], tensor_.end = offsets_[1];
  header_.tensors.push_back(std::move(tensor_));
  return true;
}

bool HeaderParser::parse_error(std::size_t at, const std::string&, const nlohmann::detail::exception&) {
  return wrong("the header is no JSON at byte " + std::to_string(8 + (at ? at - 1 : 0)) + " of the file");
}

}  // namespace xgrad::files
