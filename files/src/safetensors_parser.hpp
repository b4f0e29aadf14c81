#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "safetensors_header.hpp"

namespace xgrad::files {

/// Takes the JSON of a header piece by piece, as nlohmann's parser finds it: no document is made, and
/// whatever has no place in a header ends the walk at once.
class HeaderParser {
 public:
  using Json = nlohmann::json;

  explicit HeaderParser(SafetensorsHeader& header) : header_(header) {}

  /// What is wrong, once a call has returned false.
  const std::string& fault() const { return fault_; }

  bool null();
  bool boolean(bool) { return other(); }
  bool number_integer(std::int64_t) { return other(); }  // a negative one
  bool number_unsigned(std::uint64_t v);
  bool number_float(double, const std::string&) { return other(); }
  bool string(std::string& text);
  bool binary(Json::binary_t&) { return other(); }
  bool start_object(std::size_t);
  bool key(std::string& name);
  bool end_object();
  bool start_array(std::size_t);
  bool end_array();
  bool parse_error(std::size_t at, const std::string&, const nlohmann::detail::exception&);

 private:
  enum class In : std::uint8_t { nothing, header, metadata, tensor, shape, offsets, other };
  enum class Field : std::uint8_t { dtype, shape, data_offsets, other };

  bool wrong(std::string what);
  bool other();
  bool wrong_tensor(const std::string& what) {
    return wrong("tensor " + in_quotes(tensor_.name) + ": " + what);
  }
  bool take_size(std::uint64_t v);
  bool take_type(const std::string& text);
  bool take_field(const std::string& name);
  bool finish_tensor();

  SafetensorsHeader& header_;
  In in_ = In::nothing;
  std::string name_;  ///< the key whose value follows
  StoredTensor tensor_;
  std::vector<std::int64_t> sizes_;
  std::vector<std::uint64_t> offsets_;
  bool seen_[4] = {};  ///< by Field
  bool has_metadata_ = false;
  Field field_ = Field::other;
  int depth_of_other_ = 0;
  std::string fault_;
};

}  // namespace xgrad::files
